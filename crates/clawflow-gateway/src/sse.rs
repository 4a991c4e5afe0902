//! The feed of events: what has happened, in the order of its commits, to whoever stays to listen.
//!
//! Use: `GET /v1/events/stream`; an event's id is its `seq`, and a client that comes back says the
//! last one that it has, in `Last-Event-ID`.
//! Limits: so many streams at once ([`crate::streams`]); each holds one page of
//! [`STREAM_PAGE`] events and reads the next one when the client has taken it: a slow client
//! costs no memory and misses nothing. The store is asked only when the feed says that there may be
//! something for the client.
//! Failure: a client that takes nothing is cut off by its connection; a store that cannot be read
//! ends the stream, and so does the stop of the server or the end of the token.

use crate::caller::{self, NoCaller};
use crate::host::Host;
use crate::limits::{STREAM_ALIVE, STREAM_BYTES, STREAM_PAGE};
use crate::problem::Problem;
use crate::streams::StreamPlace;
use crate::visitor::Visitor;
use axum::body::{Body, Bytes};
use axum::extract::{Query, Request};
use axum::http::{HeaderMap, HeaderValue, Response, header, request::Parts};
use clawflow_core::event::StoredEvent;
use clawflow_core::token::Access;
use clawflow_engine::Feed;
use clawflow_engine::api::{ApiError, Call, Caller, FlowEvents, FlowEventsRequest};
use clawflow_store::StoreError;
use clawflow_store::query::EventFilter;
use hyper::body::Frame;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::sync::watch;
use tokio::task::yield_now;
use tokio::time::{Instant, sleep_until};

/// Where it is.
pub(crate) const PATH: &str = "/v1/events/stream";
/// Its name, as of a call.
pub(crate) const NAME: &str = "event.stream";
/// What it does, in one line.
pub(crate) const SUMMARY: &str = "Streams events as they happen, as server-sent events.";
/// What a client may ask for.
pub(crate) const FIELDS: &[&str] = &["flow", "after"];
/// Who may ask.
pub(crate) const ACCESS: Access = Access::Read;
/// The header of the last event that a client has.
pub(crate) const LAST: &str = "last-event-id";
/// When to come back after the stream broke.
const RETRY: &str = "retry: 1000\n\n";
/// What says that the stream is alive.
const ALIVE: &str = ": alive\n\n";

/// Answers with a stream.
pub(crate) async fn handle(host: Arc<Host>, request: Request) -> Response<Body> {
    let (parts, _) = request.into_parts();
    match open(host, &parts).await {
        Ok(stream) => {
            let mut response = Response::new(Body::new(Events::new(stream)));
            let set = |response: &mut Response<Body>, name, value| {
                response.headers_mut().insert(name, HeaderValue::from_static(value));
            };
            set(&mut response, header::CONTENT_TYPE, "text/event-stream");
            set(&mut response, header::CACHE_CONTROL, "no-store");
            response
        }
        Err(error) => Problem::from(error).into_response(),
    }
}

async fn open(host: Arc<Host>, parts: &Parts) -> Result<Stream, ApiError> {
    let visitor = parts.extensions.get::<Visitor>().cloned();
    let visitor = visitor.ok_or_else(|| ApiError::new("internal", "nobody was let in"))?;
    visitor.may(ACCESS)?;
    let caller = caller::of(&parts.headers, &visitor).map_err(NoCaller::forbidden)?;
    let asked = Asked::read(parts)?;
    let token = visitor.token.as_ref().map(|token| token.token_id.0.clone());
    let place = host.streams.take(token)?;
    // Before the first look into the store: what happens after it is told.
    let feed = host.api.engine().feed();
    let subject = match &asked.flow {
        Some(token) => Some(subject(&host, &caller, token).await?),
        None => None,
    };
    let seen = host.api.engine().store().last_seq()?;
    let after = asked.after.unwrap_or(seen);
    let cursor = if subject.is_some() { 0 } else { after };
    let stopping = host.stopping.subscribe();
    Ok(Stream {
        visitor,
        owner: caller.owner,
        subject,
        after,
        cursor,
        seen,
        behind: true,
        feed,
        stopping,
        page: VecDeque::new(),
        alive: Instant::now() + STREAM_ALIVE,
        hello: true,
        host,
        _place: place,
    })
}

/// The flow or task that the caller means. Each has at least the event of its creation.
async fn subject(host: &Host, caller: &Caller, token: &str) -> Result<String, ApiError> {
    let api = host.api.as_caller(caller.clone());
    let first = FlowEventsRequest { flow: Some(token.to_owned()), after: 0, limit: Some(1) };
    let events = FlowEvents::run(&api, first).await?.events;
    let first = events.into_iter().next();
    first.map(|first| first.event.subject).ok_or_else(|| {
        ApiError::new("not_found", "the flow has no history").hint("clawflow flows list")
    })
}

/// What a client asks for.
#[derive(Debug, Default, PartialEq, Eq)]
struct Asked {
    flow: Option<String>,
    after: Option<u64>,
}

impl Asked {
    fn read(parts: &Parts) -> Result<Self, ApiError> {
        let bad = |why: String| ApiError::new("bad_request", why);
        let query = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let Query(pairs) = query.map_err(|error| bad(error.to_string()))?;
        let mut asked = Self::default();
        for (name, value) in pairs {
            let again = match name.as_str() {
                "flow" => asked.flow.replace(value).is_some(),
                "after" => asked.after.replace(number(&value, "after")?).is_some(),
                _ => {
                    let known = FIELDS.join(", ");
                    return Err(bad(format!("unknown field `{name}`, expected {known}")));
                }
            };
            if again {
                return Err(bad(format!("field `{name}`: given more than once")));
            }
        }
        if let Some(last) = last(&parts.headers)? {
            asked.after = Some(last);
        }
        Ok(asked)
    }
}

/// Where a client was that comes back.
fn last(headers: &HeaderMap) -> Result<Option<u64>, ApiError> {
    let Some(value) = headers.get(LAST) else { return Ok(None) };
    number(value.to_str().unwrap_or_default().trim(), "Last-Event-ID").map(Some)
}

fn number(text: &str, what: &str) -> Result<u64, ApiError> {
    text.parse().map_err(|_| ApiError::new("bad_request", format!("{what} is no event's number")))
}

/// One client's place in the history.
struct Stream {
    host: Arc<Host>,
    visitor: Visitor,
    owner: Option<String>,
    subject: Option<String>,
    /// Seq of the last event that the client had when it came.
    after: u64,
    /// How far it was read: the number of a subject's last event, else its seq.
    cursor: u64,
    /// Seq up to which nothing is left for the client, once it is not behind.
    seen: u64,
    /// There may be something in the store for it.
    behind: bool,
    feed: Feed,
    stopping: watch::Receiver<bool>,
    page: VecDeque<StoredEvent>,
    /// When the client is told next that the stream is alive.
    alive: Instant,
    hello: bool,
    _place: StreamPlace,
}

impl Stream {
    /// The next piece of the stream, as soon as there is one; `None` at its end.
    async fn next(mut self) -> Option<(Self, Bytes)> {
        if std::mem::take(&mut self.hello) {
            // A client that is cut off before the first event goes on from here, too.
            let hello = format!("id: {}\n{RETRY}", self.after);
            return Some((self, Bytes::from(hello)));
        }
        loop {
            if *self.stopping.borrow() {
                return None;
            }
            let alive = Instant::now() >= self.alive;
            if alive && !self.stays() {
                return None;
            }
            if let Err(error) = self.read().await {
                tracing::warn!("a stream of events ends: {error}");
                return None;
            }
            if let Some(piece) = self.piece() {
                return Some((self, piece));
            }
            if alive {
                return Some((self, Bytes::from_static(ALIVE.as_bytes())));
            }
            tokio::select! {
                _ = self.feed.changed() => {}
                () = sleep_until(self.alive) => {}
                // An error would mean that the host is gone, and so is the server.
                _ = self.stopping.changed() => {}
            }
        }
    }

    /// Whether the client may stay, asked now and then.
    fn stays(&mut self) -> bool {
        self.alive = Instant::now() + STREAM_ALIVE;
        self.behind = true;
        self.visitor.stays(&self.host.api).unwrap_or(false)
    }

    /// Reads the next page, if the last one has been taken and there may be one.
    async fn read(&mut self) -> Result<(), StoreError> {
        if !self.behind {
            let (owner, subject) = (self.owner.as_deref(), self.subject.as_deref());
            match self.feed.passed(self.seen, owner, subject) {
                Some(seen) => self.seen = seen,
                None => self.behind = true,
            }
        }
        while self.behind && self.page.is_empty() {
            // What the feed tells is on disk before: the look into the store finds all of it.
            let newest = self.feed.newest();
            let filter = self.filter();
            let events = self.host.api.engine().store().events(&filter)?;
            self.behind = events.len() == filter.limit;
            if let Some(last) = events.last() {
                self.cursor = if self.subject.is_some() { last.event.number } else { last.seq };
            }
            let (owner, after) = (self.owner.as_deref(), self.after);
            let wanted = |event: &StoredEvent| {
                event.seq > after && owner.is_none_or(|key| event.event.owner_key == key)
            };
            self.page.extend(events.into_iter().filter(wanted));
            if self.behind {
                // A long history must not hold up the others of this thread.
                yield_now().await;
            } else {
                self.seen = self.seen.max(newest);
            }
        }
        Ok(())
    }

    fn filter(&self) -> EventFilter {
        EventFilter {
            subject: self.subject.clone(),
            owner_key: self.owner.clone(),
            after: self.cursor,
            limit: STREAM_PAGE,
        }
    }

    /// What fits into one piece, at least one event.
    fn piece(&mut self) -> Option<Bytes> {
        let mut piece = Vec::new();
        while piece.len() < STREAM_BYTES {
            let Some(event) = self.page.pop_front() else { break };
            write(&event, &mut piece);
        }
        (!piece.is_empty()).then(|| Bytes::from(piece))
    }
}

/// One event as the format of server-sent events has it. JSON has no line breaks, kinds have none
/// either.
fn write(event: &StoredEvent, into: &mut Vec<u8>) {
    let kind: String = event.event.kind.chars().filter(|c| !c.is_control()).collect();
    into.extend_from_slice(format!("id: {}\nevent: {kind}\ndata: ", event.seq).as_bytes());
    // invariant: an event came from JSON, and a vector takes every byte.
    let _ = serde_json::to_writer(&mut *into, event);
    into.extend_from_slice(b"\n\n");
}

type Next = Pin<Box<dyn Future<Output = Option<(Stream, Bytes)>> + Send>>;

/// A stream as a body: the next piece is made when the one before has been taken.
struct Events(Option<Next>);

impl Events {
    fn new(stream: Stream) -> Self {
        Self(Some(Box::pin(stream.next())))
    }
}

impl hyper::body::Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(next) = &mut self.0 else { return Poll::Ready(None) };
        match ready!(next.as_mut().poll(cx)) {
            Some((stream, piece)) => {
                self.0 = Some(Box::pin(stream.next()));
                Poll::Ready(Some(Ok(Frame::data(piece))))
            }
            None => {
                self.0 = None;
                Poll::Ready(None)
            }
        }
    }
}
