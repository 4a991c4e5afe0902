//! The examples of `docs/flow-file.md`, run as a reader would run them.
//!
//! A fenced block whose language is followed by a name is a file of that name, a `console` block is
//! what is typed in their directory: after `$ ` a command, below it what it prints on standard
//! output, where `…` stands for anything within a line. `console gateway` is typed while a gateway
//! runs. Each section of the page has a directory and a home of its own.
//! With `CLAWFLOW_WRITE_DOCS=1` the page is given what was printed instead.

mod page;

use super::support::Home;
use page::{Page, Run, Section};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The end of what a command printed.
const END: &str = "\u{1}";

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/flow-file.md")
}

/// What went otherwise than the page says.
struct Wrong {
    /// The lines of the page that say it.
    lines: std::ops::Range<usize>,
    told: String,
    printed: String,
}

#[test]
fn every_example_does_what_the_manual_says() {
    let text = std::fs::read_to_string(file()).unwrap();
    let page = Page::read(&text);
    assert!(page.sections.len() >= 10, "only {} sections have examples", page.sections.len());
    let mut wrong = std::thread::scope(|scope| {
        let all = page.sections.iter().map(|section| scope.spawn(|| section_of(section)));
        let all: Vec<_> = all.collect();
        all.into_iter().flat_map(|one| one.join().unwrap()).collect::<Vec<_>>()
    });
    if std::env::var_os("CLAWFLOW_WRITE_DOCS").is_some() {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        wrong.sort_by_key(|wrong| std::cmp::Reverse(wrong.lines.start));
        for Wrong { lines: range, printed, .. } in &wrong {
            lines.splice(range.clone(), printed.lines().map(without_ids));
        }
        std::fs::write(file(), lines.join("\n") + "\n").unwrap();
        return;
    }
    let told: String = wrong.into_iter().map(|wrong| wrong.told).collect();
    assert!(
        told.is_empty(),
        "docs/flow-file.md says otherwise; if what was printed is right, write it there with \
         `CLAWFLOW_WRITE_DOCS=1 cargo nextest run -p clawflow manual`\n{told}"
    );
}

/// A line with `…` for the ids in it.
fn without_ids(line: &str) -> String {
    let mut line = line.to_owned();
    for kind in ["flow_", "task_", "wait_"] {
        let mut from = 0;
        while let Some(at) = line[from..].find(kind) {
            from += at + kind.len();
            let rest = line[from..].find(|c: char| !c.is_ascii_alphanumeric());
            line.replace_range(from..rest.map_or(line.len(), |end| from + end), "…");
        }
    }
    line
}

fn section_of(section: &Section<'_>) -> Vec<Wrong> {
    let mut home = Home::new();
    for (name, text) in &section.files {
        home.write(name, text);
    }
    let mut wrong = Vec::new();
    let mut gateway = false;
    for run in &section.runs {
        if run.gateway && !gateway {
            home.start_gateway();
            gateway = true;
        }
        let (printed, said) = typed(&home, run);
        for (typed, printed) in run.commands.iter().zip(&printed) {
            if typed.is_told(printed) {
                continue;
            }
            let (title, line, command) = (section.title, typed.line, typed.command);
            let told = format!("{title}, line {line}: $ {command}\n{printed}--- errors\n{said}\n");
            let lines = typed.line..typed.line + typed.told.len();
            wrong.push(Wrong { lines, told, printed: printed.clone() });
        }
    }
    wrong
}

/// What each command printed, and what all of them said on standard error.
fn typed(home: &Home, run: &Run<'_>) -> (Vec<String>, String) {
    let mut script = String::new();
    for typed in &run.commands {
        // The next command may ask for `$?`.
        let command = typed.command;
        script.push_str(&format!("{command}\n_s=$?; printf '{END}'; (exit $_s)\n"));
    }
    let bin = Path::new(env!("CARGO_BIN_EXE_clawflow")).parent().unwrap();
    let mut path = bin.as_os_str().to_owned();
    path.push(":/usr/local/bin:/usr/bin:/bin");
    let clawflow = home.command(&[]);
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(&script).current_dir(home.path()).stdin(std::process::Stdio::null());
    shell.env_clear();
    for (name, value) in clawflow.get_envs().filter_map(|(name, value)| Some((name, value?))) {
        shell.env(name, value);
    }
    let out = shell.env("PATH", path).output().unwrap();
    let printed = String::from_utf8_lossy(&out.stdout).into_owned();
    let mut printed: Vec<String> = printed.split(END).map(str::to_owned).collect();
    printed.resize(run.commands.len(), String::new());
    (printed, String::from_utf8_lossy(&out.stderr).into_owned())
}

#[test]
fn every_file_of_the_manual_is_used() {
    let text = std::fs::read_to_string(file()).unwrap();
    let page = Page::read(&text);
    for section in &page.sections {
        for (name, _) in &section.files {
            let used = |text: &str| text.contains(name);
            let typed = section.runs.iter().flat_map(|run| &run.commands);
            let typed = typed.map(|typed| typed.command).any(used);
            let named = section.files.iter().any(|(other, text)| other != name && used(text));
            assert!(typed || named, "{}: nothing runs {name}", section.title);
        }
    }
}
