//! Pings: who has the secret of a job tells of this job, and does nothing else.

use crate::support::{Answer, Served, ask, ask_tcp, serve_tcp};
use clawflow_core::task::{Task, TaskStatus};
use clawflow_engine::api::{TaskList, TokenCreate, TokenRevoke};
use serde_json::json;

async fn secret(served: &Served, label: &str) -> String {
    let new = json!({ "label": label, "access": "ping", "owner": "agent:test:main" });
    let new = serde_json::from_value(new).unwrap();
    served.client.call::<TokenCreate>(&new).await.unwrap().secret
}

async fn ping(served: &Served, verb: &str, path: &str, body: &str) -> Answer {
    ask_tcp(served.tcp(), verb, path, &[], body).await
}

async fn good(served: &Served, path: &str) {
    let answer = ping(served, "GET", path, "").await;
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok\n"), "{path}");
}

/// The oldest first.
async fn tasks(served: &Served) -> Vec<Task> {
    let all = serde_json::from_value(json!({})).unwrap();
    let mut tasks = served.client.call::<TaskList>(&all).await.unwrap().tasks;
    tasks.reverse();
    tasks
}

#[tokio::test]
async fn a_job_tells_of_itself_by_a_url() {
    let served = serve_tcp();
    let url = format!("/ping/{}", secret(&served, "backup").await);
    good(&served, &format!("{url}/start")).await;
    let log = ping(&served, "POST", &format!("{url}/log"), "half\nof it\0").await;
    assert_eq!(log.status, 200);
    let task = tasks(&served).await.remove(0);
    assert_eq!((task.status, task.label.as_deref()), (TaskStatus::Running, Some("backup")));
    assert_eq!(task.progress_summary.as_deref(), Some("half of it"));
    good(&served, &format!("{url}/3")).await;
    let task = tasks(&served).await.remove(0);
    assert_eq!((task.status, task.error.as_deref()), (TaskStatus::Failed, Some("exit code 3")));
    // An end without a start is one, and a start without an end is lost to the next one.
    assert_eq!(ping(&served, "HEAD", &url, "").await.status, 200);
    good(&served, &format!("{url}/start")).await;
    good(&served, &format!("{url}/start")).await;
    let told: Vec<_> = tasks(&served).await.iter().map(|task| task.status).collect();
    use TaskStatus::{Failed, Lost, Running, Succeeded};
    assert_eq!(told, [Failed, Succeeded, Lost, Running]);
    // Runs at the same time have names.
    good(&served, &format!("{url}/start?rid=a")).await;
    good(&served, &format!("{url}/start?rid=a")).await;
    good(&served, &format!("{url}/start?rid=b")).await;
    good(&served, &format!("{url}/fail?rid=a")).await;
    let told: Vec<_> = tasks(&served).await[3..].iter().map(|task| task.status).collect();
    assert_eq!(told, [Running, Failed, Running]);
    assert!(tasks(&served).await.iter().all(|task| task.owner_key == "agent:test:main"));
}

#[tokio::test]
async fn a_secret_is_good_for_its_job_only() {
    let served = serve_tcp();
    let secret = secret(&served, "backup").await;
    let (admin, _) = served.token("admin", Some("agent:test:main")).await;
    let mut refused = None;
    for path in [format!("/ping/{admin}"), "/ping/x".to_owned(), format!("/ping/{secret}x")] {
        let answer = ping(&served, "GET", &path, "").await;
        assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"), "{path}");
        assert_eq!(refused.get_or_insert(answer.body.clone()), &answer.body);
    }
    for (verb, path, status) in [
        ("DELETE", format!("/ping/{secret}"), 405),
        ("GET", format!("/ping/{secret}/stop"), 400),
        ("GET", format!("/ping/{secret}/log"), 404),
        ("GET", format!("/ping/{secret}/start/x"), 404),
        ("GET", "/ping/".to_owned(), 404),
    ] {
        assert_eq!(ping(&served, verb, &path, "").await.status, status, "{verb} {path}");
    }
    let bearer = format!("Bearer {secret}");
    let bearer = [("authorization", bearer.as_str())];
    for path in ["/v1/status", "/v1/tasks", "/openapi.json", "/v1/events/stream"] {
        let answer = ask_tcp(served.tcp(), "GET", path, &bearer, "").await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "forbidden"), "{path}");
    }
    assert_eq!(tasks(&served).await.len(), 0);
    let foreign = [("origin", "https://evil.example")];
    let page = ask_tcp(served.tcp(), "GET", &format!("/ping/{secret}"), &foreign, "").await;
    assert_eq!(page.status, 403);
    // On the socket it is the same, and from the end of its token on it is nothing.
    assert_eq!(ask(&served.socket, "POST", &format!("/ping/{secret}"), "").await.status, 200);
    let revoke = serde_json::from_value(json!({ "token": "backup" })).unwrap();
    served.client.call::<TokenRevoke>(&revoke).await.unwrap();
    assert_eq!(ping(&served, "GET", &format!("/ping/{secret}"), "").await.status, 404);
    let new = serde_json::from_value(json!({ "label": "x", "access": "ping" })).unwrap();
    let error = served.client.call::<TokenCreate>(&new).await.unwrap_err();
    assert_eq!(error.code, "invalid", "it belongs to an owner");
}

#[tokio::test]
async fn pings_are_bounded() {
    let served = serve_tcp();
    let url = format!("/ping/{}", secret(&served, "backup").await);
    let large = ping(&served, "POST", &format!("{url}/fail"), &"x".repeat(1 << 20)).await;
    assert_eq!(large.status, 200);
    let said = tasks(&served).await.remove(0).terminal_summary.unwrap();
    assert!(said.starts_with("xxx") && said.len() < 12 << 10, "{}", said.len());
    let mut seen = Vec::new();
    while !seen.contains(&429) {
        seen.push(ping(&served, "GET", &format!("{url}/start?rid=a"), "").await.status);
        assert!(seen.len() < 1000, "nobody is ever refused");
    }
    assert_eq!(ping(&served, "GET", "/healthz", "").await.status, 200);
}
