//! `docs/cli.md` has the commands and exit codes that the code has.

use super::exit::Exit;
use super::tree::Cli;
use clap::{Command, CommandFactory};

const DOCS: &str = include_str!("../../../../docs/cli.md");

/// What stands between the markers of this name.
fn documented(name: &str) -> &'static str {
    let begin = format!("<!-- {name}: begin, compared with the code by a test -->\n");
    let (_, rest) = DOCS.split_once(&begin).unwrap();
    rest.split_once(&format!("<!-- {name}: end -->")).unwrap().0
}

fn rows(command: &Command, path: &str, out: &mut String) {
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        let path = format!("{path} {}", below.get_name());
        let about = below.get_about().map(ToString::to_string).unwrap_or_default();
        // The twin is said to be one; its list would only say everything twice.
        let is_twin = path == "clawflow tasks flow";
        let stands_alone = below.get_positionals().next().is_some();
        if is_twin || stands_alone || below.get_subcommands().next().is_none() {
            let places = below.get_positionals().map(|arg| format!(" {}", place(arg)));
            out.push_str(&format!("| `{path}{}` | {about} |\n", places.collect::<String>()));
        }
        if below.get_name() == "tasks" {
            out.push_str(&format!("| `{path}` | the same as `{path} list` |\n"));
        }
        if !is_twin {
            rows(below, &path, out);
        }
    }
}

fn place(arg: &clap::Arg) -> String {
    let names = arg.get_value_names().into_iter().flatten();
    let name = names.map(ToString::to_string).collect::<Vec<_>>().join(" ").replace('|', " or ");
    let more =
        if arg.get_num_args().is_some_and(|range| range.max_values() > 1) { "…" } else { "" };
    match arg.is_required_set() {
        true => format!("{name}{more}"),
        false => format!("[{name}{more}]"),
    }
}

#[test]
fn every_command_is_documented() {
    let mut root = Cli::command();
    root.build();
    let mut table = String::from("| command | what it does |\n|---|---|\n");
    rows(&root, "clawflow", &mut table);
    assert!(documented("commands") == table, "docs/cli.md must have:\n{table}");
}

#[test]
fn every_exit_code_is_documented() {
    let mut table = String::from("| code | meaning |\n|---|---|\n");
    for (exit, meaning) in Exit::TABLE {
        table.push_str(&format!("| {} | {meaning} |\n", exit.code()));
    }
    assert!(documented("exit codes") == table, "docs/cli.md must have:\n{table}");
}

#[test]
fn the_tree_of_commands_is_sound() {
    Cli::command().debug_assert();
}

#[test]
fn the_twin_is_the_same() {
    let root = Cli::command();
    let names = |command: &Command| -> Vec<String> {
        command.get_subcommands().map(|below| below.get_name().to_owned()).collect()
    };
    let flows = root.find_subcommand("flows").unwrap();
    let twin = root.find_subcommand("tasks").unwrap().find_subcommand("flow").unwrap();
    assert_eq!(names(flows), names(twin));
}
