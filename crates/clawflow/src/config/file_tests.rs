//! Tests of reading one file.

use super::*;

fn errors(text: &str) -> String {
    let mut errors = parse(Path::new("/c.toml"), text).errors;
    errors.sort_by_key(|error| match &error.place {
        Place::Line(at) => (at.line, at.column),
        other => panic!("{other:?}"),
    });
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n")
}

fn names(text: &str) -> Vec<(String, usize)> {
    let Parsed { values, errors, .. } = parse(Path::new("/c.toml"), text);
    assert!(errors.is_empty(), "{errors:?}");
    values.iter().map(|value| (value.setting.name(), value.line)).collect()
}

#[test]
fn sections_dotted_keys_and_inline_tables_are_the_same() {
    let wanted = [("gateway.max_tasks".to_owned(), 2), ("gateway.log".to_owned(), 3)];
    assert_eq!(names("[gateway]\nmax_tasks = 4\nlog = 'warn'\n"), wanted);
    assert_eq!(names("# c\ngateway.max_tasks = 4\ngateway.log = 'warn'\n"), wanted);
    assert_eq!(names("\ngateway = { max_tasks = 4 }").len(), 1);
    assert_eq!(names("\u{feff}\r\n[gateway]\r\nmax_tasks = 4\r\n")[0].1, 3);
    assert!(names("").is_empty());
}

#[test]
fn all_unknown_names_are_told_at_once_with_suggestions() {
    let text = "max_tasks = 1\ncancel = 5\n[gatway]\nlog = 'x'\n[gateway]\nmax_task = 4\n\
                grace = '5s'\nbanana = 1\n[fruit]\n";
    insta::assert_snapshot!(errors(text), @r"
    /c.toml:1:1: unknown key `max_tasks`
      1 | max_tasks = 1
        | ^^^^^^^^^
    hint: it belongs into a section: `gateway.max_tasks`

    /c.toml:2:1: `cancel` is a section, not a setting
      2 | cancel = 5
        | ^^^^^^
    hint: write `[cancel]` on a line of its own, its keys below it

    /c.toml:3:2: unknown section `gatway`
      3 | [gatway]
        |  ^^^^^^
    hint: did you mean `[gateway]`?

    /c.toml:6:1: unknown key `gateway.max_task`
      6 | max_task = 4
        | ^^^^^^^^
    hint: did you mean `max_tasks`?

    /c.toml:7:1: unknown key `gateway.grace`
      7 | grace = '5s'
        | ^^^^^
    hint: did you mean `cancel.grace`?

    /c.toml:8:1: unknown key `gateway.banana`
      8 | banana = 1
        | ^^^^^^

    /c.toml:9:2: unknown section `fruit`
      9 | [fruit]
        |  ^^^^^
    ");
}

#[test]
fn bad_syntax_is_told_for_each_line_and_nothing_else() {
    insta::assert_snapshot!(errors("[gateway\nmax_tasks = 4\nlog = 'a\nsocket ==\n"), @r"
    /c.toml:1:9: unclosed table, expected `]`
      1 | [gateway
        |         ^

    /c.toml:4:9: extra `=`, expected nothing
      4 | socket ==
        |         ^
    ");
}

#[test]
fn each_slip_alone_is_an_error_too() {
    for text in ["log = 'a\n", "log = \"a\n", "log =\n", "[run\n", "log 1\n", "= 1\n", "log = 01\n"]
    {
        let errors = parse(Path::new("/c.toml"), &format!("[gateway]\n{text}")).errors;
        assert_eq!(errors.len(), 1, "{text}: {errors:?}");
    }
}

#[test]
fn a_key_that_comes_twice_is_an_error_beside_others() {
    insta::assert_snapshot!(errors("[run]\nowner = 'a'\nowner = 'b'\nshel = '/bin/sh'\n"), @r"
    /c.toml:3:1: duplicate key
      3 | owner = 'b'
        | ^^^^^

    /c.toml:4:1: unknown key `run.shel`
      4 | shel = '/bin/sh'
        | ^^^^
    hint: did you mean `shell`?
    ");
}

#[test]
fn no_damage_to_a_file_makes_it_panic() {
    let whole = "[gateway]\nmax_tasks = 4 # é\n[run]\npass_env = ['A', \"B\"]\nx = {a.b = 1}\n";
    for at in (0..whole.len()).filter(|at| whole.is_char_boundary(*at)) {
        for put in ["", "\0", "\n", "'", "\"\"\"", "[[", "}", "=", "\u{1f980}", "\u{feff}", "\\u{"]
        {
            let (before, after) = whole.split_at(at);
            errors(&format!("{before}{put}{after}"));
            errors(&format!("{before}{put}"));
        }
    }
}

#[test]
fn deep_nesting_does_not_overflow() {
    assert!(!errors(&format!("a = {}", "[".repeat(100_000))).is_empty());
}

#[test]
fn absent_files_are_fine_unless_somebody_named_them() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config.toml");
    let file = |required| ConfigFile { path: path.clone(), required };
    assert_eq!(read(&file(false)), Ok(None));
    assert!(read(&file(true)).unwrap_err().to_string().ends_with("config.toml: no such file"));
    std::fs::write(&path, "[run]\n").unwrap();
    assert_eq!(read(&file(true)), Ok(Some("[run]\n".to_owned())));
    let below_a_file = ConfigFile { path: path.join("config.toml"), required: false };
    assert_eq!(read(&below_a_file), Ok(None));
}

#[test]
fn what_is_no_readable_text_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let message = |path: &Path| {
        let file = ConfigFile { path: path.to_owned(), required: false };
        read(&file).unwrap_err().message
    };
    insta::assert_snapshot!(message(dir.path()), @"is a directory, not a file");
    let path = dir.path().join("c.toml");
    std::fs::write(&path, b"a = 1\nb = '\xff'\n").unwrap();
    insta::assert_snapshot!(message(&path), @"is not UTF-8: byte 0xff in line 2");
    std::fs::write(&path, " ".repeat((1 << 20) + 1)).unwrap();
    insta::assert_snapshot!(message(&path), @"is larger than the 1 MiB a configuration may have");
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(&path, &path).unwrap();
    assert!(message(&path).starts_with("cannot open the file: "));
}
