//! How the server stops.

use crate::support::{DEADLINE, Served, gate_flow, serve, serve_as};
use clawflow_engine::Scope;
use clawflow_engine::api::{FlowCancel, FlowRun, FlowWait};
use clawflow_gateway::{Client, Kind, ServerSettings, limits};
use serde_json::json;
use std::time::{Duration, Instant};

async fn flow(served: &Served) {
    let request = serde_json::from_value(gate_flow("gate")).unwrap();
    served.client.call::<FlowRun>(&request).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_polls_end_at_once() {
    let served = serve(Scope::All);
    flow(&served).await;
    let waiter = Client::new(&served.socket);
    let waiting = tokio::spawn(async move {
        let request = json!({ "flow": "gate", "afterEvent": 1_000_000, "timeoutMs": 60_000 });
        let request = serde_json::from_value(request).unwrap();
        waiter.call::<FlowWait>(&request).await
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!waiting.is_finished());
    let began = Instant::now();
    let socket = served.socket.clone();
    served.server.stop().await;
    let error = tokio::time::timeout(DEADLINE, waiting).await.unwrap().unwrap().unwrap_err();
    assert_eq!(error.code, "unavailable");
    assert!(error.message.contains("stopping"), "{error}");
    assert!(began.elapsed() < limits::STOP_GRACE, "{:?}", began.elapsed());
    assert!(!socket.exists(), "the socket is removed");
    let error = served.client.ping().await.unwrap_err();
    assert_eq!(error.code, "unavailable");
}

/// A connection that says half a sentence must not hold up the stop for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_stalls_is_left() {
    use tokio::io::AsyncWriteExt;
    let served = serve(Scope::Nothing);
    let mut stalled = tokio::net::UnixStream::connect(&served.socket).await.unwrap();
    stalled
        .write_all(b"POST /v1/flows HTTP/1.1\r\nhost: x\r\ncontent-length: 99\r\n\r\n{")
        .await
        .unwrap();
    served.client.ping().await.unwrap();
    let began = Instant::now();
    served.server.stop().await;
    assert!(began.elapsed() < limits::STOP_GRACE + Duration::from_secs(2), "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_survives_its_caller() {
    let served = serve(Scope::All);
    flow(&served).await;
    let caller = Client::new(&served.socket);
    let cancel = json!({ "flow": "gate", "reason": "test", "waitMs": 5_000 });
    let cancel = serde_json::from_value(cancel).unwrap();
    let call = tokio::time::timeout(Duration::from_millis(1), caller.call::<FlowCancel>(&cancel));
    // Done or broken off: what counts is what follows.
    let _ = call.await;
    drop(caller);
    served.client.ping().await.unwrap();
}

#[tokio::test]
async fn a_foreground_run_is_not_stopped_over_the_wire() {
    let served = serve_as(Kind::Run, Scope::Driven);
    let error = served.client.stop().await.unwrap_err();
    assert_eq!(error.code, "invalid_state");
    assert_eq!(served.client.status().await.unwrap().kind, "run");
}

/// The kept connection dies with the first server; the client finds the second.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_finds_the_next_server() {
    use crate::support::{api, take};
    let tmp = tempfile::TempDir::new().unwrap();
    let socket = tmp.path().join("s");
    let guard = take(tmp.path(), &socket);
    let client = Client::new(&socket);
    for _ in 0..3 {
        let server = clawflow_gateway::Server::start(
            &guard,
            api(tmp.path(), Scope::Nothing),
            &ServerSettings::default(),
        )
        .unwrap();
        client.status().await.unwrap();
        client.status().await.unwrap();
        server.stop().await;
    }
}
