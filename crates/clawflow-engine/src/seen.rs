//! What the engine sees of an attempt, told to the law of whoever steers it.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::held::{Command, Decided, Held};
use crate::runtime::Attempt;
use clawflow_core::control;
use clawflow_core::drive::{self, Ctx, Report};
use clawflow_core::error::Refusal;
use clawflow_core::ids::TaskId;
use clawflow_core::task::TaskReport;
use clawflow_core::task::solo::{self, Solo, SoloDecision};
use serde_json::Value;

/// A sign of an attempt.
#[derive(Clone, Debug)]
pub(crate) enum Seen {
    /// Its process executes.
    Started { pid: u32, start_time: u64 },
    /// It has printed a line of progress.
    Progress(String),
    /// It has used more, and may have a line of progress.
    Used(Box<TaskReport>),
    /// It has ended.
    Ended(Report),
    /// Nothing of it runs any more, and nobody knows what it did.
    Lost { why: String, evidence: Value },
}

/// A sign, and the attempt that it is of.
struct Sign {
    task_id: TaskId,
    fence: u64,
    seen: Seen,
}

impl Sign {
    fn of(attempt: &Attempt, seen: Seen) -> Self {
        Self { task_id: attempt.task_id.clone(), fence: attempt.fence, seen }
    }

    fn solo(&self, was: &Solo, ctx: &mut Ctx) -> Result<SoloDecision, Refusal> {
        let fence = self.fence;
        match &self.seen {
            Seen::Started { pid, start_time } => solo::started(was, ctx, fence, *pid, *start_time),
            Seen::Progress(line) => solo::progress(was, ctx, fence, line),
            Seen::Used(report) => solo::reported(was, ctx, report),
            Seen::Ended(report) => solo::ended(was, ctx, fence, report),
            Seen::Lost { why, evidence } => solo::lost(was, ctx, fence, why, evidence.clone()),
        }
    }
}

impl Command for Sign {
    fn decide(&self, held: &Held, ctx: &mut Ctx) -> Result<Decided, Refusal> {
        let (id, fence) = (&self.task_id, self.fence);
        match held {
            Held::File(was) => match &self.seen {
                Seen::Started { pid, start_time } => {
                    drive::started(was, ctx, id, fence, *pid, *start_time)
                }
                Seen::Progress(line) => drive::progress(was, ctx, id, fence, line),
                Seen::Used(report) => drive::reported(was, ctx, id, report),
                Seen::Ended(report) => drive::ended(was, ctx, id, fence, report.clone()),
                Seen::Lost { why, evidence } => {
                    drive::lost(was, ctx, id, fence, why, evidence.clone())
                }
            }
            .map(Decided::from),
            Held::Code(_) | Held::Group(_) => {
                let was = held.as_code();
                match &self.seen {
                    Seen::Started { pid, start_time } => {
                        control::started(&was, ctx, id, fence, *pid, *start_time)
                    }
                    Seen::Progress(line) => control::progress(&was, ctx, id, fence, line),
                    Seen::Used(report) => control::reported(&was, ctx, id, report),
                    Seen::Ended(report) => control::ended(&was, ctx, id, fence, report),
                    Seen::Lost { why, evidence } => {
                        control::lost(&was, ctx, id, fence, why, evidence.clone())
                    }
                }
                .map(Decided::from)
            }
        }
    }
}

impl Engine {
    /// Records a sign of an attempt, once.
    pub(crate) async fn see(&self, attempt: &Attempt, seen: Seen) -> Result<(), EngineError> {
        let sign = Sign::of(attempt, seen);
        match &attempt.flow_id {
            None => {
                let decide = move |was: &Solo, ctx: &mut Ctx<'_>| sign.solo(was, ctx);
                self.decide_task(None, &attempt.task_id, decide).await.map(|_| ())
            }
            Some(flow_id) => self.decide(None, flow_id, sign).await.map(|_| ()),
        }
    }

    /// Records a sign of an attempt, however long the store fails.
    pub(crate) async fn see_surely(
        &self,
        attempt: &Attempt,
        seen: Seen,
    ) -> Result<(), EngineError> {
        let sign = Sign::of(attempt, seen);
        match &attempt.flow_id {
            None => {
                let decide = move |was: &Solo, ctx: &mut Ctx<'_>| sign.solo(was, ctx);
                self.decide_task_surely(&attempt.task_id, decide).await.map(|_| ())
            }
            Some(flow_id) => self.decide_surely(flow_id, sign).await.map(|_| ()),
        }
    }
}
