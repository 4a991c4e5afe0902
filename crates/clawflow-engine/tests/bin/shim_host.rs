//! A program that is nothing but a shim, for the tests of the engine.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    match (args.next(), args.next()) {
        (Some(verb), _) if verb == "__shimd" => clawflow_engine::shim::serve(),
        (Some(verb), Some(dir)) if verb == "__shim" => clawflow_engine::shim::main(Path::new(&dir)),
        _ => ExitCode::FAILURE,
    }
}
