//! `lobster run`: a workflow file or a pipeline, to its end or to its first gate.

use super::drive::{Rest, Run, outcome};
use super::options::RunOptions;
use super::outcome::Outcome;
use super::prompt::{Asked, ask};
use super::signals::Came;
use super::target::Target;
use super::trouble::Trouble;
use super::{dry_run, home, pipeline, report, workflow};
use crate::config::Flags;
use crate::lobster::pipeline::{Gate, Pipeline};
use clawflow_core::cost::{PRICES, prices};
use clawflow_core::wait::WaitKind;
use clawflow_engine::api::FlowRunRequest;
use std::io::IsTerminal;
use std::process::ExitCode;

/// What is run, and for whom.
struct Job {
    target: Target,
    tool: bool,
    /// Whether a person can be asked here.
    asks: bool,
    /// The gates of a pipeline.
    gates: Vec<Gate>,
}

/// How a run ended, and the signal that ended it.
struct End {
    outcome: Result<Outcome, Trouble>,
    came: Option<Came>,
}

/// Runs what the words say.
pub(super) fn run(words: &[&str], flags: Flags) -> ExitCode {
    let mut options = RunOptions::parse(words);
    dry_run::find_flag(&mut options);
    let target = match Target::of(&options) {
        Ok(target) => target,
        Err(trouble) => return failed(options.tool, &trouble),
    };
    if options.dry_run {
        return dry_run::run(&options, &target);
    }
    let asks = !options.tool && std::io::stdin().is_terminal();
    let mut job = Job { target, tool: options.tool, asks, gates: Vec::new() };
    let args = match &job.target {
        Target::File(_) => workflow::arguments(options.args_json.as_deref()),
        Target::Pipeline(_) => Ok(serde_json::Map::new()),
    };
    let args = match args {
        Ok(args) => args,
        Err(trouble) if job.tool => return failed(true, &trouble),
        Err(trouble) => {
            // Here Lobster says only the message.
            report::say(&trouble.message);
            return ExitCode::from(trouble.kind.code());
        }
    };
    if matches!(job.target, Target::File(_)) {
        warn_of_prices();
    }
    let prepared = home::ctx(flags).and_then(|ctx| {
        let request = match &job.target {
            Target::File(path) => workflow::of_file(&ctx, path, args)?,
            Target::Pipeline(text) => {
                let parsed = Pipeline::parse(text);
                let parsed = parsed.map_err(|failure| Trouble::parse(failure.message))?;
                job.gates = parsed.gates();
                workflow::of_pipeline(&ctx, pipeline::source(text, &parsed)?)?
            }
        };
        Ok((ctx, request))
    });
    let told = prepared.and_then(|(ctx, request)| {
        super::entry::block_on(async {
            let mut run = Run::open(ctx).await?;
            let end = job.follow(&mut run, &request).await;
            run.close_telling(move || job.tell(end)).await
        })
    });
    told.unwrap_or_else(|trouble| failed(options.tool, &trouble))
}

/// Prices that are not understood count for nothing: whoever set them relies on them.
fn warn_of_prices() {
    if home::variable(PRICES).is_some_and(|text| prices(&text).is_none()) {
        report::say(&format!(
            "[WARN] Ignoring invalid {PRICES}; custom LLM pricing must be a JSON object whose \
             model entries have finite non-negative input and output rates."
        ));
    }
}

fn failed(tool: bool, trouble: &Trouble) -> ExitCode {
    match tool {
        true => report::tool(Err(trouble.clone())),
        false => report::complain(trouble),
    }
}

impl Job {
    async fn follow(&self, run: &mut Run, request: &FlowRunRequest) -> Result<End, Trouble> {
        run.start(request).await?;
        loop {
            let rest = run.rest().await?;
            let came = match &rest {
                Rest::Came(came) => *came,
                Rest::Asks(view, wait) if self.may_ask(wait.step_id.as_deref(), wait.kind) => {
                    match ask(run, view, wait).await? {
                        Asked::Answered => continue,
                        Asked::Refused(trouble) => {
                            run.cancel(&trouble.message).await?;
                            return Ok(End { outcome: Err(trouble), came: None });
                        }
                        Asked::Came(came) => came,
                    }
                }
                rest => {
                    if self.is_over_at(rest) {
                        run.cancel("nobody could be asked").await?;
                    }
                    return Ok(End { outcome: outcome(rest), came: None });
                }
            };
            let trouble = run.interrupted(came).await;
            return Ok(End { outcome: Err(trouble), came: Some(came) });
        }
    }

    /// Whether the person at the terminal is to answer this question.
    fn may_ask(&self, step: Option<&str>, kind: WaitKind) -> bool {
        let number = step.and_then(|step| step.strip_prefix("gate-")?.parse::<usize>().ok());
        let gate = number.and_then(|number| self.gates.get(number.checked_sub(1)?));
        let emits = gate.is_some_and(|gate| match gate {
            Gate::Approval { emit } | Gate::Input { emit, .. } => *emit,
        });
        self.asks && !emits && kind != WaitKind::InDoubt
    }

    /// At a gate of a pipeline nobody is given a token where no program reads: the run is over, as
    /// in Lobster.
    fn is_over_at(&self, rest: &Rest) -> bool {
        let is_gate = |wait: &clawflow_core::wait::Wait| wait.kind != WaitKind::InDoubt;
        matches!(self.target, Target::Pipeline(_))
            && !self.tool
            && matches!(rest, Rest::Asks(_, wait) if is_gate(wait))
    }

    fn tell(&self, end: Result<End, Trouble>) -> ExitCode {
        let end = match end {
            Ok(end) => end,
            Err(trouble) => return failed(self.tool, &trouble),
        };
        let code = match (&self.target, self.tool) {
            (_, true) => report::tool(end.outcome),
            (Target::File(_), false) => report::workflow(end.outcome),
            (Target::Pipeline(_), false) => report::pipeline(end.outcome),
        };
        end.came.map_or(code, |came| ExitCode::from(came.code))
    }
}
