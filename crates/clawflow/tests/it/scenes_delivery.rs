//! Messages survive whatever dies: a receiver that keeps ids gets each exactly once.

use crate::scenes_support::{Home, PATIENCE, pause};
use clawflow_core::delivery::{Delivery, DeliveryState, RouteKind};
use clawflow_core::flow::FlowStatus;
use clawflow_engine::api::{
    DeliveryList, DeliveryListRequest, InboxAck, InboxAckRequest, InboxList, InboxListRequest,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Flows of the scene with the killer.
const FLOWS: usize = 16;

/// What a receiver was sent: for each id the messages, in their order.
type Taken = Arc<Mutex<BTreeMap<String, Vec<Value>>>>;

/// A receiver on the loopback that answers as `answer` says, given how many requests came before.
fn receiver(answer: fn(usize) -> u16) -> (u16, Taken) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let taken = Taken::default();
    let kept = taken.clone();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            // A gateway that was killed has left a connection without a request.
            if let Ok(stream) = stream {
                let _ = serve(stream, answer(number), &kept);
            }
        }
    });
    (port, taken)
}

fn serve(stream: TcpStream, status: u16, taken: &Taken) -> std::io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    let mut reader = BufReader::new(&stream);
    let (mut id, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? == 0 {
            return Ok(());
        }
        match line.trim().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("webhook-id") => {
                value.clone_into(&mut id);
            }
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().unwrap_or(0);
            }
            Some(_) => {}
            None if line.trim().is_empty() => break,
            None => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    if status < 300
        && let Ok(message) = serde_json::from_slice(&body)
    {
        taken.lock().unwrap().entry(id).or_default().push(message);
    }
    let mut stream = &stream;
    write!(stream, "HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
}

/// A home whose messages go to this port.
fn home(port: u16) -> Home {
    let home = Home::new();
    let secret = home.path().join("secret");
    std::fs::write(&secret, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
    std::fs::create_dir_all(home.home()).unwrap();
    let routes = format!(
        "[ops]\nwebhook = 'http://127.0.0.1:{port}/'\nsecret_file = '{}'\nallow_private = true\n",
        secret.display()
    );
    std::fs::write(home.home().join("routes.toml"), routes).unwrap();
    home
}

fn deliveries(home: &Home) -> Vec<Delivery> {
    let request = DeliveryListRequest {
        owner: None,
        flow: None,
        task: None,
        state: Vec::new(),
        limit: Some(1000),
        after: None,
    };
    home.call::<DeliveryList>(&request).unwrap().deliveries
}

#[track_caller]
fn until(home: &Home, fits: impl Fn(&[Delivery]) -> bool) -> Vec<Delivery> {
    let give_up = Instant::now() + PATIENCE;
    loop {
        let all = deliveries(home);
        if fits(&all) {
            return all;
        }
        assert!(Instant::now() < give_up, "{all:#?}\n{}", home.log());
        pause();
    }
}

#[test]
fn each_end_arrives_once_however_often_the_gateway_dies() {
    // Every third request is refused, so that tries are made again too.
    let (port, taken) = receiver(|number| if number % 3 == 1 { 503 } else { 200 });
    let mut home = home(port);
    home.gateway();
    let mut flows = BTreeSet::new();
    for number in 0..FLOWS {
        flows.insert(home.flow(&format!("f{number}"), "steps:\n  - { id: a, run: 'true' }\n"));
        // From at once to a little after the end of the flow.
        std::thread::sleep(Duration::from_millis(number as u64 * 7 % 60));
        home.restart();
    }
    for flow in &flows {
        home.ends(flow, FlowStatus::Succeeded);
    }
    let all = until(&home, |all| {
        all.len() == FLOWS && all.iter().all(|row| row.state == DeliveryState::Delivered)
    });
    let keys: BTreeSet<String> = all.iter().map(|row| row.idempotency_key.clone()).collect();
    let expected: BTreeSet<String> = flows.iter().map(|id| format!("flow:{id}:ended")).collect();
    assert_eq!(keys, expected);
    let taken = taken.lock().unwrap();
    let ids: BTreeSet<String> = taken.keys().cloned().collect();
    assert_eq!(ids, expected, "a receiver that keeps ids has each message once");
    for (id, messages) in taken.iter() {
        assert!(messages.iter().all(|message| message == &messages[0]), "{id}: {messages:?}");
        assert_eq!(messages[0]["data"]["status"], "succeeded");
    }
}

#[test]
fn what_nobody_takes_lies_in_the_inbox_until_it_is_acknowledged() {
    let (port, taken) = receiver(|_| 410);
    let mut home = home(port);
    home.gateway();
    let flow = home.flow("f", "steps:\n  - { id: a, run: 'true' }\n");
    home.ends(&flow, FlowStatus::Succeeded);
    let all = until(&home, |all| all.iter().any(|row| row.route == RouteKind::Inbox));
    let states: BTreeSet<&str> = all.iter().map(|row| row.state.as_str()).collect();
    assert_eq!(states, BTreeSet::from(["failed", "session_queued"]));
    assert!(taken.lock().unwrap().is_empty());
    home.restart();
    let ask = |all| InboxListRequest { owner: None, all, limit: None, after: None, timeout_ms: 0 };
    let inbox = home.call::<InboxList>(&ask(false)).unwrap().deliveries;
    assert_eq!(inbox.len(), 1);
    assert_eq!(inbox[0].flow_id.as_ref().map(|id| id.0.clone()), Some(flow.clone()));
    let ids = vec![inbox[0].delivery_id.0.clone()];
    let ack = InboxAckRequest { ids, by: "tester".to_owned() };
    home.call::<InboxAck>(&ack).unwrap();
    home.call::<InboxAck>(&ack).unwrap();
    home.restart();
    assert!(home.call::<InboxList>(&ask(false)).unwrap().deliveries.is_empty());
    assert_eq!(home.call::<InboxList>(&ask(true)).unwrap().deliveries.len(), 1);
    assert_eq!(home.view(&flow).flow.status, FlowStatus::Succeeded);
}

#[test]
fn routes_that_make_no_sense_keep_the_gateway_from_starting() {
    let home = Home::new();
    std::fs::create_dir_all(home.home()).unwrap();
    std::fs::write(home.home().join("routes.toml"), "[ops]\nwebhok = 'x'\n").unwrap();
    let said = home.cli(&["gateway", "run"]);
    assert_eq!(said.code, Some(2), "{said:?}");
    assert!(said.err.contains("routes.toml") && said.err.contains("webhok"), "{said:?}");
}
