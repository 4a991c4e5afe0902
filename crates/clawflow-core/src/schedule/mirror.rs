//! A group of runs that others start, watched from each slot to the next.

use super::draft::Fired;
use super::launch::{Launched, joined, nothing, starting};
use super::limits::WINDOWS_MISSED_MAX;
use super::member::Deadline;
use super::payload::Payload;
use super::policies::{MissedPolicy, OverlapPolicy, Policies};
use super::run::ScheduleRun;
use super::spec::Spec;
use super::timetable::Timetable;
use crate::Millis;
use crate::drive::Ctx;
use crate::error::{Code, Refusal};
use crate::group::{self, GroupDecision, MemberRun, NewGroup, NewMember, Window};

/// What is known when a window is opened.
#[derive(Clone, Debug, Default)]
pub struct FirstWindow {
    /// The window of the slot.
    pub window: Option<Window>,
    /// Runs that began in it, each with the position of its member.
    pub runs: Vec<(usize, MemberRun)>,
    /// Human name of the flow, if it is free.
    pub key: Option<String>,
}

/// The policies of a schedule that opens windows: none is left out, and none waits for another.
#[must_use]
pub fn mirror_policies(asked: &Policies) -> Policies {
    Policies {
        missed: MissedPolicy::All,
        missed_cap: WINDOWS_MISSED_MAX,
        missed_spacing_ms: 0,
        overlap: OverlapPolicy::Allow,
        disable_after: 0,
        starts_at: asked.starts_at,
        ends_at: asked.ends_at,
        notify: asked.notify,
        ..Policies::default()
    }
}

/// Refuses a timetable that makes no windows.
pub(super) fn check_spec(payload: &Payload, spec: &Spec) -> Result<(), Refusal> {
    match (payload, spec) {
        (Payload::Mirror { .. }, Spec::At { .. }) => {
            let message = "a group has windows that come again: a cron expression or an interval";
            Err(Refusal::new(Code::Invalid, message))
        }
        _ => Ok(()),
    }
}

/// Lets a new schedule of a group begin with the window of this moment, unless all deadlines of
/// that have passed.
pub fn begin_in_window(fired: &mut Fired, timetable: &Timetable, now: Millis) {
    let schedule = &mut fired.schedule;
    let Payload::Mirror { members, deadline, .. } = &schedule.payload else { return };
    let Some(slot) = timetable.newest(now) else { return };
    let policies = &schedule.policies;
    let early = policies.starts_at.is_some_and(|starts| slot < starts);
    if !schedule.enabled || early || policies.ends_at.is_some_and(|ends| slot > ends) {
        return;
    }
    let end = timetable.next(slot).unwrap_or(Millis::MAX);
    let is_ahead = |text: &Option<String>| {
        let text = text.as_deref().or(deadline.as_deref());
        let read = text.and_then(|text| Deadline::parse(text).ok());
        read.is_none_or(|deadline| deadline.instant(slot, end, timetable) > now)
    };
    if members.iter().any(|member| is_ahead(&member.deadline)) {
        schedule.next_slot = Some(slot);
        schedule.next_at = Some(now);
    }
}

/// Opens the window of a slot.
///
/// # Errors
/// `invalid` if nothing of the kind is to be launched.
pub fn launch_mirror(
    fired: &Fired,
    timetable: &Timetable,
    known: FirstWindow,
    ctx: &mut Ctx,
) -> Result<Launched<GroupDecision>, Refusal> {
    let (schedule, run) = (&fired.schedule, starting(fired)?);
    let Payload::Mirror { goal, members, deadline } = &schedule.payload else {
        return Err(nothing());
    };
    let Some(window) = known.window else { return Err(nothing()) };
    let Window { start, end } = window;
    let mut new = Vec::with_capacity(members.len());
    for (at, member) in members.iter().enumerate() {
        let text = member.deadline.as_deref().or(deadline.as_deref());
        let read = text.map(Deadline::parse).transpose()?;
        let runs = known.runs.iter().filter(|(of, _)| *of == at);
        new.push(NewMember {
            id: member.id.clone(),
            title: member.title(),
            deadline: read.map_or(end, |deadline| deadline.instant(start, end, timetable)),
            runs: runs.map(|(_, run)| run.clone()).collect(),
        });
    }
    let made = group::open(
        NewGroup {
            owner_key: schedule.owner_key.clone(),
            requester_origin: schedule.requester_origin.clone(),
            schedule_id: schedule.schedule_id.clone(),
            made_at: schedule.created_at,
            name: schedule.name.clone(),
            goal: goal.clone(),
            key: known.key,
            notify_policy: schedule.policies.notify,
            window,
            members: new,
        },
        ctx,
    );
    let flow_id = Some(made.state.flow.flow_id.clone());
    Ok(joined(fired, ScheduleRun { flow_id, ..run }, made, |made| &mut made.unit))
}
