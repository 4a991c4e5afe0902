//! Messages on their way: webhooks and commands, against real receivers.

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use clawflow_core::delivery::{Delivery, DeliveryState, RouteKind};
use clawflow_core::flow::Origin;
use clawflow_engine::{Courier, CourierError};
use clawflow_gateway::courier::{Post, Routes, Secret};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

type Taken = Arc<Mutex<Vec<(HeaderMap, Bytes)>>>;

/// A receiver that gives this answer; its address and what it was sent.
async fn receiver(status: u16, headers: &[(&'static str, &'static str)]) -> (String, Taken) {
    let taken = Taken::default();
    let (kept, status) = (taken.clone(), StatusCode::from_u16(status).unwrap());
    let headers: HeaderMap =
        headers.iter().map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap())).collect();
    let hook = post(move |asked: HeaderMap, body: Bytes| async move {
        kept.lock().unwrap().push((asked, body));
        (status, headers)
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().route("/hook", hook);
    tokio::spawn(async move { axum::serve(listener, app).await });
    (format!("http://127.0.0.1:{}/hook", address.port()), taken)
}

fn courier(dir: &Path, route: &str) -> Post {
    std::fs::write(dir.join("secret"), SECRET).unwrap();
    let secret = dir.join("secret").display().to_string();
    std::fs::write(dir.join("routes.toml"), route.replace("SECRET", &secret)).unwrap();
    Post::new(Routes::read(&dir.join("routes.toml")).unwrap())
}

fn webhook(dir: &Path, url: &str, more: &str) -> Post {
    courier(dir, &format!("[ops]\nwebhook = '{url}'\nsecret_file = 'SECRET'\n{more}\n"))
}

fn delivery() -> Delivery {
    Delivery {
        delivery_id: "dlv_1".into(),
        version: 0,
        owner_key: "agent:main:main".to_owned(),
        flow_id: Some("flow_1".into()),
        task_id: None,
        kind: "flow.ended".to_owned(),
        idempotency_key: "flow:flow_1:ended".to_owned(),
        content: "it is done".to_owned(),
        data: json!({ "status": "succeeded" }),
        requester_origin: Some(Origin { channel: Some("slack".into()), ..Origin::default() }),
        route: RouteKind::Webhook,
        route_name: "ops".to_owned(),
        state: DeliveryState::Pending,
        attempts: 0,
        due_at: Some(1),
        error: None,
        created_at: 1,
        delivered_at: None,
        closed_at: None,
        place: None,
    }
}

async fn failed(post: &Post, delivery: &Delivery) -> CourierError {
    post.carry(delivery).await.expect_err("this receiver takes nothing")
}

#[tokio::test]
async fn a_webhook_is_signed_and_carries_the_origin() {
    let dir = tempfile::tempdir().unwrap();
    let (url, taken) = receiver(204, &[]).await;
    let post = webhook(dir.path(), &url, "allow_private = true");
    post.carry(&delivery()).await.unwrap();
    post.carry(&delivery()).await.unwrap();
    let taken = taken.lock().unwrap();
    assert_eq!(taken.len(), 2);
    for (headers, body) in taken.iter() {
        let header = |name: &str| headers[name].to_str().unwrap().to_owned();
        assert_eq!(header("webhook-id"), "flow:flow_1:ended", "the same for each try");
        assert_eq!(header("content-type"), "application/json");
        let timestamp: i64 = header("webhook-timestamp").parse().unwrap();
        let expected = Secret::parse(SECRET).unwrap().sign("flow:flow_1:ended", timestamp, body);
        assert_eq!(header("webhook-signature"), expected);
        let message: Value = serde_json::from_slice(body).unwrap();
        assert_eq!(message["type"], "flow.ended");
        assert_eq!(message["requesterOrigin"], json!({ "channel": "slack" }));
        assert_eq!(message["data"]["status"], "succeeded");
    }
}

#[tokio::test]
async fn an_id_that_no_header_can_carry_is_sent_as_its_hash() {
    let dir = tempfile::tempdir().unwrap();
    let (url, taken) = receiver(200, &[]).await;
    let post = webhook(dir.path(), &url, "allow_private = true");
    let odd = Delivery { idempotency_key: "a\r\nx: y é".to_owned(), ..delivery() };
    post.carry(&odd).await.unwrap();
    let taken = taken.lock().unwrap();
    assert_eq!(taken[0].0["webhook-id"].len(), 64);
    let message: Value = serde_json::from_slice(&taken[0].1).unwrap();
    assert_eq!(message["id"], "a\r\nx: y é", "the body has the key itself");
}

#[tokio::test]
async fn private_addresses_are_refused_unless_allowed() {
    let dir = tempfile::tempdir().unwrap();
    let (url, taken) = receiver(200, &[]).await;
    for url in [url.clone(), url.replace("127.0.0.1", "localhost")] {
        let error = failed(&webhook(dir.path(), &url, ""), &delivery()).await;
        assert!(error.message.contains("private network"), "{error}");
    }
    let metadata = webhook(dir.path(), "http://169.254.169.254/latest/meta-data", "");
    assert!(failed(&metadata, &delivery()).await.message.contains("private network"));
    assert!(taken.lock().unwrap().is_empty(), "nothing was sent");
}

#[tokio::test]
async fn what_a_receiver_answers_decides_about_another_try() {
    let dir = tempfile::tempdir().unwrap();
    let cases = [(500, true), (404, true), (429, true), (410, false), (301, true)];
    for (status, may_pass) in cases {
        let (url, taken) =
            receiver(status, &[("retry-after", "7"), ("location", "http://127.0.0.1:1/")]).await;
        let post = webhook(dir.path(), &url, "allow_private = true");
        let error = failed(&post, &delivery()).await;
        assert_eq!(error.may_pass, may_pass, "{status}");
        assert!(error.message.contains(&status.to_string()), "{error}");
        assert_eq!(error.retry_after.is_some(), may_pass, "{status}");
        assert_eq!(taken.lock().unwrap().len(), 1, "a redirect is not followed");
    }
}

#[tokio::test]
async fn a_receiver_that_is_away_or_silent_fails_the_try() {
    let dir = tempfile::tempdir().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    // It takes connections and never answers.
    let url = format!("http://127.0.0.1:{port}/");
    let silent = webhook(dir.path(), &url, "allow_private = true\ntimeout = '100ms'");
    let error = failed(&silent, &delivery()).await;
    assert!(error.may_pass && error.message.contains("no answer within"), "{error}");
    // It speaks no TLS.
    let url = format!("https://127.0.0.1:{port}/");
    let tls = webhook(dir.path(), &url, "allow_private = true\ntimeout = '100ms'");
    assert!(failed(&tls, &delivery()).await.may_pass);
    drop(listener);
    let error = failed(&silent, &delivery()).await;
    assert!(error.may_pass && error.message.contains("connecting to"), "{error}");
}

#[tokio::test]
async fn a_command_gets_the_message_on_its_input() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    let script = format!("cat > {0}; echo \"$CLAWFLOW_IDEMPOTENCY_KEY\" >> {0}", out.display());
    let post = courier(dir.path(), &format!("[ops]\ncommand = ['sh', '-c', '{script}']\n"));
    post.carry(&delivery()).await.unwrap();
    let text = std::fs::read_to_string(&out).unwrap();
    let (message, key) = text.rsplit_once('}').unwrap();
    let message: Value = serde_json::from_str(&format!("{message}}}")).unwrap();
    assert_eq!(message["content"], "it is done");
    assert_eq!(key.trim(), "flow:flow_1:ended");
}

#[tokio::test]
async fn a_command_that_fails_or_hangs_fails_the_try() {
    let dir = tempfile::tempdir().unwrap();
    let cases = [
        ("command = ['false']", "ended with"),
        ("command = ['/no/such/program']", "No such file"),
        ("command = ['sleep', '60']\ntimeout = '50ms'", "did not end within"),
    ];
    for (text, expected) in cases {
        let post = courier(dir.path(), &format!("[ops]\n{text}\n"));
        let error = failed(&post, &delivery()).await;
        assert!(error.may_pass && error.message.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn a_route_that_was_removed_is_no_route() {
    let dir = tempfile::tempdir().unwrap();
    let post = courier(dir.path(), "[other]\ncommand = ['true']\n");
    let error = failed(&post, &delivery()).await;
    assert!(!error.may_pass, "{error}");
    let patience = Duration::from_secs(1);
    assert!(error.retry_after.is_none_or(|after| after < patience));
}
