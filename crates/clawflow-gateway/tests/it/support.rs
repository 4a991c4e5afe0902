//! A served home, requests by hand, and flows that wait for a person.

use clawflow_core::flow::Flow;
use clawflow_engine::api::{Api, FlowCreate, Session, TokenCreate};
use clawflow_engine::{Engine, EngineSettings, Scope};
use clawflow_gateway::holder::{self, Guard, HolderInfo, Kind, Taken};
use clawflow_gateway::{Client, Server, ServerSettings};
use clawflow_store::{MemoryStore, Store};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

/// Far beyond what anything here takes, also on a busy machine.
pub(crate) const DEADLINE: Duration = Duration::from_secs(20);

pub(crate) struct Served {
    // In the order of dropping: the server before the lock, the lock before the directory.
    pub(crate) server: Server,
    pub(crate) client: Client,
    pub(crate) socket: PathBuf,
    pub(crate) home: PathBuf,
    _guard: Guard,
    _tmp: TempDir,
}

pub(crate) fn info(kind: Kind, socket: &Path) -> HolderInfo {
    HolderInfo::this_process(kind, "0.0.0-test", socket)
}

pub(crate) fn take(home: &Path, socket: &Path) -> Guard {
    match holder::take(home, info(Kind::Gateway, socket)).unwrap() {
        Taken::Lock(guard) => guard,
        Taken::HeldBy(holder) => panic!("held by {holder:?}"),
    }
}

/// Calls on an empty store.
pub(crate) fn api(home: &Path, scope: Scope) -> Api {
    api_over(Arc::new(MemoryStore::new()), home, scope)
}

fn api_over(store: Arc<dyn Store>, home: &Path, scope: Scope) -> Api {
    let settings = EngineSettings {
        home: home.to_path_buf(),
        // Nothing here may start a process.
        shim_exe: "/nonexistent/shim".into(),
        socket: home.join("gateway.sock"),
        shell: "/bin/sh".to_owned(),
        max_tasks: 4,
        queues: std::collections::BTreeMap::new(),
        agents: std::collections::BTreeMap::new(),
        subagents: clawflow_core::subagent::SpawnLimits::default(),
        grace_ms: 100,
        log_bytes: 1 << 20,
        stdout_bytes: 1 << 20,
        routes: Vec::new(),
        name: "test:1".to_owned(),
    };
    let engine = Engine::new(store, settings, scope).unwrap();
    engine.start().unwrap();
    Api::new(engine)
}

/// Serves an empty store.
pub(crate) fn serve(scope: Scope) -> Served {
    serve_as(Kind::Gateway, scope)
}

pub(crate) fn serve_as(kind: Kind, scope: Scope) -> Served {
    serve_with(kind, scope, &ServerSettings::default())
}

/// Serves an empty store on TCP too, on the loopback.
pub(crate) fn serve_tcp() -> Served {
    serve_tcp_with(ServerSettings::default())
}

pub(crate) fn serve_tcp_with(settings: ServerSettings) -> Served {
    let settings = ServerSettings { listen: Some("127.0.0.1:0".parse().unwrap()), ..settings };
    serve_with(Kind::Gateway, Scope::All, &settings)
}

pub(crate) fn serve_with(kind: Kind, scope: Scope, settings: &ServerSettings) -> Served {
    serve_over(Arc::new(MemoryStore::new()), kind, scope, settings)
}

/// Serves this store.
pub(crate) fn serve_over(
    store: Arc<dyn Store>,
    kind: Kind,
    scope: Scope,
    settings: &ServerSettings,
) -> Served {
    let tmp = TempDir::new().unwrap();
    let home = tmp.path().to_path_buf();
    let socket = home.join("gateway.sock");
    let Taken::Lock(guard) = holder::take(&home, info(kind, &socket)).unwrap() else {
        panic!("a new home is held");
    };
    let server = Server::start(&guard, api_over(store, &home, scope), settings).unwrap();
    let client = Client::new(&socket);
    Served { server, client, socket, home, _guard: guard, _tmp: tmp }
}

/// What starts a flow that asks a person at once.
pub(crate) fn gate_flow(key: &str) -> Value {
    json!({
        "source": "steps:\n  - { id: ask, approval: Go on? }\n",
        "file": "gate.flow.yaml",
        "cwd": "/",
        "key": key,
        "owner": "agent:test:main",
    })
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    pub(crate) fn code(&self) -> String {
        assert!(self.head.contains("application/problem+json"), "{}", self.head);
        let body = self.json();
        assert_eq!(body["status"], self.status, "{body}");
        body["code"].as_str().unwrap().to_owned()
    }
}

/// One request on a connection of its own.
pub(crate) async fn ask(socket: &Path, method: &str, path: &str, body: &str) -> Answer {
    let stream = UnixStream::connect(socket).await.unwrap();
    exchange(stream, &request(method, path, &[("host", "x")], body), false).await
}

/// The same with headers.
pub(crate) async fn ask_with(
    socket: &Path,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let stream = UnixStream::connect(socket).await.unwrap();
    let headers = [&[("host", "x")], headers].concat();
    exchange(stream, &request(method, path, &headers, body), false).await
}

/// One request over TCP. Without a `host` among the headers it is for `localhost`.
pub(crate) async fn ask_tcp(
    at: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let stream = TcpStream::connect(at).await.unwrap();
    let host = match headers.iter().any(|(name, _)| *name == "host") {
        true => Vec::new(),
        false => vec![("host", "localhost")],
    };
    let headers = [host.as_slice(), headers].concat();
    exchange(stream, &request(method, path, &headers, body), false).await
}

/// A request as bytes, the last one of its connection.
pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() || method == "POST" {
        head.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    [head.as_bytes(), body.as_bytes()].concat()
}

/// Bytes as they are and nothing more, and what comes back.
pub(crate) async fn send(socket: &Path, bytes: &[u8]) -> Answer {
    exchange(UnixStream::connect(socket).await.unwrap(), bytes, true).await
}

/// The same over TCP, with the connection left open.
pub(crate) async fn send_tcp(at: SocketAddr, bytes: &[u8]) -> Answer {
    exchange(TcpStream::connect(at).await.unwrap(), bytes, false).await
}

async fn exchange(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    bytes: &[u8],
    close: bool,
) -> Answer {
    // The server may hang up on rubbish before it has all of it.
    let _ = stream.write_all(bytes).await;
    if close {
        // What is no whole request need not wait for its rest.
        let _ = stream.shutdown().await;
    }
    let mut answer = Vec::new();
    let read = tokio::time::timeout(DEADLINE, stream.read_to_end(&mut answer)).await;
    let _ = read.expect("the server neither answers nor hangs up");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|word| word.parse().ok()).unwrap_or(0);
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

impl Answer {
    /// A header of it.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

impl Served {
    /// Where it listens.
    pub(crate) fn tcp(&self) -> SocketAddr {
        self.server.listen().unwrap()
    }

    /// A new token: its secret and its id.
    pub(crate) async fn token(&self, access: &str, owner: Option<&str>) -> (String, String) {
        let request = json!({ "label": access, "access": access, "owner": owner });
        let request = serde_json::from_value(request).unwrap();
        let made = self.client.call::<TokenCreate>(&request).await.unwrap();
        (made.secret, made.token.token_id.0)
    }

    /// A managed flow of this owner.
    pub(crate) async fn managed(&self, owner: &str, key: &str) -> Flow {
        let session = Session { session_key: owner.to_owned(), requester_origin: None };
        let client = self.client.bind_session(session).unwrap();
        let request = json!({ "controllerId": "test", "goal": "test", "key": key });
        client.call::<FlowCreate>(&serde_json::from_value(request).unwrap()).await.unwrap()
    }
}
