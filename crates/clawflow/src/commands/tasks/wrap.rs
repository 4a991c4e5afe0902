//! `clawflow tasks wrap`: a job of somebody else's, run as if we were not there.
//!
//! The job comes first: it runs before anything is read or written for its record, and nothing that
//! goes wrong with the record changes how it runs or ends.

use super::reported::{AboutArgs, TASK_VARIABLE};
use crate::cli::{CliError, Ctx, Exit, Globals, Start, escape_lines, parse_failed};
use crate::commands::args::duration_ms;
use crate::config::{EnvMap, Settings, home};
use clap::{Args, Parser};
use clawflow_core::ids::TaskId;
use clawflow_core::limits::cut;
use clawflow_core::task::{Exit as TaskExit, TaskStatus};
use clawflow_engine::api::TaskRecordRequest;
use clawflow_engine::clock::{Ids, now};
use clawflow_engine::reporter::limits::SHOWN_CHARS_MAX;
use clawflow_engine::reporter::{Ended, Job, Spool, Step, process, wrap};
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

/// What to run.
#[derive(Debug, Args)]
#[command(after_help = "\
The exit code is the job's; a job that dies of a signal takes this command with it, by the same
one. 124: it had used up its time. 126 and 127: it cannot be executed, or is not there. Input and
output are the job's own. The record comes in when a gateway runs, or with the next command:
  0 3 * * * clawflow tasks wrap --label backup -- /usr/local/bin/backup --all")]
pub(crate) struct WrapArgs {
    #[command(flatten)]
    about: AboutArgs,
    /// end it after this time: TERM, and KILL 5 s later
    #[arg(long, value_name = "DURATION", value_parser = duration_ms)]
    timeout: Option<u64>,
    /// the program and its arguments
    #[arg(value_name = "CMD", required = true, trailing_var_arg = true)]
    argv: Vec<OsString>,
}

/// The command alone: the tree of all commands takes longer than many a job.
#[derive(Debug, Parser)]
#[command(name = "clawflow tasks wrap", bin_name = "clawflow tasks wrap", max_term_width = 100)]
#[command(about = "run a job of somebody else's, a crontab's for example, and record it")]
struct Alone {
    #[command(flatten)]
    globals: Globals,
    #[command(flatten)]
    args: WrapArgs,
}

/// Runs it, straight from the command line of this process.
pub(crate) fn wrap_now() -> ExitCode {
    let args = std::env::args_os().skip(2);
    match Alone::try_parse_from(args) {
        Ok(alone) => run_job(&alone.globals, alone.args),
        Err(error) => parse_failed(&error).into(),
    }
}

/// Runs it, where the whole command line was read already.
pub(crate) fn run(ctx: &Ctx, args: WrapArgs) -> Result<Exit, CliError> {
    let home = Some(ctx.settings.home.clone());
    let globals = Globals { home, config: None, json: false, color: None };
    run_job(&globals, args)
}

fn run_job(globals: &Globals, args: WrapArgs) -> ! {
    let task_id = TaskId::new(&mut Ids);
    let mut env = vec![(TASK_VARIABLE, task_id.0.clone())];
    if let Some(home) = globals.home.as_ref().and_then(|home| std::path::absolute(home).ok()) {
        env.push(("CLAWFLOW_HOME", home.to_string_lossy().into_owned()));
    }
    let began = now();
    let timeout = args.timeout.map(Duration::from_millis);
    let shown = args.argv.iter().map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let job = Job { argv: args.argv, env, timeout };
    let mut record = Record {
        report: TaskRecordRequest {
            task_id: Some(task_id),
            started_at: Some(began),
            ..TaskRecordRequest::new("wrap", cut(&shown, SHOWN_CHARS_MAX))
        },
        spool: None,
    };
    let ended = wrap(&job, |pid| {
        record.prepare(globals, &args.about);
        record.report.process = process(pid);
        // A start that is not kept is made good by the end.
        let _ = record.write(Step::Start);
    });
    match ended {
        Ok(ended) => {
            record.close(ended, began);
            ended.pass_on()
        }
        Err(failed) => {
            let why = format!("cannot run {}: {}", job.argv[0].to_string_lossy(), failed.error);
            say(&why);
            record.prepare(globals, &args.about);
            record.end(TaskStatus::Failed, Some(why), Some(TaskExit::Code(failed.code)));
            std::process::exit(failed.code)
        }
    }
}

/// The record of the job, and where it goes.
struct Record {
    report: TaskRecordRequest,
    spool: Option<Spool>,
}

impl Record {
    /// Finds out where it goes, and for whom. What is wrong with the configuration is for others to
    /// complain of.
    fn prepare(&mut self, globals: &Globals, about: &AboutArgs) {
        let start = Start::new(globals, EnvMap::from_process());
        let settings = Settings::load(&start.flags, &start.env).ok();
        let owner = settings.as_ref().map_or(DEFAULT_OWNER, |settings| &settings.run.owner);
        about.fill(&mut self.report, owner);
        let home: Option<PathBuf> = match &settings {
            Some(settings) => Some(settings.home.clone()),
            None => home(&start.flags, &start.env),
        };
        self.spool = home.map(|home| Spool::new(&home));
    }

    fn write(&self, step: Step) -> std::io::Result<()> {
        let none = || std::io::Error::other("no home: HOME and CLAWFLOW_HOME are not set");
        self.spool.as_ref().ok_or_else(none)?.write(step, &self.report).map(drop)
    }

    fn close(&mut self, ended: Ended, began: i64) {
        let (status, error, exit) = match ended {
            Ended::Code(0) => (TaskStatus::Succeeded, None, Some(TaskExit::Code(0))),
            Ended::Code(code) => {
                (TaskStatus::Failed, Some(format!("exit code {code}")), Some(TaskExit::Code(code)))
            }
            Ended::Signal(number) => {
                let why = format!("killed by signal {number}");
                (TaskStatus::Failed, Some(why), Some(TaskExit::Signal(number)))
            }
            Ended::TimedOut => {
                let why = format!("it ran longer than allowed: {} ms", now() - began);
                (TaskStatus::TimedOut, Some(why), None)
            }
        };
        self.end(status, error, exit);
    }

    fn end(&mut self, status: TaskStatus, error: Option<String>, exit: Option<TaskExit>) {
        self.report.status = Some(status);
        self.report.ended_at = Some(now());
        self.report.error = error;
        self.report.exit = exit;
        if let Err(error) = self.write(Step::End) {
            // The one thing that is ever said beside the job's own words.
            say(&format!("the job has run, but its report could not be kept: {error}"));
        }
    }
}

/// Owner where the configuration cannot be read.
const DEFAULT_OWNER: &str = "agent:main:main";

fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "clawflow: {}", escape_lines(text));
}
