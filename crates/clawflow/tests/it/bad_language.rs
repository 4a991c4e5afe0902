//! What breaks naive readers of Lobster's files, with the real binary.

use crate::support::Home;

/// What the run of a file prints: the result of its last step.
fn printed(file: &str, args: &[&str]) -> String {
    let home = Home::new();
    home.write("f.lobster", file);
    home.ok(&[&["run", "f.lobster"], args].concat()).stdout
}

#[test]
fn an_output_of_any_bytes_reaches_the_next_step_as_text() {
    let file = "\
steps:
  - { id: odd, run: \"printf 'a\\\\377b\\\\000c'\" }
  - { id: read, stdin: $odd.stdout, run: od -An -c | tr -d ' \\n' }
";
    assert_eq!(printed(file, &[]).trim(), r"a357277275b\0c");
}

#[test]
fn a_program_that_reads_none_of_its_input_is_no_failure() {
    let file = "\
steps:
  - { id: much, run: 'head -c 2000000 /dev/zero | tr \"\\\\0\" x' }
  - { id: deaf, stdin: $much.stdout, run: 'exec <&-; echo done' }
";
    assert_eq!(printed(file, &[]), "done\n");
}

#[test]
fn only_one_whole_value_is_json() {
    let file = "\
steps:
  - { id: seven, run: echo 007 }
  - { id: logged, run: 'echo {}; echo done' }
  - { id: two, run: 'echo 1; echo 2' }
  - { id: list, run: 'echo []' }
  - id: none
    when: '!($seven.json || $logged.json || $two.json) && $list.json'
    run: 'echo none'
";
    assert_eq!(printed(file, &[]), "none\n");
}

#[test]
fn what_is_no_reference_is_the_shells_and_what_an_argument_brings_in_is_read() {
    let file = "\
args: { text: {} }
steps:
  - { id: a, run: 'echo 41' }
  - { id: b, run: \"X=own; echo '$5.00' \\\"${X}\\\" ${text} '$nobody.json' '[$a.json.none]' $a.skipped\" }
";
    let said = printed(file, &["--arg", "text=$a.json"]);
    assert_eq!(said, "$5.00 own 41 $nobody.json [] false\n");
}

#[test]
fn a_file_may_be_run_twice_but_not_inside_of_itself() {
    let home = Home::new();
    std::fs::create_dir(home.path().join("sub")).unwrap();
    home.write("sub/c.lobster", "args: { n: {} }\nsteps: [{ id: one, run: 'echo ${n}' }]");
    let call = |id: &str, n: u8| {
        format!("  - {{ id: {id}, workflow: sub/c.lobster, workflow_args: {{ n: {n} }} }}\n")
    };
    home.write("f.lobster", format!("steps:\n{}{}", call("a", 1), call("b", 2)));
    assert_eq!(home.ok(&["run", "f.lobster"]).stdout.trim(), "2");
    home.write("loop.lobster", "steps: [{ id: a, workflow: sub/other.lobster }]");
    std::os::unix::fs::symlink("../loop.lobster", home.path().join("sub/other.lobster")).unwrap();
    let out = home.run(&["run", "loop.lobster"]);
    assert_eq!(out.code, 2, "{out:?}");
    assert!(out.stderr.contains("creates a cycle"), "{out:?}");
}

#[test]
fn a_hostile_condition_is_refused_at_once() {
    let home = Home::new();
    for condition in ["(".repeat(10_000), "!".repeat(10_000) + "true", "x".repeat(1_000_000)] {
        let file = format!("steps: [{{ id: a, run: x, when: '{condition}' }}]");
        home.write("f.lobster", &file);
        let out = home.run(&["run", "f.lobster"]);
        assert_eq!(out.code, 2, "{}", out.stderr);
        let said = ["nested too deeply", "longer than 16384 bytes"];
        assert!(said.iter().any(|said| out.stderr.contains(said)), "{}", out.stderr);
    }
}
