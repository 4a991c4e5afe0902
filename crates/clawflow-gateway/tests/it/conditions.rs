//! Headers that mean something: revisions, idempotency keys, bindings; methods and media types.

use crate::support::{Served, ask, ask_with, gate_flow, request, send, serve};
use clawflow_engine::Scope;
use clawflow_engine::api::{FlowGet, FlowRef};
use serde_json::json;

const JSON: (&str, &str) = ("content-type", "application/json");

async fn stored(served: &Served, id: &str) -> clawflow_core::flow::Flow {
    served.client.call::<FlowGet>(&FlowRef { flow: id.to_owned() }).await.unwrap()
}

#[tokio::test]
async fn a_revision_is_a_tag_and_a_condition() {
    let served = serve(Scope::All);
    let flow = served.managed("a", "k").await;
    let at = |call: &str| format!("/v1/flows/{}{call}", flow.flow_id);
    for call in ["", "/record"] {
        let answer = ask(&served.socket, "GET", &at(call), "").await;
        assert_eq!(answer.header("etag"), Some("\"0\""), "{call}");
    }
    let list = ask(&served.socket, "GET", "/v1/flows", "").await;
    assert_eq!(list.header("etag"), None, "only a flow has one");
    let waiting = [JSON, ("if-match", "\"0\"")];
    let body = "{\"waitJson\":{\"for\":\"ann\"}}";
    let answer = ask_with(&served.socket, "POST", &at("/set-waiting"), &waiting, body).await;
    assert_eq!((answer.status, answer.header("etag")), (200, Some("\"1\"")), "{}", answer.body);
    // The same again: it has changed since.
    let answer = ask_with(&served.socket, "POST", &at("/set-waiting"), &waiting, body).await;
    assert_eq!((answer.status, answer.code().as_str()), (412, "revision_conflict"));
    let problem = answer.json();
    assert_eq!(problem["expectedRevision"], 0);
    assert_eq!(problem["currentRevision"], 1);
    assert_eq!(problem["current"]["revision"], 1);
    assert_eq!(problem["type"], "urn:clawflow:error:revision_conflict");
    assert_eq!(problem["detail"], problem["message"]);
    assert!(problem["title"].is_string());
    assert_eq!(stored(&served, flow.flow_id.as_str()).await.revision, 1);
    // In the body it is the same field.
    let both = "{\"expectedRevision\":1}";
    let one = [JSON, ("if-match", "\"1\"")];
    let answer = ask_with(&served.socket, "POST", &at("/resume"), &one, both).await;
    assert_eq!((answer.status, answer.header("etag")), (200, Some("\"2\"")), "{}", answer.body);
    let answer =
        ask_with(&served.socket, "POST", &at("/finish"), &one, "{\"expectedRevision\":2}").await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"), "they differ");
    let any = [JSON, ("if-match", "*")];
    let answer = ask_with(&served.socket, "POST", &at("/finish"), &any, "{}").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

#[tokio::test]
async fn the_query_has_what_the_body_has_not() {
    let served = serve(Scope::All);
    let flow = served.managed("a", "k").await;
    let path = format!("/v1/flows/{}/set-output?name=query&value=3", flow.flow_id);
    let answer = ask(&served.socket, "POST", &path, "{\"name\":\"body\"}").await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.json()["outputs"], json!({ "body": "3" }));
}

#[tokio::test]
async fn a_condition_that_cannot_be_kept_is_refused() {
    let served = serve(Scope::All);
    let flow = served.managed("a", "k").await;
    let finish = format!("/v1/flows/{}/finish", flow.flow_id);
    for bad in ["0", "W/\"0\"", "\"x\"", "\"0\", \"1\"", "\"-1\"", ""] {
        let headers = [JSON, ("if-match", bad)];
        let answer = ask_with(&served.socket, "POST", &finish, &headers, "{}").await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"), "{bad}");
    }
    let record = format!("/v1/flows/{}/record", flow.flow_id);
    for header in [("if-match", "\"0\""), ("idempotency-key", "k")] {
        let answer = ask_with(&served.socket, "GET", &record, &[header], "").await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"), "{header:?}");
    }
    assert_eq!(stored(&served, flow.flow_id.as_str()).await.revision, 0);
}

#[tokio::test]
async fn the_same_key_makes_it_once() {
    let served = serve(Scope::All);
    let make = async |key: &str, goal: &str| {
        let headers = [JSON, ("clawflow-session", "a"), ("idempotency-key", key)];
        let body = json!({ "controllerId": "c", "goal": goal }).to_string();
        ask_with(&served.socket, "POST", "/v1/flows/managed", &headers, &body).await
    };
    let first = make("one", "x").await;
    assert_eq!(first.status, 200, "{}", first.body);
    let again = make("\"one\"", "x").await;
    assert_eq!(again.json()["flowId"], first.json()["flowId"]);
    let other = make("two", "x").await;
    assert_ne!(other.json()["flowId"], first.json()["flowId"]);
    let clash = make("one", "y").await;
    assert_eq!((clash.status, clash.code().as_str()), (409, "key_conflict"));
}

#[tokio::test]
async fn headers_bind_a_session() {
    let served = serve(Scope::All);
    let body = json!({ "controllerId": "c", "goal": "g" }).to_string();
    let make = async |headers: &[(&str, &str)]| {
        let headers = [&[JSON], headers].concat();
        ask_with(&served.socket, "POST", "/v1/flows/managed", &headers, &body).await
    };
    // {"channel":"slack","to":"C1"}
    let origin = ("clawflow-origin", "eyJjaGFubmVsIjoic2xhY2siLCJ0byI6IkMxIn0");
    let session = ("clawflow-session", "agent%3Am%C3%A4in");
    let made = make(&[session, origin, ("clawflow-actor", "tri%20age")]).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let flow = made.json();
    assert_eq!(flow["ownerKey"], "agent:mäin");
    assert_eq!(flow["requesterOrigin"], json!({ "channel": "slack", "to": "C1" }));
    let path = format!("/v1/events?flow={}", flow["flowId"].as_str().unwrap());
    let events = ask(&served.socket, "GET", &path, "").await.json();
    assert_eq!(events["events"][0]["actor"], "tri age");
    assert_eq!(make(&[]).await.code(), "invalid", "no session is bound");
    let bad = [
        ("clawflow-session", "%20"),
        ("clawflow-session", "%zz"),
        ("clawflow-session", "%00"),
        ("clawflow-origin", "e30$"),
        ("clawflow-origin", "W10"),
        ("clawflow-actor", "%ff"),
        ("clawflow-actor", ""),
    ];
    for header in bad {
        let headers = [("clawflow-session", "a"), header];
        let headers = if header.0 == "clawflow-session" { &headers[1..] } else { &headers };
        assert_eq!(make(headers).await.status, 400, "{header:?}");
    }
    let long = "x".repeat(5000);
    assert_eq!(make(&[("clawflow-session", &long)]).await.status, 400);
}

#[tokio::test]
async fn a_body_that_is_no_json_says_so() {
    let served = serve(Scope::Nothing);
    let body = gate_flow("k").to_string();
    let post = async |kind: Option<&str>, body: &str| {
        let header = [("content-type", kind.unwrap_or_default())];
        let headers = if kind.is_some() { &header[..] } else { &[] };
        ask_with(&served.socket, "POST", "/v1/flows", headers, body).await
    };
    for kind in
        ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "json", ""]
    {
        let answer = post(Some(kind), &body).await;
        assert_eq!((answer.status, answer.code().as_str()), (415, "bad_request"), "{kind}");
    }
    let kinds = ["application/json", "Application/JSON; charset=utf-8", "application/x+json"];
    for kind in kinds.map(Some).into_iter().chain([None]) {
        let answer = post(kind, "{}").await;
        assert_eq!(answer.status, 400, "{kind:?}: it is read, and lacks fields");
    }
    // Nothing is in it, so it need not be anything.
    assert_eq!(post(Some("text/plain"), "").await.status, 400);
}

#[tokio::test]
async fn methods_are_told_and_heads_have_no_body() {
    let served = serve(Scope::Nothing);
    let answer = ask(&served.socket, "DELETE", "/v1/flows", "").await;
    assert_eq!(answer.status, 405);
    let mut allow: Vec<_> = answer.header("allow").unwrap().split(',').map(str::trim).collect();
    allow.sort_unstable();
    assert_eq!(allow, ["GET", "HEAD", "POST"]);
    let answer = ask(&served.socket, "PUT", "/v1/stop", "").await;
    assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    for path in ["/v1/flows", "/v1/status", "/healthz", "/openapi.json"] {
        let get = ask(&served.socket, "GET", path, "").await;
        let head = ask(&served.socket, "HEAD", path, "").await;
        assert_eq!((head.status, head.body.as_str()), (200, ""), "{path}");
        assert_eq!(head.header("content-type"), get.header("content-type"), "{path}");
        assert!(head.header("content-length").is_some(), "{path}");
    }
}

/// Who asks before sending gets an answer instead of a permission.
#[tokio::test]
async fn a_body_that_is_too_large_is_refused_before_it_is_sent() {
    let served = serve(Scope::Nothing);
    let head = "POST /v1/flows HTTP/1.1\r\nhost: x\r\ncontent-length: 99000000\r\n\
                expect: 100-continue\r\nconnection: close\r\n\r\n";
    let answer = send(&served.socket, head.as_bytes()).await;
    assert_eq!((answer.status, answer.code().as_str()), (413, "bad_request"), "{}", answer.head);
    let small = request("POST", "/v1/flows", &[("host", "x"), ("expect", "100-continue")], "{}");
    let answer = send(&served.socket, &small).await;
    assert_eq!(answer.status, 100, "{}", answer.head);
}

/// A field has one place.
#[tokio::test]
async fn what_stands_in_the_path_stands_there_only() {
    let served = serve(Scope::All);
    let flow = served.managed("a", "k").await;
    let path = format!("/v1/flows/{}/finish", flow.flow_id);
    let answer = ask_with(&served.socket, "POST", &path, &[JSON], "{\"flow\":\"other\"}").await;
    assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"));
    let answer =
        ask(&served.socket, "GET", &format!("/v1/flows/{}?flow=x", flow.flow_id), "").await;
    assert_eq!(answer.status, 400);
}
