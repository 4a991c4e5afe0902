//! The clawflow binary.

mod call;
mod cli;
mod commands;
mod config;
mod follow;
mod lobster;
mod open;
mod show;
mod systemd;

use config::Flags;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    // A shim outlives its gateway by hours: it must start before anything that costs
    // memory, threads or time.
    let mut args = std::env::args_os();
    if args.next().is_some_and(|program| lobster::cli::is_called(&program)) {
        return lobster::cli::main(args, Flags::default());
    }
    match args.next() {
        Some(verb) if verb == "__shimd" => return clawflow_engine::shim::serve(),
        Some(verb) if verb == "__shim" => {
            let Some(dir) = args.next() else { return ExitCode::FAILURE };
            return clawflow_engine::shim::main(Path::new(&dir));
        }
        Some(verb) if verb == "__call" => return call::main(),
        Some(verb) if verb == "__pipeline" => return lobster::pipeline::main(args),
        // Short commands, called often: they must not wait for the tree of all commands.
        Some(verb) if verb == "lobster" => return lobster::cli::main(args, Flags::default()),
        // Nor may a job wait for what it does not need.
        Some(verb) if verb == "tasks" && args.next().is_some_and(|verb| verb == "wrap") => {
            return commands::tasks::wrap_now();
        }
        _ => {}
    }
    cli::main()
}
