//! `/mcp`: the server over streamable HTTP. Every request stands for itself; there is nothing to
//! lose when the gateway stops.
//!
//! Who asks is who the token says, as for every call of the gateway. Answers are single JSON
//! objects; only `tasks/result`, which waits for the end of a flow, is a stream.

use super::asker::{Asked, Asker};
use super::client::{Client, MODERN, versions};
use super::http_door::HttpDoor;
use super::http_stream::Stream;
use super::limits::OUTBOX_MAX;
use super::message::{
    self, BUSY, Fault, HEADER_MISMATCH, METHOD_NOT_FOUND, MISSING_CAPABILITY, Message,
    UNSUPPORTED_VERSION,
};
use super::{call, server, tasks};
use crate::caller::{self, NoCaller};
use crate::host::Host;
use crate::http::body_bytes;
use crate::limits::STOP_ANSWER;
use crate::problem::Problem;
use crate::visitor::Visitor;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clawflow_core::json::Object;
use clawflow_core::token::Access;
use clawflow_engine::api::ApiError;
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Where it is.
pub(crate) const PATH: &str = "/mcp";
const VERSION: &str = "mcp-protocol-version";
const METHOD: &str = "mcp-method";
const NAME: &str = "mcp-name";
const SESSION: &str = "mcp-session-id";
/// What a session is called whose client asks people: the name is all that there is to a session.
const ELICITS: &str = "elicits";
const SILENT: &str = "plain";

/// Answers one message.
pub(crate) async fn handle(host: Arc<Host>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let visitor = parts.extensions.get::<Visitor>().cloned();
    let visitor = visitor.ok_or_else(|| ApiError::new("internal", "nobody was let in"));
    let bytes = body_bytes(&parts.headers, body).await;
    let entered = visitor.and_then(|visitor| {
        visitor.may(Access::Read)?;
        let caller = caller::of(&parts.headers, &visitor).map_err(NoCaller::forbidden)?;
        Ok((visitor, caller))
    });
    let ((visitor, caller), bytes) = match (entered, bytes) {
        (Ok(entered), Ok(bytes)) => (entered, bytes),
        (Err(error), _) => return Problem::from(error).into_response(),
        (_, Err(problem)) => return problem.into_response(),
    };
    let door = Arc::new(HttpDoor { host: host.clone(), visitor: visitor.clone(), caller });
    match message::read(&bytes) {
        Err(unread) => {
            let (id, fault) = *unread;
            written(StatusCode::BAD_REQUEST, &message::answer(id, Err(fault)))
        }
        Ok(Message::Notification { .. }) => empty(),
        Ok(Message::Response { id, result }) => {
            let asker =
                Asker { door, client: Client::default(), say: None, asked: Asked::default() };
            if let Some(result) = result {
                tasks::answered(&asker, &id, &result).await;
            }
            empty()
        }
        Ok(Message::Request { id, method, params }) => {
            let client = match client(&parts.headers, &method, &params) {
                Ok(client) => client,
                Err(fault) => {
                    let answer = message::answer(id, Err(fault));
                    return written(StatusCode::BAD_REQUEST, &answer);
                }
            };
            let asker = Asker { door, client, say: None, asked: Asked::default() };
            match method.as_str() {
                "tasks/result" if !asker.client.modern => stream(&host, asker, id, params, visitor),
                _ => answer(&host, asker, id, method, params).await,
            }
        }
    }
}

/// The client that headers and message tell of.
fn client(headers: &HeaderMap, method: &str, params: &Object) -> Result<Client, Fault> {
    let elicits = headers.get(SESSION).is_some_and(|id| {
        id.to_str().is_ok_and(|id| id.rsplit_once('-').is_some_and(|(_, how)| how == ELICITS))
    });
    let client = Client::of(params, &Client { elicits, ..Client::default() })?;
    let version = one(headers, VERSION)?;
    if let Some(version) = version
        && !versions().contains(&version)
    {
        let fault = Fault::new(UNSUPPORTED_VERSION, "this protocol version is not spoken here");
        let asked = clawflow_core::limits::cut(version, 40);
        return Err(fault.data(json!({ "supported": versions(), "requested": asked })));
    }
    if client.modern != (version == Some(MODERN)) {
        return Err(mismatch(format!("the header {VERSION} and `_meta` name different versions")));
    }
    if client.modern {
        same(headers, method, params)?;
    }
    Ok(client)
}

/// Refuses a message that is not what its headers say: something on the way may have let it pass
/// because of them.
fn same(headers: &HeaderMap, method: &str, params: &Object) -> Result<(), Fault> {
    if one(headers, METHOD)? != Some(method) {
        return Err(mismatch(format!("the header {METHOD} does not name the method")));
    }
    let field = match method {
        "tools/call" | "prompts/get" => "name",
        "resources/read" => "uri",
        "tasks/get" | "tasks/update" | "tasks/cancel" => "taskId",
        _ => return Ok(()),
    };
    let Some(meant) = params.get(field).and_then(Value::as_str) else { return Ok(()) };
    let said = one(headers, NAME)?.map(|said| {
        let inner = said.strip_prefix("=?base64?").and_then(|said| said.strip_suffix("?="));
        match inner {
            Some(inner) => STANDARD.decode(inner).ok().and_then(|b| String::from_utf8(b).ok()),
            None => Some(said.to_owned()),
        }
    });
    match said.flatten().as_deref() == Some(meant) {
        true => Ok(()),
        false => Err(mismatch(format!("the header {NAME} does not name `{field}`"))),
    }
}

fn mismatch(why: String) -> Fault {
    Fault::new(HEADER_MISMATCH, why)
}

/// A header that comes at most once.
fn one<'a>(headers: &'a HeaderMap, name: &str) -> Result<Option<&'a str>, Fault> {
    let mut values = headers.get_all(name).iter();
    match (values.next().map(HeaderValue::to_str), values.next()) {
        (None, _) => Ok(None),
        (Some(Ok(value)), None) => Ok(Some(value)),
        _ => Err(mismatch(format!("the header {name} comes more than once, or is no text"))),
    }
}

/// Answers with one object. What changes something is not broken off when its client goes away.
async fn answer(
    host: &Arc<Host>,
    asker: Asker,
    id: Value,
    method: String,
    params: Object,
) -> Response<Body> {
    let looks = call::only_looks(&method, &params);
    let place = match looks {
        true => None,
        false => match host.commands.clone().try_acquire_owned() {
            Ok(place) => Some(place),
            Err(_) => {
                let fault = Fault::new(BUSY, "too many commands are being carried out");
                return written(StatusCode::OK, &message::answer(id, Err(fault)));
            }
        },
    };
    let session = (method == "initialize").then(|| session(&params));
    let modern = asker.client.modern;
    let work = tokio::spawn(async move {
        let _place = place;
        server::answer(&asker, &method, params).await
    });
    let _broken_off = looks.then(|| AbortOnDrop(work.abort_handle()));
    let mut stopping = host.stopping.subscribe();
    let stopped = async {
        // An error would mean that the host is gone, and so is the server.
        let _ = stopping.wait_for(|stopping| *stopping).await;
        if !looks {
            tokio::time::sleep(STOP_ANSWER).await;
        }
    };
    let outcome = tokio::select! {
        done = work => done.unwrap_or_else(|error| {
            Err(Fault::new(message::INTERNAL_ERROR, error.to_string()))
        }),
        () = stopped => Err(Fault::new(BUSY, "the server is stopping")),
    };
    let status = status(modern, outcome.as_ref().err());
    let mut response = written(status, &message::answer(id, outcome));
    if let Some(session) = session.and_then(|session| HeaderValue::try_from(session).ok()) {
        response.headers_mut().insert(SESSION, session);
    }
    response
}

/// What becomes of a request when nobody waits for its answer.
pub(super) struct AbortOnDrop(pub(super) tokio::task::AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The status of an answer. Before 2026-07-28 an error of the protocol is an answer like another.
fn status(modern: bool, fault: Option<&Fault>) -> StatusCode {
    match fault.map(|fault| fault.code).filter(|_| modern) {
        Some(UNSUPPORTED_VERSION | MISSING_CAPABILITY | HEADER_MISMATCH) => StatusCode::BAD_REQUEST,
        Some(METHOD_NOT_FOUND) => StatusCode::NOT_FOUND,
        _ => StatusCode::OK,
    }
}

/// The name of a session. It is good for nothing but to tell later requests what the client can
/// do: who asks is said by the token of each.
fn session(params: &Object) -> String {
    let how = if Client::initialized(params).elicits { ELICITS } else { SILENT };
    let mut random = [0_u8; 16];
    // Without it the name is only not unique, which nothing depends on.
    let _ = rustix::rand::getrandom(&mut random, rustix::rand::GetRandomFlags::empty());
    let random: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{random}-{how}")
}

/// Answers with a stream, on which the client may be asked something before the answer comes.
fn stream(
    host: &Arc<Host>,
    asker: Asker,
    id: Value,
    params: Object,
    visitor: Visitor,
) -> Response<Body> {
    let token = visitor.token.as_ref().map(|token| token.token_id.0.clone());
    let place = match host.streams.take(token) {
        Ok(place) => place,
        Err(error) => return written(StatusCode::OK, &message::answer(id, Err(error.into()))),
    };
    let (say, said) = mpsc::channel(OUTBOX_MAX);
    let asker = Asker { say: Some(say.clone()), ..asker };
    let work = tokio::spawn(async move {
        let outcome = server::answer(&asker, "tasks/result", params).await;
        // A client that is gone hears nothing.
        let _ = say.send(message::answer(id, outcome)).await;
    });
    let work = AbortOnDrop(work.abort_handle());
    let body = Stream::new(host.clone(), visitor, said, work, place);
    let mut response = Response::new(Body::new(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn written(status: StatusCode, message: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(message.to_string()));
    *response.status_mut() = status;
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// The answer to what wants none.
fn empty() -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::ACCEPTED;
    response
}
