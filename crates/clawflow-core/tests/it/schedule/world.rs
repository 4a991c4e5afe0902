//! One schedule, its history, and a clock.

use crate::world::Count;
use clawflow_core::drive::Ctx;
use clawflow_core::error::Refusal;
use clawflow_core::ids::RunId;
use clawflow_core::schedule::{
    self, Fired, NewSchedule, Outcome, Payload, Policies, RunStatus, Schedule, ScheduleRun, Spec,
    State, Timetable,
};
use clawflow_core::task::{Executor, TaskCommand};
use clawflow_core::unit::Unit;
use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde_json::Value;
use std::collections::BTreeMap;

pub(crate) const MINUTE: i64 = 60_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// The zone as it is built in, so that no machine has another.
pub(crate) fn zone(name: &str) -> TimeZone {
    TimeZoneDatabase::bundled().get(name).unwrap()
}

pub(crate) fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

pub(crate) fn cron(expr: &str, tz: &str) -> Spec {
    Spec::Cron { expr: expr.to_owned(), tz: tz.to_owned() }
}

pub(crate) fn timetable(spec: &Spec) -> Timetable {
    Timetable::new(spec, spec.zone().map(zone)).unwrap()
}

pub(crate) fn command() -> Payload {
    Payload::Command(TaskCommand { argv: vec!["true".into()], cwd: "/".into(), ..<_>::default() })
}

/// The schedule under test. Every decision is checked as a store would.
pub(crate) struct World {
    pub(crate) schedule: Schedule,
    pub(crate) runs: BTreeMap<RunId, ScheduleRun>,
    pub(crate) now: i64,
    pub(crate) deliveries: usize,
    pub(crate) removed: bool,
    /// Runs that were to be stopped by the last decision.
    pub(crate) stops: Vec<RunId>,
    pub(crate) timetable: Timetable,
    ids: Count,
}

impl World {
    pub(crate) fn new(spec: Spec, policies: Policies, now: i64) -> Self {
        Self::with(spec, policies, command(), now).unwrap()
    }

    pub(crate) fn with(
        spec: Spec,
        policies: Policies,
        payload: Payload,
        now: i64,
    ) -> Result<Self, Refusal> {
        let timetable = Timetable::new(&spec, spec.zone().map(zone))?;
        let mut ids = Count(0);
        let new = NewSchedule {
            owner_key: "agent:main:main".to_owned(),
            name: "nightly".to_owned(),
            requester_origin: None,
            spec,
            payload,
            policies,
            enabled: true,
        };
        let fired = with_ctx(&mut ids, now, |ctx| schedule::create(new, &timetable, ctx))?;
        let mut world = Self {
            schedule: fired.schedule.clone(),
            runs: BTreeMap::new(),
            now,
            deliveries: 0,
            removed: false,
            stops: Vec::new(),
            timetable,
            ids,
        };
        world.schedule = fired.unit().schedules[0].row.clone();
        Ok(world)
    }

    pub(crate) fn state(&self) -> State {
        let open = self.runs.values().filter(|run| run.is_open()).cloned().collect();
        let skipped = self.schedule.skipping.as_ref().map(|id| self.runs[id].clone());
        State { schedule: self.schedule.clone(), open, skipped }
    }

    pub(crate) fn ctx<T>(&mut self, decide: impl FnOnce(&State, &Timetable, &mut Ctx) -> T) -> T {
        let (state, timetable) = (self.state(), self.timetable.clone());
        with_ctx(&mut self.ids, self.now, |ctx| decide(&state, &timetable, ctx))
    }

    /// Takes a decision over, with the launch that it asks for.
    pub(crate) fn take(&mut self, fired: Fired) {
        self.stops = fired.stops.iter().map(|run| run.run_id.clone()).collect();
        let payload = fired.schedule.payload.clone();
        let (unit, removed) = match (&fired.start, payload) {
            (None, _) => (fired.unit(), fired.removed),
            (Some(_), Payload::Message { .. }) => {
                let sent = self.ctx(|_, _, ctx| schedule::launch_message(&fired, ctx)).unwrap();
                (sent.unit(), sent.removed)
            }
            (Some(_), _) => {
                let made = self.ctx(|_, _, ctx| schedule::launch_task(&fired, ctx)).unwrap();
                (made.made.unit, false)
            }
        };
        self.apply(unit);
        self.removed |= removed;
    }

    fn apply(&mut self, unit: Unit) {
        self.deliveries += unit.deliveries.len();
        for change in unit.schedules {
            assert_eq!(change.expected, Some(self.schedule.version));
            assert!(change.row.last_slot >= self.schedule.last_slot, "the last slot moved back");
            assert_eq!(change.row.enabled, change.row.next_at.is_some());
            assert_eq!(change.row.enabled, change.row.disabled_reason.is_none());
            self.schedule = change.row;
        }
        for change in unit.runs {
            let was = self.runs.get(&change.row.run_id).map(|run| run.version);
            assert_eq!(change.expected, was);
            assert_eq!(change.row.status.is_terminal(), change.row.ended_at.is_some());
            assert!(change.row.ended_at.is_none() || change.row.due_at.is_none());
            let run = change.row.run_id.clone();
            let twice = |other: &&ScheduleRun| {
                other.run_id != run && other.slot.is_some() && other.slot == change.row.slot
            };
            assert!(!self.runs.values().any(|other| twice(&other)), "a slot fired twice");
            self.runs.insert(run, change.row);
        }
    }

    /// Fires all that is due by now, one decision after the other, as the engine does.
    pub(crate) fn tick(&mut self, now: i64) {
        self.now = now;
        for _ in 0..10_000 {
            if self.removed || self.schedule.next_at.is_none_or(|at| at > now) {
                return;
            }
            let fired = self.ctx(schedule::fire);
            self.take(fired);
        }
        panic!("it never comes to rest");
    }

    /// Ends the oldest running run.
    pub(crate) fn end(&mut self, status: RunStatus) {
        let running = |run: &&ScheduleRun| run.status == RunStatus::Running;
        let run = self.runs.values().find(running).unwrap().run_id.clone();
        self.end_run(&run, status);
    }

    pub(crate) fn end_run(&mut self, run: &RunId, status: RunStatus) {
        let error = status.is_error().then(|| "it broke".to_owned());
        let outcome = Outcome { status, error, at: self.now };
        let fired = self.ctx(|state, _, ctx| schedule::settled(state, run, &outcome, ctx));
        self.take(fired);
    }

    /// The history, oldest first, for comparison.
    pub(crate) fn history(&self) -> String {
        let mut out = String::new();
        for run in self.runs.values() {
            let time = |at: Option<i64>| match at {
                None => "-".to_owned(),
                Some(at) => jiff::Timestamp::from_millisecond(at).unwrap().to_string(),
            };
            out.push_str(&format!("{} {} {}", time(run.slot), run.trigger, run.status));
            if let Some(reason) = run.reason {
                out.push_str(&format!(" {reason} {} to {}", run.slots, time(run.slot_to)));
            }
            out.push('\n');
        }
        out
    }
}

fn with_ctx<T>(ids: &mut Count, now: i64, decide: impl FnOnce(&mut Ctx) -> T) -> T {
    let executor = Executor::default();
    let mut ctx =
        Ctx { now, ids, jitter: 0.5, slots: 1, executor: &executor, actor: None, routes: &[] };
    decide(&mut ctx)
}

pub(crate) fn message() -> Payload {
    Payload::Message { content: "drink water".to_owned(), data: Value::Null }
}
