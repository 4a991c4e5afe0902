//! Steps that undo others.

use super::create::again;
use super::world::World;
use clawflow_core::drive;

const BOOKING: &str = "steps: [\
    {id: hotel, run: x, needs: [], compensate: {argv: [cancel, $hotel.json.id], timeout: 1m}}, \
    {id: flight, run: x, needs: [], compensate: {run: undo, retry: {max: 2}}}, \
    {id: car, run: x, needs: [], compensate: {run: undo}}, \
    {id: pay, run: x, needs: [hotel, flight]}]\n\
    finally: [{id: f, run: f}]";

#[test]
fn what_was_done_is_undone_in_reverse_order_before_finally() {
    let mut w = World::new(BOOKING);
    w.ok("flight");
    w.print("hotel", "{\"id\": \"h7\"}");
    w.fail("pay");
    assert_eq!(w.state.steps.len(), 5, "a step still runs");
    w.fail("car");
    let show = "hotel=succeeded flight=succeeded car=failed pay=failed f=pending \
                hotel.compensate=starting flight.compensate=pending | running";
    assert_eq!(w.show(), show);
    let task = w.task("hotel.compensate").task_id.clone();
    let launch = drive::launch(&w.state, &task).unwrap().unwrap();
    assert_eq!(launch.command.argv, ["cancel", "h7"]);
    assert_eq!(launch.command.timeout_ms, Some(60_000));
    w.fail("hotel.compensate");
    w.fail("flight.compensate");
    w.retry_due("flight.compensate").unwrap();
    w.ok("flight.compensate");
    assert_eq!(w.step("f").status.as_str(), "starting");
    w.ok("f");
    assert_eq!(w.state.flow.status.as_str(), "failed");
    assert!(w.state.flow.error.as_ref().unwrap().contains("step car failed"));
}

#[test]
fn a_flow_that_succeeds_undoes_nothing() {
    let mut w = World::new("steps: [{id: a, run: x, compensate: {run: undo}}]");
    w.ok("a");
    assert_eq!(w.show(), "a=succeeded | succeeded");
}

#[test]
fn a_cancel_undoes_and_a_second_one_stops_that() {
    let yaml = "steps: [{id: a, run: x, compensate: {run: undo}}, \
                {id: b, run: x, compensate: {run: undo}}, {id: c, run: x}]";
    let mut w = World::new(yaml);
    w.ok("a");
    w.ok("b");
    w.cancel();
    w.stopped("c");
    let show = "a=succeeded b=succeeded c=cancelled b.compensate=starting a.compensate=pending";
    assert_eq!(w.show(), format!("{show} | running"));
    w.cancel();
    w.stopped("b.compensate");
    assert_eq!(w.step("a.compensate").status.as_str(), "cancelled");
    assert_eq!(w.state.flow.status.as_str(), "cancelled");
}

#[test]
fn an_inner_step_is_undone_with_its_item_in_sight() {
    let yaml = "steps: [{id: l, for_each: [p, q], steps: \
                [{id: a, run: x, compensate: {argv: [undo, $item.json, $a.stdout]}}]}, \
                {id: z, run: z}]";
    let mut w = World::new(yaml);
    w.print("l[0].a", "0");
    w.print("l[1].a", "1");
    w.fail("z");
    let task = w.task("l[1].a.compensate").task_id.clone();
    let launch = drive::launch(&w.state, &task).unwrap().unwrap();
    assert_eq!(launch.command.argv, ["undo", "q", "1"]);
    w.ok("l[1].a.compensate");
    w.ok("l[0].a.compensate");
    assert_eq!(w.state.flow.status.as_str(), "failed");
}

#[test]
fn a_retry_does_again_what_was_undone() {
    let yaml =
        "steps: [{id: a, run: x}, {id: b, run: x, compensate: {run: undo}}, {id: c, run: x}]";
    let mut w = World::new(yaml);
    w.ok("a");
    w.ok("b");
    w.fail("c");
    w.ok("b.compensate");
    let retry = again(yaml, &w);
    assert_eq!(retry.show(), "a=succeeded b=starting c=pending | running");
}
