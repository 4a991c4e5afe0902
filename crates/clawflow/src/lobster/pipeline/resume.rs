//! Going on after an answer.

use super::ctx::Ctx;
use super::failure::Failure;
use super::halt::{Resume, Wants};
use super::run::{Ended, run};
use crate::lobster::schema::Schema;
use crate::lobster::value::Value;

/// What somebody answered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer {
    /// Yes or no.
    Approved(bool),
    /// A value.
    Response(Value),
}

/// Goes on with what a gate left over.
///
/// # Errors
/// [`Kind::Parse`](super::failure::Kind::Parse) for an answer that does not fit, which leaves
/// everything as it is; else as [`run`].
pub(crate) fn resume(rest: Resume, answer: Answer, ctx: &mut Ctx<'_>) -> Result<Ended, Failure> {
    match (rest.wants, answer) {
        (Wants::Approval, Answer::Approved(true)) => run(&rest.stages, rest.items, ctx),
        (Wants::Approval, Answer::Approved(false)) => Ok(Ended::Cancelled),
        (Wants::Approval, Answer::Response(_)) => {
            Err(Failure::parse("approval resumes require approved=true|false, not response"))
        }
        (Wants::Input { .. }, Answer::Approved(_)) => {
            Err(Failure::parse("pipeline input resumes require response"))
        }
        (Wants::Input { schema }, Answer::Response(response)) => {
            let schema = Schema::compile(&schema)
                .map_err(|_| Failure::parse("pipeline input response schema is invalid"))?;
            if let Some(fault) = schema.first_fault(&response) {
                let (at, why) = (fault.place(), &fault.message);
                return Err(Failure::parse(format!(
                    "pipeline input response failed schema validation at {at}: {why}"
                )));
            }
            run(&rest.stages, vec![response], ctx)
        }
    }
}
