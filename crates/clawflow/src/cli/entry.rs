//! From `main` to a command and back to an exit code.

use super::ctx::Start;
use super::error::CliError;
use super::exit::Exit;
use super::out::{BROKEN_PIPE, Mode};
use super::tree::{Cli, Command};
use crate::commands;
use crate::config::EnvMap;
use clap::Parser;
use std::io::Write;
use std::process::ExitCode;

/// Runs the command line of this process.
pub(crate) fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return parse_failed(&error).into(),
    };
    let start = Start::new(&cli.globals, EnvMap::from_process());
    let mode = start.mode;
    let command = match cli.command {
        // Its exit codes and its errors are Lobster's.
        Some(Command::Lobster(args)) => {
            return crate::lobster::cli::main(args.args.into_iter(), start.flags);
        }
        other => other,
    };
    match dispatch(start, command) {
        Ok(exit) => exit,
        Err(error) => report(mode, &error),
    }
    .into()
}

fn dispatch(start: Start, command: Option<Command>) -> Result<Exit, CliError> {
    use commands::{agents, cron, queues};
    use commands::{completion, config, doctor, flows, inbox, man, overview, run, tasks, tokens};
    match command {
        None | Some(Command::Lobster(_)) => overview::run(&start),
        Some(Command::Completion(args)) => completion::run(&start, args),
        Some(Command::Man(args)) => man::run(&start, &args),
        Some(Command::Config(command)) => config::run(start, command),
        Some(Command::Doctor) => block_on(Threads::One, async move { doctor::run(start).await }),
        Some(Command::Backup(args)) => commands::backup::run(&start.ctx()?, &args),
        Some(Command::Restore(args)) => commands::restore::run(&start.ctx()?, &args),
        Some(Command::Import(command)) => {
            let ctx = start.ctx()?;
            block_on(Threads::One, interruptible(commands::import::run(&ctx, command)))
        }
        Some(Command::Flows(command)) => {
            let ctx = start.ctx()?;
            block_on(Threads::One, interruptible(flows::run(&ctx, command)))
        }
        Some(Command::Tasks(args)) => {
            let ctx = start.ctx()?;
            let drives = args.command.as_ref().is_some_and(tasks::TasksCommand::drives);
            let threads = if drives { Threads::Many } else { Threads::One };
            block_on(threads, interruptible(tasks::run(&ctx, args.command)))
        }
        Some(Command::Agents(command)) => {
            let ctx = start.ctx()?;
            let threads = if command.drives() { Threads::Many } else { Threads::One };
            block_on(threads, interruptible(agents::run(&ctx, command)))
        }
        Some(Command::Cron(command)) => {
            let ctx = start.ctx()?;
            let threads = if command.drives() { Threads::Many } else { Threads::One };
            block_on(threads, interruptible(cron::run_command(&ctx, command)))
        }
        Some(Command::Inbox(command)) => {
            let ctx = start.ctx()?;
            block_on(Threads::One, interruptible(inbox::run(&ctx, command)))
        }
        Some(Command::Queues(args)) => {
            let ctx = start.ctx()?;
            block_on(Threads::One, interruptible(queues::run(&ctx, args)))
        }
        Some(Command::Tokens(command)) => {
            let ctx = start.ctx()?;
            block_on(Threads::One, interruptible(tokens::run(&ctx, command)))
        }
        Some(Command::Run(args)) => {
            let ctx = start.ctx()?;
            block_on(Threads::Many, run::run(&ctx, args))
        }
        Some(Command::Mcp(args)) => {
            let ctx = start.ctx()?;
            block_on(Threads::One, interruptible(commands::mcp::run(ctx, args)))
        }
        Some(Command::Gateway(args)) => {
            let ctx = start.ctx()?;
            block_on(Threads::Many, commands::gateway::run(&ctx, args))
        }
    }
}

/// Ctrl-C ends a command that only asks or waits; what it holds is given back.
async fn interruptible(
    command: impl Future<Output = Result<Exit, CliError>>,
) -> Result<Exit, CliError> {
    tokio::select! {
        outcome = command => outcome,
        _ = tokio::signal::ctrl_c() => Ok(Exit::Interrupted),
    }
}

/// How many threads a command needs.
enum Threads {
    /// A question and an answer.
    One,
    /// It drives work.
    Many,
}

fn block_on(
    threads: Threads,
    command: impl Future<Output = Result<Exit, CliError>>,
) -> Result<Exit, CliError> {
    let mut builder = match threads {
        Threads::One => tokio::runtime::Builder::new_current_thread(),
        Threads::Many => {
            clawflow_engine::share_heap();
            tokio::runtime::Builder::new_multi_thread()
        }
    };
    let runtime = builder.enable_all().build();
    let runtime = runtime.map_err(|error| CliError::io("cannot start the runtime", error))?;
    runtime.block_on(command)
}

/// Tells of an error, in the form that was asked for.
fn report(mode: Mode, error: &CliError) -> Exit {
    if error.code == BROKEN_PIPE {
        return Exit::Done;
    }
    // Where even this cannot be written, the exit code is all that is left to say.
    let said = match mode.json {
        true => mode.print_json(&error.to_json()),
        false => {
            let _ = std::io::stderr().lock().write_all(error.render().as_bytes());
            Ok(())
        }
    };
    said.map_or(error.exit, |()| error.exit)
}

/// Bad usage, or a request for help or the version, which the parser has the words for.
pub(crate) fn parse_failed(error: &clap::Error) -> Exit {
    let wants_json = std::env::args_os().take_while(|arg| arg != "--").any(|arg| arg == "--json");
    if error.use_stderr() && wants_json {
        let text = error.render().to_string();
        let message = text.trim().strip_prefix("error: ").unwrap_or(text.trim()).to_owned();
        let mut parts = message.split("\n\n").map(str::trim);
        let mut usage = CliError::usage(parts.next().unwrap_or_default());
        let tips = parts.filter_map(|part| part.strip_prefix("tip: "));
        usage.hints = tips.map(str::to_owned).collect();
        return report(Mode { json: true, ..Mode::default() }, &usage);
    }
    // A closed pipe is no reason to complain.
    let _ = error.print();
    if error.use_stderr() { Exit::Usage } else { Exit::Done }
}
