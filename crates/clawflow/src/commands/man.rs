//! `clawflow man`.

use crate::cli::{Cli, CliError, Exit, Start};
use clap::{Args, Command, CommandFactory};
use clap_mangen::Man;
use std::io;
use std::path::{Path, PathBuf};

/// Which pages.
#[derive(Debug, Args)]
pub(crate) struct ManArgs {
    /// write a page for every command into this directory
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
}

/// Prints or writes them.
pub(crate) fn run(start: &Start, args: &ManArgs) -> Result<Exit, CliError> {
    let mut root = Cli::command();
    root.build();
    let Some(dir) = &args.dir else {
        let page =
            page(&root, true).map_err(|error| CliError::io("cannot make the page", error))?;
        start.mode.print(&String::from_utf8_lossy(&page))?;
        return Ok(Exit::Done);
    };
    std::fs::create_dir_all(dir)
        .map_err(|error| CliError::io(format!("cannot make {}", dir.display()), error))?;
    let pages = write(&root, "clawflow", dir)?;
    start.mode.note(&format!("{pages} pages in {}", dir.display()));
    Ok(Exit::Done)
}

/// Writes the page of a command and those below it; says how many.
fn write(command: &Command, name: &str, dir: &Path) -> Result<usize, CliError> {
    let path = dir.join(format!("{name}.1"));
    let page = page(command, name == "clawflow").and_then(|page| std::fs::write(&path, page));
    page.map_err(|error| CliError::io(format!("cannot write {}", path.display()), error))?;
    let mut pages = 1;
    for below in command.get_subcommands().filter(|below| !below.is_hide_set()) {
        pages += write(below, &format!("{name}-{}", below.get_name()), dir)?;
    }
    Ok(pages)
}

fn page(command: &Command, is_root: bool) -> io::Result<Vec<u8>> {
    let mut out = Vec::new();
    Man::new(command.clone()).render(&mut out)?;
    if is_root {
        out.extend(exits().into_bytes());
    }
    Ok(out)
}

fn exits() -> String {
    let row = |(exit, meaning): &(Exit, &str)| format!(".TP\n{}\n{meaning}\n", exit.code());
    let rows: String = Exit::TABLE.iter().map(row).collect();
    format!(".SH \"EXIT STATUS\"\n{rows}")
}
