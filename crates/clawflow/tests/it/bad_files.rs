//! Files that are no workflows: a clear error at the right place, exit code 2, and no home is made.

use super::support::Home;
use std::io::Write;

/// What a file says, and what is said about it.
struct Case {
    text: &'static [u8],
    told: &'static str,
}

const CASES: &[Case] = &[
    Case {
        text: b"steps:\n  - { id: a, run: touch marker, foo: 1 }\nstepz: 3\n",
        told: "error: f.yaml:2:33: unknown key `foo` in step `a`
  2 |   - { id: a, run: touch marker, foo: 1 }
    |                                 ^^^
f.yaml:3:1: unknown key `stepz` in the file
  3 | stepz: 3
    | ^^^^^
hint: did you mean `steps`?
",
    },
    Case {
        text: b"steps:\n- { id: a, run: touch marker, needs: [b] }\n- { id: b, needs: [a] }\n",
        told: "error: f.yaml:2:39: steps need each other in a circle: `a` needs `b` needs `a`
  2 | - { id: a, run: touch marker, needs: [b] }
    |                                       ^
",
    },
    Case {
        text: b"steps:\n  - { id: a, run: touch marker }\n  - { id: a, run: x }\n  - { run: x }\n",
        told: "error: f.yaml:3:11: the step id `a` is already used in line 2
  3 |   - { id: a, run: x }
    |           ^
f.yaml:4:7: this step has no `id`
  4 |   - { run: x }
    |       ^^^
hint: add `id: NAME`; results are found by it
",
    },
    Case {
        text: b"steps:\n\t- { id: a, run: touch marker }\n",
        told: "error: f.yaml:2:2: a tab is used for indentation; YAML allows spaces only
  2 |  - { id: a, run: touch marker }
    |  ^
",
    },
    Case {
        text: b"name: caf\xe9\nsteps:\n  - { id: a, run: touch marker }\n",
        told: "error: f.yaml:1:10: the file is not UTF-8 text
  1 | name: caf
    |          ^
",
    },
    Case {
        text: b"",
        told: "error: f.yaml:1:1: the file is empty
hint: a workflow has at least `steps`
",
    },
    Case {
        text: b"\x7fELF\x02\x01\x01\0\0\0\0\0\xff\xff",
        told: "error: f.yaml:1:1: the file is not UTF-8 text\n",
    },
];

#[test]
fn what_is_no_workflow_is_refused_at_its_place() {
    let home = Home::new();
    for case in CASES {
        home.write("f.yaml", case.text);
        let out = home.run(&["run", "f.yaml"]);
        let shown = String::from_utf8_lossy(case.text);
        assert_eq!((out.code, out.stdout.as_str()), (2, ""), "{shown}");
        if !case.text.starts_with(b"\x7f") {
            assert_eq!(out.stderr, case.told, "{shown}");
        }
        assert!(!home.path().join("marker").exists(), "{shown}");
        assert!(!home.path().join("home").exists(), "{shown}");
    }
}

#[test]
fn what_cannot_be_a_file_is_refused() {
    let home = Home::new();
    home.write("big.yaml", vec![b'#'; 1024 * 1024 + 1]);
    home.write("bomb.yaml", bomb());
    std::fs::create_dir(home.path().join("dir.yaml")).unwrap();
    let cases = [
        ("big.yaml", "error: big.yaml:1:1: the file has more than 1048576 bytes\n"),
        ("/dev/zero", "error: /dev/zero:1:1: the file has more than 1048576 bytes\n"),
        ("dir.yaml", "error: cannot read dir.yaml: Is a directory (os error 21)\n"),
        ("none.yaml", "error: cannot read none.yaml: No such file or directory (os error 2)\n"),
        (
            "bomb.yaml",
            "error: bomb.yaml:5:9: the file has more than 100000 values, aliases expanded\n",
        ),
    ];
    for (name, told) in cases {
        let out = home.run(&["run", name]);
        assert_eq!((out.code, out.stdout.as_str()), (2, ""), "{name}: {out:?}");
        assert!(out.stderr.starts_with(told), "{name}: {out:?}");
        assert!(!home.path().join("home").exists(), "{name}");
    }
}

/// Nine lists of nine of the one before: 9^6 values.
fn bomb() -> String {
    let mut text = "l0: &l0 [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for level in 1..8 {
        let below = vec![format!("*l{}", level - 1); 9].join(",");
        text.push_str(&format!("l{level}: &l{level} [{below}]\n"));
    }
    text + "steps:\n  - { id: a, run: touch marker, stdin: *l7 }\n"
}

#[test]
fn a_named_pipe_is_read_and_one_without_a_writer_is_an_error() {
    let home = Home::new();
    let pipe = home.path().join("pipe.yaml");
    let mode = rustix::fs::Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let out = home.run(&["run", "pipe.yaml"]);
    assert_eq!(out.code, 2, "{out:?}");
    assert_eq!(out.stderr, "error: cannot read pipe.yaml: nobody writes to this pipe\n");
    let writer = std::thread::spawn(move || {
        let mut writer = std::fs::OpenOptions::new().write(true).open(pipe).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(100));
        writer.write_all(b"steps: [{ id: a, argv: [echo, piped] }]\n").unwrap();
    });
    let out = home.run(&["run", "pipe.yaml"]);
    writer.join().unwrap();
    assert_eq!((out.code, out.stdout.as_str()), (0, "piped\n"), "{out:?}");
}

#[test]
fn a_byte_order_mark_and_carriage_returns_do_no_harm() {
    let home = Home::new();
    home.write("f.yaml", b"\xef\xbb\xbfsteps:\r\n  - { id: a, argv: [echo, hi] }\r\n");
    let out = home.run(&["run", "f.yaml"]);
    assert_eq!((out.code, out.stdout.as_str()), (0, "hi\n"), "{out:?}");
}

#[test]
fn ten_thousand_steps_work_and_one_more_is_an_error() {
    let home = Home::new();
    let steps = |count: usize| {
        let steps = (0..count).map(|i| format!("  - {{ id: s{i}, stdin: x{i} }}\n"));
        "steps:\n".to_owned() + &steps.collect::<String>()
    };
    home.write("most.yaml", steps(10_000));
    let out = home.run(&["run", "most.yaml"]);
    assert_eq!((out.code, out.stdout.as_str()), (0, "x9999\n"), "{}", out.stderr.len());
    home.write("more.yaml", steps(10_001));
    let out = home.run(&["run", "more.yaml"]);
    assert_eq!(out.code, 2);
    assert!(out.stderr.starts_with("error: more.yaml:10002:5: a flow has at most 10000 steps"));
}
