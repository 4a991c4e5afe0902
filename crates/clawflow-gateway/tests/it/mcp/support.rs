//! Clients that write every byte of their messages themselves.

use crate::support::{Answer, DEADLINE, Served, ask_tcp};
use clawflow_core::json::Object;
use clawflow_engine::api::{ApiError, Caller, FlowRunRequest};
use clawflow_gateway::mcp::{Boxed, Door, Need, Place, Room, serve};
use clawflow_gateway::{Access, Backend, Client};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{
    AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf,
};

/// A workflow that asks a person and then ends.
pub(crate) const GATE: &str = "steps:\n  - { id: ask, approval: Go on? }\n";

pub(crate) const MODERN: &str = "2026-07-28";

/// A client over HTTP.
pub(crate) struct Web {
    at: SocketAddr,
    secret: String,
    pub(crate) session: Option<String>,
}

impl Web {
    pub(crate) async fn of(served: &Served, access: &str, owner: Option<&str>) -> Self {
        Self { at: served.tcp(), secret: served.token(access, owner).await.0, session: None }
    }

    /// Sends a body with headers.
    pub(crate) async fn post(&self, headers: &[(&str, &str)], body: &str) -> Answer {
        let bearer = format!("Bearer {}", self.secret);
        let session = self.session.clone().unwrap_or_default();
        let mut all = vec![
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("accept", "application/json, text/event-stream"),
        ];
        if self.session.is_some() {
            all.push(("mcp-session-id", &session));
        }
        all.extend(headers);
        ask_tcp(self.at, "POST", "/mcp", &all, body).await
    }

    /// Asks as clients before 2026-07-28 do.
    pub(crate) async fn ask(&self, method: &str, params: Value) -> Value {
        let body = request(method, params);
        unwrapped(&self.post(&[("mcp-protocol-version", "2025-11-25")], &body).await)
    }

    /// Asks as those of 2026-07-28 do: the answer and its status.
    pub(crate) async fn ask_modern(
        &self,
        capabilities: Value,
        method: &str,
        mut params: Value,
    ) -> (u16, Value) {
        let named = ["name", "uri", "taskId"].iter().find_map(|name| params[name].as_str());
        let named = named.map(str::to_owned);
        params["_meta"] = modern_meta(capabilities);
        let mut headers = vec![("mcp-protocol-version", MODERN), ("mcp-method", method)];
        headers.extend(named.as_deref().map(|name| ("mcp-name", name)));
        let answer = self.post(&headers, &request(method, params)).await;
        (answer.status, unwrapped(&answer))
    }

    /// Calls a tool.
    pub(crate) async fn tool(&self, name: &str, arguments: Value) -> Value {
        let params = json!({ "name": name, "arguments": arguments });
        self.ask("tools/call", params).await["structuredContent"].clone()
    }

    /// Starts a flow from a text; its id.
    pub(crate) async fn run(&self, source: &str) -> String {
        let run = self.tool("flow_run", json!({ "source": source, "cwd": "/" })).await;
        run["flowId"].as_str().unwrap_or_else(|| panic!("{run}")).to_owned()
    }
}

pub(crate) fn modern_meta(capabilities: Value) -> Value {
    json!({
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientInfo": { "name": "test", "version": "0" },
        "io.modelcontextprotocol/clientCapabilities": capabilities,
    })
}

pub(crate) fn request(method: &str, params: Value) -> String {
    json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params }).to_string()
}

/// The result, or the error.
fn unwrapped(answer: &Answer) -> Value {
    let message = answer.json();
    assert_eq!(message["id"], 7, "{message}");
    let result = message.get("result").or(message.get("error"));
    result.unwrap_or_else(|| panic!("neither result nor error: {message}")).clone()
}

/// A way to a served home, as a process beside it has.
struct Beside {
    client: Client,
    session: String,
    within: Option<String>,
}

impl Door for Beside {
    fn enter(&self, _need: Need) -> Boxed<'_, Result<Room, ApiError>> {
        let caller = Caller { owner: Some(self.session.clone()), ..Caller::default() };
        let backend = Backend::Remote(self.client.clone()).as_caller(caller);
        Box::pin(async move { Ok(Room { backend, alone: false, leave: None }) })
    }

    fn access(&self) -> Access {
        Access::Admin
    }

    fn name(&self) -> String {
        self.session.clone()
    }

    fn within(&self) -> Option<String> {
        self.within.clone()
    }

    fn place(&self) -> Result<Place, ApiError> {
        Ok(Place { cwd: Some("/".to_owned()), ..Place::default() })
    }

    fn file(&self, _path: &str, _args: &Object) -> Result<FlowRunRequest, ApiError> {
        Err(ApiError::new("bad_request", "no files here"))
    }
}

/// A client on pipes.
pub(crate) struct Pipe {
    to: WriteHalf<DuplexStream>,
    from: Lines<BufReader<ReadHalf<DuplexStream>>>,
    next: u64,
    pub(crate) server: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl Pipe {
    pub(crate) fn to(served: &Served, session: &str, within: Option<&str>) -> Self {
        let client = Client::new(&served.socket);
        let within = within.map(str::to_owned);
        let door = Arc::new(Beside { client, session: session.to_owned(), within });
        let (near, far) = tokio::io::duplex(1 << 20);
        let (input, output) = tokio::io::split(far);
        let server = tokio::spawn(serve(door, input, output));
        let (from, to) = tokio::io::split(near);
        Self { to, from: BufReader::new(from).lines(), next: 0, server }
    }

    pub(crate) async fn write(&mut self, text: &str) {
        self.to.write_all(text.as_bytes()).await.unwrap();
    }

    /// Sends a request; its id.
    pub(crate) async fn send(&mut self, method: &str, params: Value) -> u64 {
        self.next += 1;
        let id = self.next;
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        self.write(&format!("{message}\n")).await;
        id
    }

    pub(crate) async fn read(&mut self) -> Value {
        let line = tokio::time::timeout(DEADLINE, self.from.next_line()).await;
        let line = line.expect("no answer in time").unwrap().expect("the server has ended");
        serde_json::from_str(&line).unwrap()
    }

    /// The result or error of one request; nothing else may come before it.
    pub(crate) async fn ask(&mut self, method: &str, params: Value) -> Value {
        let id = self.send(method, params).await;
        let message = self.read().await;
        assert_eq!(message["id"], id, "{message}");
        message.get("result").or(message.get("error")).unwrap().clone()
    }

    pub(crate) async fn tool(&mut self, name: &str, arguments: Value) -> Value {
        let params = json!({ "name": name, "arguments": arguments });
        self.ask("tools/call", params).await["structuredContent"].clone()
    }

    /// Says that no more comes.
    pub(crate) async fn close(&mut self) {
        self.to.shutdown().await.unwrap();
    }
}
