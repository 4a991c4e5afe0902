//! Files that an agent reaches by way of the engine: those below its directory, and no others,
//! whatever links there are.

use clawflow_core::acp::{FileRequest, MESSAGE_BYTES_MAX};
use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Component, Path, PathBuf};

/// Does what the agent asks: gives the text that it reads, or nothing.
///
/// # Errors
/// A sentence on why not.
pub(super) fn serve(cwd: &str, request: &FileRequest) -> Result<Option<String>, String> {
    let inside = inside(cwd, &request.path)?;
    let failed = |error: std::io::Error| format!("{}: {error}", request.path);
    let root = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let root = openat(CWD, cwd, root, Mode::empty()).map_err(|error| failed(error.into()))?;
    // Not beyond the directory by a link, and not by a way that only the kernel knows.
    let within = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    let flags = match request.write {
        Some(_) => OFlags::WRONLY | OFlags::CREATE | OFlags::NOFOLLOW,
        None => OFlags::RDONLY,
    };
    // Of a pipe nobody may write to or read from there is nothing to wait for.
    let flags = flags | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOCTTY;
    let mode = match request.write {
        Some(_) => Mode::from_raw_mode(0o644),
        None => Mode::empty(),
    };
    let file = openat2(&root, &inside, flags, mode, within).map_err(|e| failed(e.into()))?;
    let mut file = File::from(file);
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(format!("{} is no file", request.path));
    }
    let Some(content) = &request.write else { return read(file, request).map(Some) };
    file.set_len(0).and_then(|()| file.write_all(content.as_bytes())).map_err(failed)?;
    Ok(None)
}

/// The path below the directory.
fn inside(cwd: &str, path: &str) -> Result<PathBuf, String> {
    let outside = || format!("{path} is not below {cwd}");
    let below = match Path::new(path).is_absolute() {
        true => Path::new(path).strip_prefix(cwd).map_err(|_| outside())?,
        false => Path::new(path),
    };
    let plain = below.components().all(|part| matches!(part, Component::Normal(_)));
    let there = below.components().next().is_some();
    if plain && there { Ok(below.to_owned()) } else { Err(outside()) }
}

/// The lines that are wanted, of a file that is not too large.
fn read(file: File, request: &FileRequest) -> Result<String, String> {
    let max = MESSAGE_BYTES_MAX as u64;
    let mut bytes = Vec::new();
    let read = file.take(max + 1).read_to_end(&mut bytes);
    read.map_err(|error| format!("{}: {error}", request.path))?;
    if bytes.len() as u64 > max {
        return Err(format!("{} has more than {max} bytes", request.path));
    }
    let text = String::from_utf8_lossy(&bytes).into_owned();
    if request.line.is_none() && request.limit.is_none() {
        return Ok(text);
    }
    let count =
        |n: Option<u64>, none: usize| n.map_or(none, |n| usize::try_from(n).unwrap_or(none));
    let first = count(request.line, 1).max(1) - 1;
    let lines = text.split_inclusive('\n').skip(first).take(count(request.limit, usize::MAX));
    Ok(lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn request(path: &str) -> FileRequest {
        FileRequest {
            key: String::new(),
            path: path.to_owned(),
            write: None,
            line: None,
            limit: None,
        }
    }

    fn write(path: &str, text: &str) -> FileRequest {
        FileRequest { write: Some(text.to_owned()), ..request(path) }
    }

    #[test]
    fn what_is_below_is_read_and_written() {
        let dir = tempfile::tempdir().unwrap();
        let cwd = dir.path().to_str().unwrap();
        std::fs::create_dir(dir.path().join("src")).unwrap();
        assert_eq!(serve(cwd, &write("src/a", "1\n2\n3\n")), Ok(None));
        let absolute = format!("{cwd}/src/a");
        assert_eq!(serve(cwd, &request(&absolute)), Ok(Some("1\n2\n3\n".to_owned())));
        let part = FileRequest { line: Some(2), limit: Some(1), ..request("src/a") };
        assert_eq!(serve(cwd, &part), Ok(Some("2\n".to_owned())));
        assert_eq!(serve(cwd, &write("src/a", "x")), Ok(None));
        assert_eq!(serve(cwd, &request("src/a")), Ok(Some("x".to_owned())));
        assert!(serve(cwd, &request("src/b")).is_err());
        assert!(serve(cwd, &request("src")).is_err());
    }

    #[test]
    fn nothing_else_is_reached() {
        let outside = tempfile::tempdir().unwrap();
        std::fs::write(outside.path().join("secret"), "s").unwrap();
        let dir = tempfile::tempdir().unwrap();
        let cwd = dir.path().to_str().unwrap();
        symlink(outside.path().join("secret"), dir.path().join("link")).unwrap();
        symlink(outside.path(), dir.path().join("folder")).unwrap();
        symlink("/proc/self/root", dir.path().join("root")).unwrap();
        let secret = outside.path().join("secret");
        for path in
            ["link", "folder/secret", "root/etc/passwd", "../x", "", ".", secret.to_str().unwrap()]
        {
            assert!(serve(cwd, &request(path)).is_err(), "{path}");
            assert!(serve(cwd, &write(path, "x")).is_err(), "{path}");
        }
        assert!(serve(cwd, &write("folder/new", "x")).is_err());
        assert_eq!(std::fs::read_to_string(secret).unwrap(), "s");
        assert!(!outside.path().join("new").exists());
    }
}
