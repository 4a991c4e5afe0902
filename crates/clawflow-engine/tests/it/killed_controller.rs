//! The controller of the example, killed at each point of its life and started again.

#[path = "../../examples/inbox_triage/controller.rs"]
mod controller;

use crate::ask::{ME, bound, done};
use crate::world::{Kind, World};
use clawflow_core::flow::FlowStatus;
use clawflow_core::wait::{WaitKind, WaitState};
use clawflow_engine::api::{
    Api, ApiError, Call, Caller, Calls, FlowAnswer, FlowList, FlowShow, InboxList, Session,
    TaskFlow, TaskList,
};
use controller::Inbox;
use serde_json::json;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// When the controller dies: at its call of this number, before or after that was carried out.
#[derive(Clone, Copy, Debug)]
enum Dies {
    Before(usize),
    After(usize),
}

/// Calls of a controller that dies.
#[derive(Clone)]
struct Mortal {
    api: Api,
    calls: Arc<AtomicUsize>,
    dies: Dies,
}

impl Calls for Mortal {
    async fn call<C: Call>(&self, request: C::Request) -> Result<C::Response, ApiError> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        if matches!(self.dies, Dies::Before(at) if at <= number) {
            return Err(dead());
        }
        let answer = C::run(&self.api, request).await;
        if matches!(self.dies, Dies::After(at) if at <= number) {
            return Err(dead());
        }
        answer
    }

    fn on_behalf_of(&self, caller: Caller) -> Self {
        Self { api: self.api.as_caller(caller), ..self.clone() }
    }
}

fn dead() -> ApiError {
    ApiError::new("dead", "the controller was killed")
}

/// Says yes to whatever is asked.
async fn person(me: Api) {
    loop {
        tokio::time::sleep(Duration::from_millis(2)).await;
        for line in done::<FlowList>(&me, json!({})).await.flows {
            let token = json!({ "flow": line.flow.flow_id });
            let view = done::<FlowShow>(&me, token).await;
            let asks = view
                .waits
                .iter()
                .any(|wait| wait.kind == WaitKind::Approval && wait.state == WaitState::Open);
            if asks {
                let yes = json!({ "flow": line.flow.flow_id, "approve": true, "by": "ann" });
                done::<FlowAnswer>(&me, yes).await;
            }
        }
    }
}

/// Runs it until it dies, then again until the flow has ended. Says whether it died.
async fn live_twice(world: &World, round: usize, dies: Dies) -> bool {
    let inbox = Inbox {
        name: format!("inbox-{round}"),
        classify: ["sh", "-c", &format!("echo x >> ran-{round}; echo one; echo two")]
            .map(str::to_owned)
            .to_vec(),
        cwd: world.path().display().to_string(),
    };
    let session = Session { session_key: ME.to_owned(), requester_origin: None };
    let calls = Arc::new(AtomicUsize::new(0));
    let mortal = Mortal { api: world.api.clone(), calls, dies };
    let flows = TaskFlow::bind_session(&mortal, session.clone()).unwrap();
    let first = controller::run(&flows, &inbox).await;
    let died = first.as_ref().is_err_and(|error| error.code == "dead");
    assert!(died || first.is_ok(), "{dies:?}: {first:?}");

    let flows = TaskFlow::bind_session(&world.api, session).unwrap();
    let ended = controller::run(&flows, &inbox).await.unwrap();
    assert_eq!(ended.status, FlowStatus::Succeeded, "{dies:?}");
    assert_eq!(ended.state_json, Some(json!({ "businessThreads": ["one", "two"] })));
    // Waits for the child, woken, waits for the person, woken, finished.
    assert_eq!(ended.revision, 5, "{dies:?}: each move was made once");
    assert_eq!(world.lines(&format!("ran-{round}")), ["x"], "{dies:?}");
    let me = bound(world, ME);
    let token = json!({ "flow": ended.flow_id });
    assert_eq!(done::<TaskList>(&me, token).await.tasks.len(), 1);
    let inbox = done::<InboxList>(&me, json!({ "limit": 1000 })).await.deliveries;
    let told = inbox.iter().filter(|row| row.flow_id.as_ref() == Some(&ended.flow_id));
    let kinds: Vec<&str> = told.map(|row| row.kind.as_str()).collect();
    assert_eq!(kinds, ["flow.update", "flow.ended"], "{dies:?}");
    died
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_controller_that_is_killed_anywhere_goes_on() {
    let world = World::new(Kind::Sqlite, 4);
    let person = tokio::spawn(person(bound(&world, ME)));
    let mut points = 0;
    for at in 0.. {
        let before = live_twice(&world, 2 * at, Dies::Before(at)).await;
        let after = live_twice(&world, 2 * at + 1, Dies::After(at)).await;
        if !before && !after {
            break;
        }
        points += 1;
    }
    person.abort();
    assert!(points >= 8, "it died at {points} points only");
    let flows = done::<FlowList>(&bound(&world, ME), json!({ "all": true, "limit": 1000 })).await;
    assert_eq!(flows.flows.len(), 2 * (points + 1), "one flow per inbox");
}
