//! What the server says to requests that are wrong, and to what is none at all.

use crate::support::{ask, gate_flow, send, serve};
use clawflow_engine::Scope;
use clawflow_engine::api::{FlowList, FlowRun, FlowShow};
use clawflow_gateway::{ENDPOINTS, limits};
use serde_json::json;

#[tokio::test]
async fn every_row_answers_json_to_a_stranger() {
    let served = serve(Scope::Nothing);
    for row in ENDPOINTS.iter().filter(|row| row.name != "gateway.stop") {
        let path = row.path.replace("{flow}", "nobody-knows").replace("{task}", "nobody-knows");
        let answer = ask(&served.socket, row.verb.word(), &path, "{}").await;
        assert!([200, 400, 404].contains(&answer.status), "{} {}", row.name, answer.head);
        assert!(answer.json().is_object(), "{}", row.name);
        if answer.status == 404 {
            assert_eq!(answer.code(), "not_found", "{}", row.name);
        }
    }
}

#[tokio::test]
async fn wrong_requests_are_told_what_is_wrong() {
    let served = serve(Scope::Nothing);
    let cases = [
        ("GET", "/v1/nothing", "", 404, "there is no path /v1/nothing"),
        ("GET", "/", "", 404, "there is no path /"),
        ("DELETE", "/v1/flows", "", 405, "/v1/flows takes another method"),
        ("POST", "/v1/flows", "", 400, "missing field `source`"),
        ("POST", "/v1/flows", "[]", 400, "the body is no JSON object: "),
        ("POST", "/v1/flows", "{\"source\": ", 400, "the body is no JSON object: EOF"),
        ("POST", "/v1/flows", "\u{0}\u{ff}", 400, "the body is no JSON object: "),
        ("POST", "/v1/flows/x/cancel", "{\"reson\":1}", 400, "unknown field `reson`, expected "),
        ("POST", "/v1/flows/x/cancel", "{\"waitMs\":-1}", 400, "field `waitMs`: "),
        ("POST", "/v1/flows/x/settle", "{\"how\":\"so\",\"by\":\"\"}", 400, "field `how`: "),
        ("GET", "/v1/flows?limit=many", "", 400, "field `limit`: `many` is no number"),
        ("GET", "/v1/flows?limit=1&limit=2", "", 400, "field `limit`: given more than once"),
        ("GET", "/v1/flows?all=perhaps", "", 400, "field `all`: `perhaps` is neither"),
        ("GET", "/v1/flows?status=dancing", "", 400, "field `status`: "),
        ("GET", "/v1/flows?colour=red", "", 400, "unknown field `colour`, expected status, "),
        ("GET", "/v1/status?x=1", "", 400, "unknown field `x`, expected none"),
    ];
    for (method, path, body, status, message) in cases {
        let answer = ask(&served.socket, method, path, body).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
        assert_eq!(answer.code(), "bad_request", "{method} {path}");
        let said = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(said.starts_with(message), "{method} {path}: {said}");
    }
    let answer = ask(&served.socket, "GET", "/v1/flows/%ff", "").await;
    assert_eq!(answer.status, 400, "{}", answer.body);
}

#[tokio::test]
async fn deep_json_is_refused_and_not_followed() {
    let served = serve(Scope::Nothing);
    let deep = format!("{{\"args\":{}", "[".repeat(500_000));
    let answer = ask(&served.socket, "POST", "/v1/flows", &deep).await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"));
}

#[tokio::test]
async fn a_body_has_a_limit_and_its_sender_learns_of_it() {
    let served = serve(Scope::Nothing);
    let most = "x".repeat(limits::BODY_BYTES - 2);
    let answer = ask(&served.socket, "POST", "/v1/flows", &format!("\"{most}\"")).await;
    assert_eq!(answer.status, 400, "at the limit it is read");
    let answer = ask(&served.socket, "POST", "/v1/flows", &format!("\"{most}\" ")).await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "bad_request"));
    let answer = ask(&served.socket, "POST", "/v1/flows", &most.repeat(6)).await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "bad_request"));

    let mut request = gate_flow("big");
    request["source"] = "x".repeat(limits::BODY_BYTES).into();
    let request = serde_json::from_value(request).unwrap();
    let error = served.client.call::<FlowRun>(&request).await.unwrap_err();
    assert_eq!(error.code, "bad_request");
    let empty = serde_json::from_value(json!({ "flow": "" })).unwrap();
    let error = served.client.call::<FlowShow>(&empty).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.message.as_str()), ("bad_request", "`flow` is empty"));
}

#[tokio::test]
async fn rubbish_harms_nobody() {
    let served = serve(Scope::Nothing);
    let noise: Vec<u8> =
        (0..200_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let long = format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "a".repeat(1 << 20));
    let pieces: [&[u8]; 5] =
        [&noise, b"\r\n\r\n", b"\x16\x03\x01\x02\x00", b"PRI * HTTP/2.0\r\n\r\n", long.as_bytes()];
    for piece in pieces {
        let answer = send(&served.socket, piece).await;
        assert!(answer.status == 0 || answer.status >= 400, "{}", answer.head);
    }
    // Some stay and say nothing.
    let silent = tokio::net::UnixStream::connect(&served.socket).await.unwrap();
    let request = serde_json::from_value(json!({})).unwrap();
    assert!(served.client.call::<FlowList>(&request).await.unwrap().flows.is_empty());
    drop(silent);
}

#[tokio::test]
async fn probes_answer() {
    let served = serve(Scope::Nothing);
    for path in ["/healthz", "/readyz"] {
        let answer = ask(&served.socket, "GET", path, "").await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok\n"), "{path}");
    }
}
