//! Typed waits: a time, a signal, a person, a child; deadlines; answers once.

use crate::code_support::{refusal, standing};
use crate::support::Home;

#[test]
fn a_timer_wakes_its_flow() {
    let mut home = Home::new();
    let flow = home.make("k");
    let out = home.bound(&["flows", "set-waiting", &flow, "--timer", "50ms"]);
    assert!(out.stderr.contains("hint: nobody watches the time now"), "{out:?}");
    home.start_gateway();
    assert_eq!(standing(&home.words(&["flows", "wait", &flow])), ("running", "2"));
    let out = home.bound(&["flows", "set-waiting", &flow, "--until", "2020-01-01"]);
    assert!(!out.stderr.contains("hint"), "{out:?}");
    assert_eq!(standing(&home.words(&["flows", "wait", &flow])), ("running", "4"));
}

#[test]
fn a_deadline_does_what_it_says() {
    let mut home = Home::new();
    home.start_gateway();
    for (what, status) in [("continue", "running"), ("fail", "failed"), ("cancel", "cancelled")] {
        let flow = home.make(what);
        let args = ["flows", "set-waiting", &flow, "--event", "never", "--deadline", "20ms"];
        home.words(&[&args[..], &["--on-deadline", what]].concat());
        home.wait_field(&flow, "status", status);
        assert_eq!(home.field(&flow, "waits.0.state"), "expired");
    }
    let flow = home.make("opaque");
    home.words(&["flows", "set-waiting", &flow, "--wait-json", "{}", "--deadline", "20ms"]);
    home.wait_field(&flow, "status", "running");
}

#[test]
fn a_signal_resolves_who_waits_for_it_or_is_kept_for_the_first() {
    let home = Home::new();
    let (one, two) = (home.make("one"), home.make("two"));
    home.words(&["flows", "set-waiting", &one, "--event", "reply", "--event-key", "7"]);
    home.words(&["flows", "set-waiting", &two, "--event", "reply"]);
    let signal = |more: &[&str]| home.words(&[&["flows", "signal", "reply"], more].concat());
    assert_eq!(signal(&["--key", "8", "--payload", "{\"n\":1}"]), ["resolved", &two]);
    assert_eq!(home.field(&two, "waits.-1.answer"), r#"{"n":1}"#);
    assert_eq!(home.field(&one, "status"), "waiting");
    assert_eq!(signal(&["--key", "9"]), ["kept"]);
    let words = home.words(&["flows", "set-waiting", &two, "--event", "reply", "--event-key", "9"]);
    assert_eq!(words[2], "running", "{words:?}");
    let json = home.bound(&["flows", "signal", "reply", "--key", "7", "--json"]).json();
    assert_eq!((&json["flows"][0], &json["kept"]), (&one.as_str().into(), &false.into()));
    let other = home.as_session("agent:other", &["flows", "signal", "reply", "--flow", &one]);
    assert_eq!(other.code, 3, "{other:?}");
}

#[test]
fn a_person_says_yes_or_no_once() {
    let home = Home::new();
    let flow = home.make("k");
    let ask = ["flows", "set-waiting", &flow, "--ask", "send it?", "--preview", "3 lines"];
    let words = home.words(&[&ask[..], &["--approver", "ada"]].concat());
    let answer = |more: &[&str]| home.bound(&[&["flows", "answer", &flow], more].concat());
    let out = answer(&["--approve", "--by", "bob", "--json"]);
    assert_eq!(refusal(&out), (2, "invalid".to_owned()));
    let out = answer(&["--response", "1", "--by", "ada", "--json"]);
    assert_eq!(refusal(&out), (2, "invalid".to_owned()));
    let hash = home.field(&flow, "waits.-1.shownHash");
    let stale = answer(&["--approve", "--by", "ada", "--shown-hash", "00", "--json"]);
    assert_eq!(refusal(&stale).1, "invalid", "{stale:?}");
    let out = answer(&["--approve", "--by", "ada", "--wait-id", &words[3], "--shown-hash", &hash]);
    assert_eq!(out.code, 0, "{out:?}");
    assert_eq!(home.field(&flow, "waits.-1.answer"), r#"{"approved":true}"#);
    assert_eq!(home.field(&flow, "status"), "running");
    let wait = ["--wait-id", &words[3], "--by", "ada"];
    assert_eq!(answer(&[&["--approve"], &wait[..]].concat()).code, 0);
    assert_eq!(answer(&[&["--deny"], &wait[..]].concat()).code, 4);
    home.words(&["flows", "set-waiting", &flow, "--ask", "sure?"]);
    assert_eq!(home.bound(&["flows", "deny", &flow]).code, 0);
    assert_eq!(home.field(&flow, "waits.-1.answer.approved"), "false");
    assert_eq!(home.field(&flow, "status"), "running");
}

#[test]
fn a_person_answers_with_any_json_once() {
    let home = Home::new();
    let flow = home.make("k");
    let words = home.words(&["flows", "set-waiting", &flow, "--ask", "what?", "--input"]);
    let out = home.bound(&["flows", "answer", &flow, "--approve", "--json"]);
    assert_eq!(refusal(&out), (2, "invalid".to_owned()));
    home.write("reply.json", "{\"subject\": \"Hello\"}");
    let answer = |response: &str| {
        let args = ["flows", "answer", &flow, "--wait-id", &words[3], "--response", response];
        home.bound(&args)
    };
    let out = answer("@reply.json");
    assert_eq!((out.code, out.stdout.starts_with("answered ")), (0, true), "{out:?}");
    assert_eq!(home.field(&flow, "waits.-1.answer.subject"), "Hello");
    let again = answer("@reply.json");
    assert!(again.stdout.contains("was already answered by tester"), "{again:?}");
    let other = answer("2");
    assert_eq!(other.code, 4, "{other:?}");
    assert!(other.stderr.contains("hint: a question is answered once"), "{other:?}");
}

#[test]
fn a_flow_that_is_only_told_stays_parked() {
    let home = Home::new();
    let flow = home.make("k");
    home.words(&["flows", "set-waiting", &flow, "--ask", "go?", "--tell"]);
    home.words(&["flows", "approve", &flow]);
    assert_eq!(home.field(&flow, "status"), "waiting");
    assert_eq!(standing(&home.words(&["flows", "wait", &flow])), ("waiting", "1"));
    assert_eq!(standing(&home.words(&["flows", "resume", &flow])), ("running", "2"));
}
