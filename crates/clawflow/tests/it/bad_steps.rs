//! Steps that misbehave: their flow says how they ended, and nobody else notices.

use super::support::Home;
use std::time::{Duration, Instant};

#[test]
fn what_cannot_be_executed_fails_with_the_reason() {
    let home = Home::new();
    let big = "x: $big.stdout";
    let cases = [
        ("argv: [nothere-prog]", "failed to execute nothere-prog: No such file or directory"),
        ("argv: [/tmp]", "failed to execute /tmp: Permission denied"),
        ("argv: [/etc/passwd]", "failed to execute /etc/passwd: Permission denied"),
        ("argv: [true], cwd: /nope", "failed to enter /nope: No such file or directory"),
        ("argv: [true, $big.stdout]", "failed to execute true: Argument list too long"),
        (&format!("argv: [true], env: {{ {big} }}"), "failed to execute true: Argument list"),
        ("argv: [echo, $nul.stdout]", "argv contains a NUL byte"),
        ("run: kill -9 $$", "signal 9"),
        (
            "run: printf '\\033[31mred\\033]0;t\\007' >&2; exit 3",
            r"exit code 3: \x1b[31mred\x1b]0;t\x07",
        ),
    ];
    for (step, why) in cases {
        let text = format!(
            "steps:\n  - {{ id: big, run: head -c 3000000 /dev/zero | tr '\\0' x }}\n  \
             - {{ id: nul, run: head -c 9 /dev/zero }}\n  - id: bad\n    {}\n  \
             - {{ id: never, run: touch marker }}\n",
            step.replace(", cwd:", "\n    cwd:").replace(", env:", "\n    env:")
        );
        home.write("f.yaml", text);
        let out = home.run(&["run", "f.yaml"]);
        assert_eq!((out.code, out.stdout.as_str()), (1, ""), "{step}: {out:?}");
        assert!(
            out.stderr.contains(&format!("bad: failed ({why}")) || out.stderr.contains(why),
            "{step}: {out:?}"
        );
        assert!(!home.path().join("marker").exists(), "{step}");
        assert!(!out.stderr.contains('\u{1b}'), "{step}");
    }
}

#[test]
fn odd_output_is_kept() {
    let home = Home::new();
    let cases = [
        ("run: printf noline", "noline\n"),
        (r"run: printf 'a\377b\n'", "a\u{fffd}b\n"),
        ("run: cat; echo eof", "eof\n"),
        ("run: exec >&- 2>&-; exit 0", ""),
        ("run: sleep 100 & echo started", "started\n"),
        (r"run: printf 'a\000b\n'", "a\0b\n"),
    ];
    for (step, told) in cases {
        home.write("f.yaml", format!("steps:\n  - id: a\n    {step}\n"));
        let began = Instant::now();
        let out = home.run(&["run", "f.yaml"]);
        assert_eq!((out.code, out.stdout.as_str()), (0, told), "{step}: {out:?}");
        assert!(began.elapsed() < Duration::from_secs(20), "{step}");
    }
}

#[test]
fn five_megabytes_go_from_step_to_step() {
    let home = Home::new();
    let text = "steps:
  - { id: a, run: head -c 5242880 /dev/zero | tr '\\0' x }
  - { id: b, argv: [wc, -c], stdin: $a.stdout }
";
    home.write("f.yaml", text);
    assert_eq!(home.ok(&["run", "f.yaml"]).stdout.trim(), "5242880");
}

#[test]
fn progress_among_many_lines_is_no_output() {
    let home = Home::new();
    let text = "steps:
  - id: a
    run: |
      i=0
      seq 100000 | while read -r i; do
        echo \"line $i\"
        case $i in *000) echo \"::progress:: at $i\";; esac
      done
  - { id: b, run: wc -l, stdin: $a.stdout }
";
    home.write("f.yaml", text);
    assert_eq!(home.ok(&["run", "f.yaml"]).stdout.trim(), "100000");
}

#[test]
fn a_gibibyte_of_output_costs_neither_memory_nor_disk() {
    let mut home = Home::new();
    std::fs::create_dir(home.path().join("home")).unwrap();
    home.write("home/config.toml", "[limits]\nlog_bytes = \"1MiB\"\n");
    home.write(
        "f.yaml",
        "steps:
  - { id: a, run: head -c 1073741824 /dev/zero }
  - { id: b, run: 'true' }
  - { id: c, argv: [touch, marker, $a.stdout] }
",
    );
    home.start_gateway();
    let run = home.run(&["run", "f.yaml", "--key", "big"]);
    assert_eq!(run.code, 1, "{run:?}");
    let why = "step c failed: the result of step `a` was cut at its limit";
    assert!(run.stderr.contains(why), "{run:?}");
    assert!(!home.path().join("marker").exists());
    let view = home.run(&["flows", "show", "big", "--json"]).json();
    assert_eq!(view["steps"][2]["error"]["code"], "output_too_large", "{view}");
    let status = home.ok(&["gateway", "status", "--json"]).json();
    let peak = peak_kib(&status["pid"]);
    assert!(peak < 200 * 1024, "the gateway took {peak} KiB");
    let logs = super::bad_support::files_below(&home.path().join("home/runs"));
    let largest = logs.iter().filter_map(|log| Some(log.metadata().ok()?.len())).max();
    assert!(largest.unwrap_or_default() <= 1 << 20, "{largest:?}");
    let base = std::fs::metadata(home.path().join("home/clawflow.db")).unwrap().len();
    assert!(base < 8 << 20, "the store has {base} bytes");
}

/// The most memory that a process has had, in KiB.
fn peak_kib(pid: &serde_json::Value) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
