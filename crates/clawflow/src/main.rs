//! The clawflow binary.

mod cli;
mod commands;
mod config;
mod follow;
mod lobster;
mod open;
mod show;
mod systemd;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    // A shim outlives its gateway by hours: it must start before anything that costs
    // memory, threads or time.
    let mut args = std::env::args_os().skip(1);
    match args.next() {
        Some(verb) if verb == "__shimd" => return clawflow_engine::shim::serve(),
        Some(verb) if verb == "__shim" => {
            let Some(dir) = args.next() else { return ExitCode::FAILURE };
            return clawflow_engine::shim::main(Path::new(&dir));
        }
        Some(verb) if verb == "__pipeline" => return lobster::pipeline::main(args),
        _ => {}
    }
    cli::main()
}
