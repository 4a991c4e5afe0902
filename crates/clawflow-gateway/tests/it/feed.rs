//! The feed of events: order, resuming, owners, ends.

use crate::counting::Counting;
use crate::support::{DEADLINE, Served, ask, ask_tcp, ask_with, serve, serve_over, serve_tcp};
use clawflow_core::event::StoredEvent;
use clawflow_engine::Scope;
use clawflow_engine::api::{FlowEvents, FlowEventsRequest, FlowSetOutput, FlowSetOutputRequest};
use clawflow_gateway::holder::Kind;
use clawflow_gateway::{ServerSettings, limits};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;

/// One open feed.
struct Feed<S> {
    lines: BufReader<S>,
    last: Option<u64>,
}

impl Feed<UnixStream> {
    async fn open(socket: &Path, query: &str, headers: &[(&str, &str)]) -> Self {
        Self::over(UnixStream::connect(socket).await.unwrap(), query, headers).await
    }
}

impl<S: AsyncRead + tokio::io::AsyncWrite + Unpin> Feed<S> {
    async fn over(mut stream: S, query: &str, headers: &[(&str, &str)]) -> Self {
        let mut head = format!("GET /v1/events/stream{query} HTTP/1.1\r\nhost: localhost\r\n");
        head.push_str("connection: close\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
        let mut feed = Self { lines: BufReader::new(stream), last: None };
        let status = feed.line().await.unwrap();
        assert!(status.starts_with("HTTP/1.1 200"), "{status}");
        loop {
            let line = feed.line().await.unwrap();
            if let Some(text) = line.strip_prefix("id: ") {
                feed.last = Some(text.parse().unwrap());
            }
            if line.starts_with("retry:") {
                return feed;
            }
        }
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = String::new();
        let read = tokio::time::timeout(DEADLINE, self.lines.read_line(&mut line)).await;
        match read.expect("nothing comes") {
            Ok(0) | Err(_) => None,
            Ok(_) => Some(line.trim_end().to_owned()),
        }
    }

    /// The next event; `None` at the end of the stream.
    async fn next(&mut self) -> Option<StoredEvent> {
        let (mut id, mut kind) = (None, None);
        loop {
            let line = self.line().await?;
            if let Some(text) = line.strip_prefix("id: ") {
                id = Some(text.parse::<u64>().unwrap());
            } else if let Some(text) = line.strip_prefix("event: ") {
                kind = Some(text.to_owned());
            } else if let Some(text) = line.strip_prefix("data: ") {
                let event: StoredEvent = serde_json::from_str(text).unwrap();
                assert_eq!(Some(event.seq), id);
                assert_eq!(Some(event.event.kind.as_str()), kind.as_deref());
                self.last = id;
                return Some(event);
            }
        }
    }
}

async fn history(served: &Served) -> Vec<StoredEvent> {
    let mut all = Vec::new();
    loop {
        let after = all.last().map_or(0, |last: &StoredEvent| last.seq);
        let page = FlowEventsRequest { flow: None, after, limit: Some(1000) };
        let page = served.client.call::<FlowEvents>(&page).await.unwrap().events;
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

/// Makes events: one for each.
async fn change(served: &Served, flow: &str, times: usize) {
    for number in 0..times {
        let request = FlowSetOutputRequest {
            flow: flow.to_owned(),
            expected_revision: None,
            name: "n".to_owned(),
            value: json!(format!("{number} {:?}", Instant::now())),
        };
        served.client.call::<FlowSetOutput>(&request).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_the_beginning_from_an_event_and_from_now_on() {
    let served = serve(Scope::All);
    let flow = served.managed("a", "k").await;
    change(&served, flow.flow_id.as_str(), 300).await;
    let all = history(&served).await;
    assert!(all.len() > 300);
    let mut whole = Feed::open(&served.socket, "?after=0", &[]).await;
    for event in &all {
        assert_eq!(whole.next().await.as_ref(), Some(event));
    }
    let middle = all[100].seq.to_string();
    let query = format!("?after={middle}");
    let mut rest = Feed::open(&served.socket, &query, &[]).await;
    assert_eq!(rest.next().await.as_ref(), Some(&all[101]));
    // Where it was says the client better than the URL that it was given once.
    let headers = [("last-event-id", middle.as_str())];
    let mut rest = Feed::open(&served.socket, "?after=7", &headers).await;
    assert_eq!(rest.next().await.as_ref(), Some(&all[101]));
    let mut new = Feed::open(&served.socket, "", &[]).await;
    change(&served, flow.flow_id.as_str(), 1).await;
    let told = new.next().await.unwrap();
    assert!(told.seq > all.last().unwrap().seq);
    assert_eq!(whole.next().await, Some(told));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_cut_off_before_the_first_event_misses_nothing() {
    let served = serve(Scope::All);
    let flow = served.managed("a", "k").await;
    for query in ["", "?flow=k"] {
        let feed = Feed::open(&served.socket, query, &[]).await;
        let last = feed.last.expect("the feed says where it begins").to_string();
        drop(feed);
        change(&served, flow.flow_id.as_str(), 1).await;
        let mut again = Feed::open(&served.socket, query, &[("last-event-id", &last)]).await;
        assert_eq!(again.next().await.as_ref(), history(&served).await.last(), "{query}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_flow_or_all() {
    let served = serve(Scope::All);
    let (one, two) = (served.managed("a", "one").await, served.managed("a", "two").await);
    let mut new = Feed::open(&served.socket, "?flow=one", &[]).await;
    for flow in [&two, &one, &two, &one] {
        change(&served, flow.flow_id.as_str(), 50).await;
    }
    let all = history(&served).await;
    let of_one: Vec<_> =
        all.iter().filter(|event| event.event.subject == one.flow_id.as_str()).collect();
    let mut feed = Feed::open(&served.socket, "?flow=one&after=0", &[]).await;
    for event in &of_one {
        assert_eq!(feed.next().await.as_ref(), Some(*event));
    }
    let query = format!("?flow={}&after={}", one.flow_id, of_one[70].seq);
    let mut feed = Feed::open(&served.socket, &query, &[]).await;
    assert_eq!(feed.next().await.as_ref(), Some(of_one[71]));
    assert_eq!(new.next().await.as_ref(), Some(of_one[1]), "all but its creation");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_sees_its_own_only() {
    let served = serve(Scope::All);
    let (of_a, of_b) = (served.managed("a", "a").await, served.managed("b", "b").await);
    for flow in [&of_b, &of_a, &of_b, &of_a] {
        change(&served, flow.flow_id.as_str(), 80).await;
    }
    let mut feed = Feed::open(&served.socket, "?after=0", &[("clawflow-session", "a")]).await;
    let all = history(&served).await;
    for event in all.iter().filter(|event| event.event.owner_key == "a") {
        assert_eq!(feed.next().await.as_ref(), Some(event));
    }
    let path = format!("/v1/events/stream?flow={}", of_b.flow_id);
    let headers = [("clawflow-session", "a")];
    let foreign = ask_with(&served.socket, "GET", &path, &headers, "").await;
    assert_eq!((foreign.status, foreign.code().as_str()), (404, "not_found"));
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let served = serve(Scope::Nothing);
    for query in ["?after=x", "?after=-1", "?after=1&after=2", "?colour=red", "?flow=a&flow=b"] {
        let answer = ask(&served.socket, "GET", &format!("/v1/events/stream{query}"), "").await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "bad_request"), "{query}");
    }
    let bad = [("last-event-id", "x")];
    let answer = ask_with(&served.socket, "GET", "/v1/events/stream", &bad, "").await;
    assert_eq!(answer.status, 400);
    let answer = ask(&served.socket, "GET", "/v1/events/stream?flow=nobody", "").await;
    assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_with_the_server() {
    let served = serve(Scope::All);
    let mut feed = Feed::open(&served.socket, "", &[]).await;
    let began = Instant::now();
    served.server.stop().await;
    assert_eq!(feed.next().await, None);
    assert!(began.elapsed() < limits::STOP_GRACE, "{:?}", began.elapsed());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_are_so_many_streams() {
    let served = serve(Scope::All);
    let mut feeds = Vec::new();
    for _ in 0..limits::STREAMS_OF_SOCKET {
        feeds.push(Feed::open(&served.socket, "", &[]).await);
    }
    let answer = ask(&served.socket, "GET", "/v1/events/stream", "").await;
    assert_eq!((answer.status, answer.code().as_str()), (503, "unavailable"));
    assert!(answer.header("retry-after").is_some());
    assert_eq!(ask(&served.socket, "GET", "/v1/flows", "").await.status, 200);
    feeds.truncate(10);
    let began = Instant::now();
    while ask_status(&served.socket).await != 200 {
        assert!(began.elapsed() < DEADLINE, "the places do not come free");
        tokio::task::yield_now().await;
    }
}

/// The status of a stream that is opened and left at once.
async fn ask_status(socket: &Path) -> u16 {
    let mut stream = UnixStream::connect(socket).await.unwrap();
    let head = "GET /v1/events/stream HTTP/1.1\r\nhost: x\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).await.unwrap();
    line.split(' ').nth(1).unwrap().parse().unwrap()
}

/// A client that comes and goes, while others write: all of it in order, nothing twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_comes_back_misses_nothing() {
    let served = serve(Scope::All);
    let mut writers = tokio::task::JoinSet::new();
    for number in 0..4 {
        let owner = format!("owner-{number}");
        let flow = served.managed(&owner, "k").await.flow_id.0;
        let client = served.client.clone();
        writers.spawn(async move {
            for number in 0..250 {
                let request = json!({ "flow": flow, "name": "n", "value": number });
                let request = serde_json::from_value(request).unwrap();
                client.call::<FlowSetOutput>(&request).await.unwrap();
            }
        });
    }
    let (mut seen, mut last, mut visits) = (Vec::new(), 0, 0_u64);
    while !writers.is_empty() || seen.len() < 1004 {
        while writers.try_join_next().is_some() {}
        let id = last.to_string();
        let mut feed = Feed::open(&served.socket, "", &[("last-event-id", &id)]).await;
        visits += 1;
        // Hangs up after so many, by no pattern that the server could know.
        let stay = visits.wrapping_mul(2_654_435_761) % 97;
        for _ in 0..stay {
            if seen.len() >= 1004 {
                break;
            }
            let Some(event) = feed.next().await else { break };
            last = event.seq;
            seen.push(event);
        }
    }
    assert_eq!(seen, history(&served).await);
    assert!(visits > 10, "{visits}");
}

/// A client that takes nothing holds up nobody and is cut off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_takes_nothing_costs_nothing() {
    let served = serve(Scope::All);
    let flow = served.managed("a", "k").await;
    let slow = Feed::open(&served.socket, "?after=0", &[]).await;
    let mut quick = Feed::open(&served.socket, "?after=0", &[]).await;
    // More than what the kernel holds for a client.
    let big = "x".repeat(100 << 10);
    for _ in 0..20 {
        let request = json!({ "flow": flow.flow_id, "name": "n", "value": big });
        let request = serde_json::from_value(request).unwrap();
        served.client.call::<FlowSetOutput>(&request).await.unwrap();
        change(&served, flow.flow_id.as_str(), 50).await;
    }
    let all = history(&served).await;
    for event in &all {
        assert_eq!(quick.next().await.as_ref(), Some(event));
    }
    drop(slow);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_is_there_soon_after_its_commit() {
    let served = serve(Scope::All);
    let flow = served.managed("a", "k").await;
    let mut feed = Feed::open(&served.socket, "", &[]).await;
    let mut waits = Vec::new();
    for _ in 0..50 {
        change(&served, flow.flow_id.as_str(), 1).await;
        // The commit was before the answer to the change.
        let committed = Instant::now();
        feed.next().await.unwrap();
        waits.push(committed.elapsed());
    }
    waits.sort_unstable();
    // Far below the look into the store that would find it without a hint.
    assert!(waits[25] < limits::STREAM_ALIVE / 100, "{waits:?}");
}

/// A stream does not outlive its token.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_ends_with_its_token() {
    let served = serve_tcp();
    let (secret, id) = served.token("read", None).await;
    let bearer = format!("Bearer {secret}");
    let stream = tokio::net::TcpStream::connect(served.tcp()).await.unwrap();
    let mut feed = Feed::over(stream, "", &[("authorization", bearer.as_str())]).await;
    let revoke = serde_json::from_value(json!({ "token": id })).unwrap();
    served.client.call::<clawflow_engine::api::TokenRevoke>(&revoke).await.unwrap();
    let began = Instant::now();
    assert_eq!(feed.next().await, None);
    assert!(began.elapsed() < limits::STREAM_ALIVE + Duration::from_secs(4));
    let none = ask_tcp(served.tcp(), "GET", "/v1/events/stream", &[], "").await;
    assert_eq!((none.status, none.code().as_str()), (401, "unauthorized"));
}

/// What is not for a stream costs it no look into the store, and what is for it comes all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stream_asks_nothing_while_others_commit() {
    let store = Arc::new(Counting::default());
    let settings = ServerSettings::default();
    let served = serve_over(store.clone(), Kind::Gateway, Scope::All, &settings);
    let (of_a, of_b) = (served.managed("a", "a").await, served.managed("b", "b").await);
    let mut idle = Feed::open(&served.socket, "", &[("clawflow-session", "b")]).await;
    let mut of_flow = Feed::open(&served.socket, "?flow=b", &[]).await;
    // Both have looked once they have told something.
    change(&served, of_b.flow_id.as_str(), 1).await;
    assert_eq!(idle.next().await, of_flow.next().await);
    let began = Instant::now();
    let looks = || store.looks.load(Ordering::SeqCst);
    let before = looks();
    change(&served, of_a.flow_id.as_str(), 300).await;
    // Each looks once for its token's sake while it says that it is alive.
    let alive = began.elapsed().as_secs() / limits::STREAM_ALIVE.as_secs() + 1;
    let asked = looks() - before;
    assert!(asked as u64 <= 2 * alive, "asked {asked} times");
    change(&served, of_b.flow_id.as_str(), 1).await;
    let told = idle.next().await;
    assert_eq!(told, of_flow.next().await);
    assert_eq!(told.as_ref(), history(&served).await.last());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_has_so_many_streams() {
    let served = serve_tcp();
    let (secret, _) = served.token("read", None).await;
    let bearer = format!("Bearer {secret}");
    let headers = [("authorization", bearer.as_str())];
    let mut feeds = Vec::new();
    for _ in 0..limits::STREAMS_OF_TOKEN {
        let stream = tokio::net::TcpStream::connect(served.tcp()).await.unwrap();
        feeds.push(Feed::over(stream, "", &headers).await);
    }
    let none = ask_tcp(served.tcp(), "GET", "/v1/events/stream", &headers, "").await;
    assert_eq!((none.status, none.code().as_str()), (503, "unavailable"));
    let (other, _) = served.token("read", None).await;
    let bearer = format!("Bearer {other}");
    let stream = tokio::net::TcpStream::connect(served.tcp()).await.unwrap();
    Feed::over(stream, "", &[("authorization", bearer.as_str())]).await;
}
