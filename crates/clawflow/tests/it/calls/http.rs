//! `http` steps: what is sent, what is taken for an answer, and what is not.

use super::server::{Act, Server, reply};
use super::{failure, http, steps};
use crate::support::Home;
use serde_json::json;
use std::net::TcpListener;

#[test]
fn a_request_is_filled_in_and_its_answer_is_a_result() {
    let server = Server::start(|_, asked| match asked.line.as_str() {
        "GET /list?q=a%20b%26&tag=1&tag=2" => reply(200, "x-left: 7\r\n", r#"{"n": [1, "ü"]}"#),
        _ => reply(201, "content-type: text/plain\r\n", "made"),
    });
    let home = Home::new();
    let file = format!(
        r#"
args: {{ q: {{ default: "a b&" }}, url: {{ default: "{url}" }} }}
steps:
  - {{ id: list, http: {{ url: "${{url}}/list", query: {{ q: "${{q}}", tag: [1, 2] }} }} }}
  - id: make
    http:
      method: POST
      url: {url}/make
      headers: {{ X-Count: 3, X-Left: "left $list.headers.x_left" }}
      body: {{ all: $list.json.n, status: $list.status, text: "of $list.json.n.1" }}
  - {{ id: put, http: {{ method: PUT, url: {url}/put, body: "text $make.stdout" }} }}
  - {{ id: plain, http: {{ method: PATCH, url: {url}/patch }} }}
"#,
        url = server.url
    );
    let ended = steps(&home, &file, &[]);
    assert!(ended.iter().all(|step| step["status"] == "succeeded"), "{ended:?}");
    assert_eq!(ended[1]["result"]["status"], 201);
    assert_eq!(ended[1]["result"]["stdout"], "made");
    let asked = server.asked();
    assert_eq!(asked[0].header("idempotency-key"), None);
    let body: serde_json::Value = serde_json::from_str(&asked[1].body).unwrap();
    assert_eq!(body, json!({ "all": [1, "ü"], "status": 200, "text": "of ü" }));
    assert_eq!(asked[1].header("content-type"), Some("application/json"));
    assert_eq!(
        (asked[1].header("x-count"), asked[1].header("x-left")),
        (Some("3"), Some("left 7"))
    );
    let key = asked[1].header("idempotency-key").unwrap();
    assert!(key.ends_with("/make"), "{key}");
    assert_eq!((asked[2].line.as_str(), asked[2].body.as_str()), ("PUT /put", "text made"));
    assert_eq!(asked[2].header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(asked[3].header("content-length"), Some("0"));
}

#[test]
fn a_status_is_good_or_bad_as_the_file_says() {
    let server = Server::start(|_, asked| {
        let status = asked.line.rsplit('/').next().unwrap().parse().unwrap();
        reply(status, "", "so it is")
    });
    let home = Home::new();
    let ask = |status: u16, expect: &str| {
        http(&home, &format!("{{ url: {}/{status}{expect} }}", server.url), "")
    };
    assert_eq!(ask(204, "")["status"], "succeeded");
    let bad = ask(404, "");
    assert_eq!(failure(&bad), ("status", "status 404 Not Found: so it is"));
    assert_eq!(
        (&bad["result"]["status"], &bad["result"]["stdout"]),
        (&json!(404), &json!("so it is"))
    );
    assert_eq!(ask(404, ", expect: { status: [200, 404] }")["status"], "succeeded");
    assert_eq!(ask(418, ", expect: { status: 4xx }")["status"], "succeeded");
    assert_eq!(failure(&ask(200, ", expect: { status: 201 }")).0, "status");
    assert_eq!(failure(&ask(500, "")).0, "status");
}

#[test]
fn a_body_that_does_not_fit_fails_with_its_place() {
    let server = Server::start(|_, asked| match asked.line.as_str() {
        "GET /good" => reply(200, "content-type: text/html\r\n", r#"{"a": {"n": 1}}"#),
        "GET /wrong" => reply(200, "", r#"{"a": {"n": "1"}}"#),
        _ => reply(200, "content-type: text/html\r\n", "<p>hello</p>"),
    });
    let home = Home::new();
    let schema = "{ type: object, properties: { a: { properties: { n: { type: integer } } } } }";
    let ask = |path: &str| {
        let call = format!("{{ url: {}/{path}, expect: {{ schema: {schema} }} }}", server.url);
        http(&home, &call, "")
    };
    assert_eq!(ask("good")["status"], "succeeded");
    let wrong = ask("wrong");
    let (code, message) = failure(&wrong);
    assert!(code == "schema" && message.contains("/a/n"), "{message}");
    let (html, expected) = (ask("html"), "the answer is not JSON but text/html");
    assert_eq!(failure(&html), ("schema", expected));
}

#[test]
fn redirects_stay_with_the_server_and_come_to_an_end() {
    let other = Server::start(|_, _| reply(200, "", "other"));
    let to = other.url.clone();
    let server = Server::start(move |_, asked| match asked.line.as_str() {
        "GET /once" | "POST /again" => reply(307, "location: end\r\n", ""),
        "POST /see" => reply(303, "location: /end\r\n", ""),
        "GET /round" => reply(302, "location: /round\r\n", ""),
        "GET /away" => reply(302, &format!("location: {to}/x?secret=1\r\n"), ""),
        "POST /moved" => reply(302, "location: /end\r\n", "gone"),
        line => reply(200, "", line),
    });
    let home = Home::new();
    let ask = |method: &str, path: &str, more: &str| {
        let call = format!("{{ method: {method}, url: {}/{path}{more} }}", server.url);
        http(&home, &call, "")
    };
    assert_eq!(ask("GET", "once", "")["result"]["stdout"], "GET /end");
    assert_eq!(ask("POST", "again", ", body: x")["result"]["stdout"], "POST /end");
    assert_eq!(ask("POST", "see", ", body: x")["result"]["stdout"], "GET /end");
    assert_eq!(failure(&ask("GET", "round", "")), ("redirect", "more than 5 redirects"));
    let away = ask("GET", "away", "");
    let (code, message) = failure(&away);
    assert!(code == "redirect" && message.contains("another server"), "{message}");
    assert!(!message.contains("secret"), "{message}");
    assert!(other.asked().is_empty());
    assert_eq!(failure(&ask("POST", "moved", ", body: x")).0, "status");
    let seen = ask("GET", "away", ", expect: { status: 302 }");
    assert_eq!((&seen["status"], &seen["result"]["status"]), (&json!("succeeded"), &json!(302)));
}

#[test]
fn bad_servers_fail_the_step_and_say_why() {
    let server = Server::start(|_, asked| match asked.line.as_str() {
        "GET /half" => Act::Say(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf".to_vec()),
        "GET /huge" => reply(200, "", &"x".repeat(7 << 20)),
        "GET /noise" => Act::Say(b"\0\xff\xfe no http at all\r\n\r\n".to_vec()),
        "GET /binary" => Act::Say(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n\0\xff\n".to_vec()),
        "GET /nothing" => Act::Say(Vec::new()),
        _ => Act::Hang,
    });
    let home = Home::new();
    let ask =
        |path: &str, more: &str| http(&home, &format!("{{ url: {}/{path} }}", server.url), more);
    let told = |path: &str| {
        let step = ask(path, "");
        let (code, message) = failure(&step);
        (code.to_owned(), message.to_owned())
    };
    assert_eq!(told("half").0, "broken");
    assert_eq!(told("nothing").0, "broken");
    assert_eq!(told("noise").0, "broken");
    assert_eq!(
        told("huge"),
        ("too_large".into(), "the answer is larger than 6291456 bytes".into())
    );
    assert_eq!(ask("binary", "")["result"]["stdout"], "\0\u{fffd}\n");
    assert_eq!(failure(&ask("slow", ", timeout: 300ms")).0, "timed_out");
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refused = http(&home, &format!("{{ url: http://{free}/ }}"), "");
    assert_eq!(failure(&refused).0, "connect");
    let nowhere = http(&home, "{ url: http://no-such-host.invalid/ }", "");
    assert_eq!(failure(&nowhere).0, "lookup");
}

#[test]
fn a_failed_call_is_tried_again_as_the_file_says() {
    let server = Server::start(|number, asked| match (number, asked.line.as_str()) {
        (0 | 1, "POST /flaky") => reply(503, "", "busy"),
        (_, "POST /flaky") => reply(200, "", "done"),
        _ => reply(400, "", "never"),
    });
    let home = Home::new();
    let retry = ", retry: { max: 5, delay_ms: 1, stop_on: [status 4] }";
    let call = |path: &str| format!("{{ method: POST, url: {}/{path} }}", server.url);
    assert_eq!(http(&home, &call("flaky"), retry)["attempt"], 3);
    let asked = server.asked();
    let keys: Vec<_> = asked.iter().map(|asked| asked.header("idempotency-key")).collect();
    assert!(keys[0].is_some() && keys.iter().all(|key| *key == keys[0]), "{keys:?}");
    assert_eq!(http(&home, &call("bad"), retry)["attempt"], 1);
}

#[test]
fn secrets_are_sent_and_never_said() {
    let server = Server::start(|_, asked| reply(401, "", &asked.head));
    let home = Home::new();
    home.write("key", "s3cr3t-file\n");
    let call = |value: &str| {
        let headers = format!("headers: {{ Authorization: {value} }}");
        format!("steps:\n  - {{ id: ask, http: {{ url: {}/x, {headers} }} }}\n", server.url)
    };
    let file = steps(&home, &call(r#"{ file: key, prefix: "Bearer " }"#), &[]);
    let env = steps(&home, &call("{ env: MY_TOKEN }"), &["--env", "MY_TOKEN=s3cr3t-env"]);
    let sent: Vec<_> =
        server.asked().iter().map(|a| a.header("authorization").map(str::to_owned)).collect();
    assert_eq!(sent, [Some("Bearer s3cr3t-file".to_owned()), Some("s3cr3t-env".to_owned())]);
    for (step, secret) in [(&file[0], "s3cr3t-file"), (&env[0], "s3cr3t-env")] {
        let (_, message) = failure(step);
        assert!(message.contains("***") && !message.contains(secret), "{message}");
    }
    let none = steps(&home, &call("{ env: NO_SUCH }"), &[]);
    assert_eq!(failure(&none[0]).0, "request");
    let none = steps(&home, &call("{ file: no-such }"), &[]);
    assert!(failure(&none[0]).1.contains("no-such"));
    assert_eq!(server.asked().len(), 2);
}

#[test]
fn what_cannot_be_sent_is_not() {
    let home = Home::new();
    let file = |call: &str| {
        format!(
            "args: {{ x: {{ default: \"a\\r\\nInjected: 1\" }} }}\n\
             steps:\n  - {{ id: ask, http: {call} }}\n"
        )
    };
    for call in [
        r#"{ url: "http://127.0.0.1:1/", headers: { X: "${x}" } }"#,
        r#"{ url: "http://127.0.0.1:1/${x}" }"#,
        r#"{ url: "${x}" }"#,
        r#"{ url: "http://ann:secret@127.0.0.1:1/" }"#,
    ] {
        let ended = steps(&home, &file(call), &[]);
        let (code, message) = failure(&ended[0]);
        assert!(code == "request" && !message.contains("secret"), "{call}: {message}");
    }
}

#[test]
fn mistakes_of_the_file_are_found_before_anything_runs() {
    let home = Home::new();
    for (call, why) in [
        ("{}", "has no `url`"),
        ("{ url: ftp://a/ }", "no address of HTTP"),
        ("{ url: http://a/, method: FETCH }", "unknown value `FETCH`"),
        ("{ url: http://a/, method: GET, body: x }", "takes no `body`"),
        ("{ url: http://a/, headers: { Host: b } }", "set by the connection"),
        ("{ url: http://a/, headers: { 'a b': c } }", "no name of a header"),
        ("{ url: http://a/, headers: { X: 1, x: 2 } }", "is there twice"),
        ("{ url: http://a/, headers: { X: {} } }", "names no secret"),
        ("{ url: http://a/, expect: { status: 700 } }", "a status like 200"),
        ("{ url: http://a/, expect: { schema: { type: strange } } }", "no valid schema"),
        ("{ url: http://a/, bodi: x }", "did you mean `body`"),
        ("{ url: http://a/, body: $later.json }", "`later` does not exist"),
        ("{ url: http://a/ }, stdin: x", "`stdin` has no meaning"),
        ("{ url: http://a/ }, run: x", "has both"),
    ] {
        home.write("bad.flow.yaml", format!("steps:\n  - {{ id: ask, http: {call} }}\n"));
        let out = home.run(&["flows", "lint", "bad.flow.yaml"]);
        assert!(out.code != 0 && out.told().contains(why), "{call}: {out:?}");
    }
}
