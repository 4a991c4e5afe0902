//! Running stages.

use super::command::Staged;
use super::ctx::Ctx;
use super::failure::Failure;
use super::halt::{Halted, Request, Resume, Wants};
use super::items::Items;
use super::parse::Pipeline;
use super::registry;
use crate::lobster::value::Value;

/// How a run ended.
pub(crate) enum Ended {
    /// At its end.
    Done {
        /// What comes out of the last stage. Each item is made when it is taken, and that may fail.
        items: Items,
        /// Whether a stage printed its items instead of passing them on.
        rendered: bool,
    },
    /// At a gate.
    Halted(Box<Halted>),
    /// By a no.
    Cancelled,
}

/// Runs a pipeline. A command that does not exist is an error only after those before it ran.
///
/// # Errors
/// That of the first command that failed; what was printed before stays.
pub(crate) fn run(
    pipeline: &Pipeline,
    input: Vec<Value>,
    ctx: &mut Ctx<'_>,
) -> Result<Ended, Failure> {
    let mut items = Items::ready(input);
    let mut rendered = false;
    for (at, stage) in pipeline.stages.iter().enumerate() {
        let command = registry::get(&stage.name)
            .ok_or_else(|| Failure::new(format!("Unknown command: {}", stage.name)))?;
        items = match (command.run)(items, &stage.args, ctx)? {
            Staged::Items(items) => items,
            Staged::Rendered => {
                rendered = true;
                Items::ready(Vec::new())
            }
            Staged::Halt(request) => {
                let rest = Pipeline { stages: pipeline.stages[at + 1..].to_vec() };
                let resume = remainder(&request, rest);
                let stage = stage.name.clone();
                return Ok(Ended::Halted(Box::new(Halted { stage, request, resume })));
            }
        };
    }
    Ok(Ended::Done { items, rendered })
}

fn remainder(request: &Request, stages: Pipeline) -> Resume {
    match request {
        Request::Approval { items, .. } => {
            Resume { stages, items: items.clone(), wants: Wants::Approval }
        }
        Request::Input { schema, .. } => {
            Resume { stages, items: Vec::new(), wants: Wants::Input { schema: schema.clone() } }
        }
    }
}
