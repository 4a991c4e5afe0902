//! `flow_wait`: waits for a flow, at most so long, and tells in few words how it stands.

use super::asker::Asker;
use super::digest::{self, Cursor};
use super::door::{Need, Room};
use super::limits::{WAIT_MS_DEFAULT, WAIT_MS_MAX};
use super::tool::Done;
use clawflow_core::json::Object;
use clawflow_engine::api::{
    ApiError, Calls, FlowRef, FlowWait, FlowWaitRequest, FlowWaitResponse, FlowWhy,
};
use serde_json::Value;
use std::time::Duration;
use tokio::time::Instant;

/// What is waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    Attention,
    News,
    End,
}

/// The arguments.
struct Wanted {
    flow: String,
    cursor: Cursor,
    until: Until,
    timeout: Duration,
}

impl Wanted {
    fn read(args: &Object) -> Result<Self, ApiError> {
        let bad = |why: &str| ApiError::new("bad_request", why);
        let text = |name: &str| match args.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.as_str())),
            // A cursor without trouble is only a number.
            Some(Value::Number(_)) if name == "cursor" => Ok(None),
            Some(_) => Err(bad(&format!("`{name}` is no string"))),
        };
        let flow = text("flow")?.ok_or_else(|| bad("`flow` is missing"))?;
        let number = args.get("cursor").and_then(Value::as_u64).map(|number| number.to_string());
        let cursor = text("cursor")?.map(str::to_owned).or(number).unwrap_or_default();
        let until = match text("until")?.unwrap_or("attention") {
            "attention" => Until::Attention,
            "news" => Until::News,
            "end" => Until::End,
            _ => return Err(bad("`until` is none of attention, news and end")),
        };
        let ms = match args.get("timeoutMs") {
            None | Some(Value::Null) => WAIT_MS_DEFAULT,
            Some(ms) => ms.as_u64().ok_or_else(|| bad("`timeoutMs` is no whole number"))?,
        };
        Ok(Self {
            flow: flow.to_owned(),
            cursor: if cursor.is_empty() { Cursor::default() } else { Cursor::read(&cursor)? },
            until,
            timeout: Duration::from_millis(ms.min(WAIT_MS_MAX)),
        })
    }

    fn is_over(&self, news: &FlowWaitResponse) -> bool {
        let view = &news.view;
        match self.until {
            Until::End => view.flow.is_terminal(),
            Until::News => view.flow.is_terminal() || view.last_event > self.cursor.event,
            Until::Attention => self.cursor.calls_for(view),
        }
    }
}

/// Waits.
pub(super) async fn run(asker: &Asker, args: Object) -> Result<Done, ApiError> {
    let wanted = Wanted::read(&args)?;
    let deadline = Instant::now() + wanted.timeout;
    let mut room = asker.enter(Need::Records).await?;
    let mut first = look(&room, &wanted.flow, wanted.cursor.event, Duration::ZERO).await;
    let mut note = None;
    if let Ok(news) = &first
        && room.alone
        && !wanted.is_over(news)
    {
        // Nothing moves while nobody but this process holds the home.
        room.close().await;
        room = match asker.enter(Need::Work).await {
            Ok(room) => room,
            Err(error) => {
                note = Some(error);
                asker.enter(Need::Records).await?
            }
        };
        if note.is_none() {
            first = look(&room, &wanted.flow, wanted.cursor.event, Duration::ZERO).await;
        }
    }
    let outcome = match (first, note) {
        (Ok(news), None) => follow(&room, &wanted, news, deadline).await,
        (first, note) => first.map(|news| (news, note)),
    };
    let told = match outcome {
        Ok((news, note)) => Ok(told(&room, &news, note).await),
        Err(error) => Err(error),
    };
    room.close().await;
    told
}

/// Waits until it is over, or the time is.
async fn follow(
    room: &Room,
    wanted: &Wanted,
    mut news: FlowWaitResponse,
    deadline: Instant,
) -> Result<(FlowWaitResponse, Option<ApiError>), ApiError> {
    let flow = news.view.flow.flow_id.0.clone();
    let mut known = news.view.last_event;
    while !wanted.is_over(&news) {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        match look(room, &flow, known, left).await {
            Ok(later) => {
                known = later.view.last_event;
                news.events.extend(later.events);
                news.view = later.view;
            }
            // What is known of it is told all the same: the holder of the home went away.
            Err(error) if error.code == "unavailable" => return Ok((news, Some(error))),
            Err(error) => return Err(error),
        }
    }
    Ok((news, None))
}

async fn look(
    room: &Room,
    flow: &str,
    after_event: u64,
    timeout: Duration,
) -> Result<FlowWaitResponse, ApiError> {
    let request = FlowWaitRequest {
        flow: flow.to_owned(),
        after_event,
        timeout_ms: u64::try_from(timeout.as_millis()).unwrap_or(WAIT_MS_MAX),
        until_ended: false,
        until_rest: false,
    };
    Calls::call::<FlowWait>(&room.backend, request).await
}

async fn told(room: &Room, news: &FlowWaitResponse, note: Option<ApiError>) -> Done {
    let flow = &news.view.flow;
    // Without it the digest is only shorter.
    let why = match flow.is_terminal() {
        true => None,
        false => {
            let request = FlowRef { flow: flow.flow_id.0.clone() };
            Calls::call::<FlowWhy>(&room.backend, request).await.ok()
        }
    };
    let mut value = digest::of(&news.view, &news.events, why.as_ref());
    if let Some(error) = note {
        value["note"] = match error.hint {
            Some(hint) => format!("nothing moves it now: {}; {hint}", error.message).into(),
            None => format!("nothing moves it now: {}", error.message).into(),
        };
    }
    Done { value, flow: Some(flow.clone()) }
}
