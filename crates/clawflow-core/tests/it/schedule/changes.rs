//! What people may do with schedules, and what they may not.

use super::world::{DAY, HOUR, MINUTE, World, at, command, cron};
use clawflow_core::schedule::{self, Edit, Payload, Policies, Spec};
use clawflow_core::task::TaskCommand;
use serde_json::Value;

const MONDAY: &str = "2026-01-05T08:59:00Z";

fn refused(spec: Spec, policies: Policies, payload: Payload) -> String {
    match World::with(spec, policies, payload, at(MONDAY)) {
        Ok(_) => "good".to_owned(),
        Err(refusal) => refusal.message,
    }
}

#[test]
fn what_cannot_be_is_refused() {
    let daily = || cron("0 9 * * *", "UTC");
    let policies = |change: fn(&mut Policies)| {
        let mut policies = Policies::default();
        change(&mut policies);
        refused(daily(), policies, command())
    };
    let said = [
        refused(Spec::At { at: at(MONDAY) }, Policies::default(), command()),
        refused(cron("0 0 31 2 *", "UTC"), Policies::default(), command()),
        refused(daily(), Policies::default(), Payload::Command(TaskCommand::default())),
        refused(
            daily(),
            Policies::default(),
            Payload::Message { content: " ".to_owned(), data: Value::Null },
        ),
        policies(|p| p.missed_cap = 0),
        policies(|p| p.retries = 101),
        policies(|p| p.jitter_ms = u64::MAX),
        policies(|p| p.timeout_ms = Some(0)),
        policies(|p| (p.starts_at, p.ends_at) = (Some(2), Some(1))),
        policies(|p| p.ends_at = Some(1)),
    ];
    insta::assert_snapshot!(said.join("\n"), @r"
    its time has passed already
    no slot of it will ever come
    the command is empty
    the message is blank
    the cap of missed slots is 1 to 1000
    a run is tried again 100 times at most
    the jitter is longer than ten years
    a timeout of 0 would let nothing run: leave it out
    it would end before it starts
    no slot of it will ever come
    ");
}

#[test]
fn a_new_timetable_begins_now() {
    let mut world = World::new(cron("0 9 * * *", "UTC"), Policies::default(), at(MONDAY));
    world.tick(at(MONDAY) + MINUTE);
    let edit = |world: &mut World, edit: Edit| {
        if let Some(spec) = &edit.spec {
            world.timetable = super::world::timetable(spec);
        }
        let fired = world.ctx(|state, table, ctx| schedule::edit(state, edit, table, ctx)).unwrap();
        world.take(fired);
    };
    world.now += 2 * DAY + HOUR;
    edit(&mut world, Edit { name: Some("renamed".to_owned()), ..Edit::default() });
    assert_eq!(world.schedule.next_slot, Some(at("2026-01-06T09:00:00Z")), "still missed");
    let spec = Some(cron("0 12 * * *", "UTC"));
    edit(&mut world, Edit { spec, ..Edit::default() });
    assert_eq!(world.schedule.next_slot, Some(at("2026-01-07T12:00:00Z")));
    assert_eq!(world.schedule.last_slot, Some(at("2026-01-05T09:00:00Z")));
    let version = world.schedule.version;
    edit(&mut world, Edit::default());
    assert_eq!(world.schedule.version, version, "nothing was changed");
}

#[test]
fn the_clock_was_wrong_when_a_slot_fired() {
    let mut world = World::new(cron("0 9 * * *", "UTC"), Policies::default(), at(MONDAY));
    world.tick(at(MONDAY) + 30 * DAY);
    let last = world.schedule.last_slot.unwrap();
    world.now = at(MONDAY) + DAY;
    let spec = Some(cron("0 9 * * * ", "UTC"));
    let edit = Edit { spec, ..Edit::default() };
    let fired = world.ctx(|state, table, ctx| schedule::edit(state, edit, table, ctx)).unwrap();
    assert!(fired.schedule.next_slot > Some(last), "no slot comes again");
}
