//! What a mirrored group watches, and until when.

use super::limits::{MEMBERS_MAX, NAME_CHARS_MAX};
use super::run_label::FLOW_LABEL;
use super::timetable::Timetable;
use crate::Millis;
use crate::duration::parse_ms;
use crate::error::{Code, Refusal};
use crate::flow::{Flow, SyncMode};
use crate::task::{Runtime, Task};
use crate::text_enum::text_enum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

text_enum!(
    /// How the runs of a member are known.
    MemberBy {
        /// By the label of a task.
        Label = "label",
        /// By the name of a workflow.
        Flow = "flow",
        /// By the schedule that started it: a name or id in a request, the id in a record.
        Schedule = "schedule",
    }
);

/// One member of a mirrored group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Member {
    /// What the group calls it.
    pub id: String,
    /// How its runs are known.
    pub by: MemberBy,
    /// The label, name or schedule.
    pub value: String,
    /// When it must have begun: a time on the clock (`06:30`), or so long after the window began
    /// (`3h`); else the group's own deadline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<String>,
}

impl Member {
    /// Whether the task is a run of it. Whose task it is, the caller looks after.
    #[must_use]
    pub fn watches_task(&self, task: &Task) -> bool {
        match self.by {
            MemberBy::Label => task.label.as_deref() == Some(&self.value),
            MemberBy::Schedule => {
                let runtimes = [Runtime::Cron, Runtime::Acp, Runtime::Subagent];
                runtimes.contains(&task.runtime) && task.source_id.as_deref() == Some(&self.value)
            }
            MemberBy::Flow => false,
        }
    }

    /// Whether the flow is a run of it.
    #[must_use]
    pub fn watches_flow(&self, flow: &Flow) -> bool {
        flow.sync_mode == SyncMode::Managed
            && match self.by {
                MemberBy::Label => false,
                MemberBy::Flow => flow.name.as_deref() == Some(&self.value),
                MemberBy::Schedule => flow.labels.get(FLOW_LABEL) == Some(&self.value),
            }
    }

    /// What it watches, for people.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} {}", self.by, self.value)
    }
}

/// When a member must have begun.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deadline {
    /// When the clock on the wall first shows this hour and minute in the window.
    At(u8, u8),
    /// So many milliseconds after the window began.
    After(u64),
}

impl Deadline {
    /// Reads it.
    ///
    /// # Errors
    /// `invalid` for what is neither a time on the clock nor a duration.
    pub fn parse(text: &str) -> Result<Self, Refusal> {
        let clock = text.split_once(':').and_then(|(hour, minute)| {
            let two = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
            let hour = Some(hour).filter(|hour| two(hour))?.parse::<u8>().ok()?;
            let minute = Some(minute).filter(|minute| two(minute))?.parse::<u8>().ok()?;
            (hour < 24 && minute < 60).then_some(Self::At(hour, minute))
        });
        let after = || parse_ms(text).ok().filter(|ms| *ms > 0).map(Self::After);
        clock.or_else(after).ok_or_else(|| {
            let text = crate::limits::cut(text, 80);
            let message = format!(
                "the deadline {text:?} is neither a time on the clock like 06:30 nor a duration \
                 like 3h"
            );
            Refusal::new(Code::Invalid, message)
        })
    }

    /// The instant in the window from `start` on; the window's end, if it is not within it.
    #[must_use]
    pub fn instant(self, start: Millis, end: Millis, timetable: &Timetable) -> Millis {
        let at = match self {
            Self::At(hour, minute) => timetable.clock(hour, minute, start - 1),
            Self::After(ms) => i64::try_from(ms).ok().and_then(|ms| start.checked_add(ms)),
        };
        at.filter(|at| *at <= end).unwrap_or(end)
    }
}

/// Refuses members that cannot be.
pub(super) fn check(members: &[Member], deadline: Option<&str>) -> Result<(), Refusal> {
    let invalid = |why: String| Err(Refusal::new(Code::Invalid, why));
    if members.is_empty() || members.len() > MEMBERS_MAX {
        return invalid(format!("a group has 1 to {MEMBERS_MAX} members"));
    }
    let mut ids = BTreeSet::new();
    for Member { id, value, deadline, .. } in members {
        let fits = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
        if id.is_empty() || id.chars().count() > NAME_CHARS_MAX || !id.chars().all(fits) {
            let id = crate::limits::cut(id, 80);
            return invalid(format!(
                "a member is called by 1 to {NAME_CHARS_MAX} letters, digits, `_`, `-` and `.`, \
                 not {id:?}"
            ));
        }
        if !ids.insert(id) {
            return invalid(format!("two members are called {id}"));
        }
        let odd = value.trim() != value || value.chars().any(char::is_control);
        if odd || value.is_empty() || value.chars().count() > crate::limits::SUMMARY_CHARS_MAX {
            return invalid(format!("what the member {id} watches is blank, too long or odd"));
        }
        deadline.as_deref().map(Deadline::parse).transpose()?;
    }
    deadline.map(Deadline::parse).transpose().map(drop)
}
