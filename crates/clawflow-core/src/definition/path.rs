//! Paths of files that name each other, as text: nothing is looked at on a disk.

/// The path that `named` means in the file at `path`: relative to its folder, without `.` and `..`.
/// `path` is absolute.
#[must_use]
pub fn beside(path: &str, named: &str) -> String {
    let folder = path.rfind('/').map_or("", |at| &path[..at]);
    let whole = match named.starts_with('/') {
        true => named.to_owned(),
        false => format!("{folder}/{named}"),
    };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::beside;

    #[test]
    fn a_name_is_looked_for_in_the_folder_of_the_file() {
        for (path, named, wanted) in [
            ("/a/b.yaml", "c.yaml", "/a/c.yaml"),
            ("/a/b.yaml", "./d/../c.yaml", "/a/c.yaml"),
            ("/a/b.yaml", "../c.yaml", "/c.yaml"),
            ("/a/b.yaml", "../../../c.yaml", "/c.yaml"),
            ("/a/b.yaml", "/x//y.yaml", "/x/y.yaml"),
            ("/b.yaml", "c.yaml", "/c.yaml"),
        ] {
            assert_eq!(beside(path, named), wanted, "{path} {named}");
        }
    }
}
