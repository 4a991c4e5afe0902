//! What people do with schedules.

use super::draft::{Fired, State};
use super::fire::begin;
use super::limits::NAME_CHARS_MAX;
use super::payload::Payload;
use super::policies::{OverlapPolicy, Policies};
use super::record::{DisabledReason, Schedule};
use super::run::{RunTrigger, SkipReason};
use super::spec::Spec;
use super::timetable::Timetable;
use crate::Millis;
use crate::delivery::owed::schedule_disabled;
use crate::drive::Ctx;
use crate::error::{Code, Refusal};
use crate::flow::Origin;
use crate::ids::ScheduleId;
use crate::limits::TEXT_CHARS_MAX;

/// What a schedule is made from.
#[derive(Clone, Debug)]
pub struct NewSchedule {
    /// Session key of the owner.
    pub owner_key: String,
    /// Human name.
    pub name: String,
    /// Where the request came from.
    pub requester_origin: Option<Origin>,
    /// When.
    pub spec: Spec,
    /// What.
    pub payload: Payload,
    /// How.
    pub policies: Policies,
    /// Whether it fires from now on.
    pub enabled: bool,
}

/// What is changed of a schedule; what is left out stays.
#[derive(Clone, Debug, Default)]
pub struct Edit {
    /// Human name.
    pub name: Option<String>,
    /// When.
    pub spec: Option<Spec>,
    /// What.
    pub payload: Option<Payload>,
    /// How.
    pub policies: Option<Policies>,
}

/// Makes a schedule. Its first slot is after now.
///
/// # Errors
/// `invalid` for names, payloads or policies that cannot be, and where no slot ever comes.
pub fn create(new: NewSchedule, timetable: &Timetable, ctx: &mut Ctx) -> Result<Fired, Refusal> {
    let owner = &new.owner_key;
    let odd = |c: char| c.is_control() || c.is_whitespace();
    if owner.is_empty() || owner.chars().count() > TEXT_CHARS_MAX || owner.contains(odd) {
        return Err(invalid("the owner key is blank, too long or has blanks in it"));
    }
    let schedule = Schedule {
        schedule_id: ScheduleId::new(ctx.ids),
        version: 0,
        owner_key: new.owner_key,
        name: new.name,
        requester_origin: new.requester_origin,
        spec: new.spec,
        payload: new.payload,
        policies: new.policies,
        enabled: true,
        disabled_reason: None,
        next_slot: None,
        next_at: None,
        last_slot: None,
        last_status: None,
        last_ended_at: None,
        last_error: None,
        consecutive_errors: 0,
        skipping: None,
        imported: None,
        created_at: ctx.now,
        updated_at: ctx.now,
    };
    checked(&schedule)?;
    let mut fired = Fired::new(schedule);
    set_next(&mut fired.schedule, timetable, ctx.now)?;
    if !new.enabled {
        fired.stop_firing(DisabledReason::Asked);
    }
    Ok(fired)
}

/// Refuses a record with something in it that cannot be.
///
/// # Errors
/// `invalid`.
pub fn checked(schedule: &Schedule) -> Result<(), Refusal> {
    let name = &schedule.name;
    let bad = name.trim() != name
        || name.is_empty()
        || name.chars().count() > NAME_CHARS_MAX
        || name.chars().any(char::is_control);
    if bad {
        let why = format!(
            "a name has 1 to {NAME_CHARS_MAX} characters, none of them a control character, and no \
             blanks around it"
        );
        return Err(invalid(&why));
    }
    schedule.payload.check()?;
    super::mirror::check_spec(&schedule.payload, &schedule.spec)?;
    schedule.policies.check()
}

/// The first slot after `after` that the policies allow.
fn set_next(schedule: &mut Schedule, timetable: &Timetable, after: Millis) -> Result<(), Refusal> {
    let policies = &schedule.policies;
    let from = policies.starts_at.map_or(after, |starts| after.max(starts - 1));
    // A slot that was decided about does not come again.
    let from = schedule.last_slot.map_or(from, |last| from.max(last));
    let next = timetable.next(from);
    let next = next.filter(|slot| policies.ends_at.is_none_or(|ends| *slot <= ends));
    let Some(slot) = next else {
        let why = match schedule.spec {
            Spec::At { at } if at <= after => "its time has passed already",
            _ => "no slot of it will ever come",
        };
        return Err(invalid(why));
    };
    schedule.next_slot = Some(slot);
    schedule.next_at = Some(slot.saturating_add(schedule.jitter()));
    Ok(())
}

/// Changes a schedule. If its timetable changes, its next slot is after now.
///
/// # Errors
/// As [`create`].
pub fn edit(
    state: &State,
    edit: Edit,
    timetable: &Timetable,
    ctx: &mut Ctx,
) -> Result<Fired, Refusal> {
    let mut fired = Fired::of(state);
    let was = &state.schedule;
    let schedule = &mut fired.schedule;
    schedule.name = edit.name.unwrap_or_else(|| was.name.clone());
    schedule.spec = edit.spec.unwrap_or_else(|| was.spec.clone());
    schedule.payload = edit.payload.unwrap_or_else(|| was.payload.clone());
    schedule.policies = edit.policies.unwrap_or_else(|| was.policies.clone());
    checked(schedule)?;
    if schedule == was {
        return Ok(fired);
    }
    schedule.updated_at = ctx.now.max(was.updated_at);
    let times = |one: &Schedule| {
        (one.spec.clone(), one.policies.starts_at, one.policies.ends_at, one.policies.jitter_ms)
    };
    let finished = was.disabled_reason == Some(DisabledReason::Finished);
    if times(schedule) != times(was) && (was.enabled || finished) {
        schedule.enabled = true;
        schedule.disabled_reason = None;
        set_next(schedule, timetable, ctx.now)?;
    }
    Ok(fired)
}

/// Lets it fire again: slots that came while it was disabled are not missed. Changes nothing if it
/// is enabled.
///
/// # Errors
/// `invalid` where no slot ever comes.
pub fn enable(state: &State, timetable: &Timetable, ctx: &mut Ctx) -> Result<Fired, Refusal> {
    let mut fired = Fired::of(state);
    if fired.schedule.enabled {
        return Ok(fired);
    }
    let schedule = &mut fired.schedule;
    schedule.enabled = true;
    schedule.disabled_reason = None;
    schedule.consecutive_errors = 0;
    schedule.updated_at = ctx.now.max(schedule.updated_at);
    set_next(schedule, timetable, ctx.now)?;
    Ok(fired)
}

/// Lets it fire no more. What runs goes on; what waits to run is withdrawn. Changes nothing if
/// somebody disabled it before.
#[must_use]
pub fn disable(state: &State, ctx: &mut Ctx) -> Fired {
    let mut fired = Fired::of(state);
    if state.schedule.disabled_reason != Some(DisabledReason::Asked) {
        fired.withdraw(ctx.now, SkipReason::Withdrawn, true);
        fired.stop_firing(DisabledReason::Asked);
        fired.schedule.updated_at = ctx.now.max(state.schedule.updated_at);
    }
    fired
}

/// Deletes it with its history. What runs goes on.
#[must_use]
pub fn remove(state: &State) -> Fired {
    let mut fired = Fired::of(state);
    fired.removed = true;
    fired
}

/// Fires it now, whether it is enabled or not; its slots stay where they are.
///
/// # Errors
/// `invalid_state` if a run goes on, and the policy lets no other start or wait.
pub fn run_now(state: &State, ctx: &mut Ctx) -> Result<Fired, Refusal> {
    let mut fired = Fired::of(state);
    if matches!(state.schedule.payload, Payload::Mirror { .. }) {
        return Err(Refusal::new(Code::InvalidState, "a group is opened by its timetable alone"));
    }
    let is_held = match state.schedule.policies.overlap {
        OverlapPolicy::Skip => !state.open.is_empty(),
        OverlapPolicy::Queue => fired.queue_is_full(),
        OverlapPolicy::Replace => false,
        OverlapPolicy::Allow => state.open.len() >= super::limits::OPEN_RUNS_MAX,
    };
    if is_held {
        return Err(Refusal::new(Code::InvalidState, "a run of it goes on already"));
    }
    let run = fired.new_run(ctx, RunTrigger::Manual);
    begin(&mut fired, run, ctx);
    Ok(fired)
}

/// Disables a schedule whose timetable or file cannot be read any more, and tells its owner.
#[must_use]
pub fn give_up(state: &State, why: &str, ctx: &mut Ctx) -> Fired {
    let mut fired = Fired::of(state);
    fired.withdraw(ctx.now, SkipReason::Withdrawn, true);
    fired.stop_firing(DisabledReason::Broken);
    fired.schedule.last_error = Some(crate::limits::cut(why, crate::limits::SUMMARY_CHARS_MAX));
    let deliveries = schedule_disabled(&fired.schedule, ctx);
    fired.deliveries.extend(deliveries);
    fired
}

fn invalid(why: &str) -> Refusal {
    Refusal::new(Code::Invalid, why)
}
