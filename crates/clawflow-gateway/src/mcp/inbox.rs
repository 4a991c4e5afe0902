//! `inbox`: the messages of the session, and their acknowledgement.

use super::asker::Asker;
use super::brief;
use super::door::Need;
use super::limits::WAIT_MS_MAX;
use super::tool::Done;
use super::tools::at_most;
use clawflow_core::json::Object;
use clawflow_core::token::Access;
use clawflow_engine::api::{ApiError, Calls, InboxAck, InboxAckRequest, InboxList};
use serde_json::{Value, json};

/// Acknowledges, then lists.
pub(super) async fn run(asker: &Asker, mut args: Object) -> Result<Done, ApiError> {
    let bad = || ApiError::new("bad_request", "`ack` is no list of ids");
    let ids: Vec<String> = match args.shift_remove("ack") {
        None | Some(Value::Null) => Vec::new(),
        Some(ids) => serde_json::from_value(ids).map_err(|_| bad())?,
    };
    at_most(&mut args, "limit", 100, Some(20));
    at_most(&mut args, "timeoutMs", WAIT_MS_MAX, None);
    let request = super::asker::request::<InboxList>(args)?;
    let acknowledges = !ids.is_empty();
    if acknowledges {
        asker.may(Access::Operate)?;
    }
    let room = asker.enter(Need::Records).await?;
    let acked = match acknowledges {
        true => {
            let request = InboxAckRequest { ids, by: asker.door.name() };
            Calls::call::<InboxAck>(&room.backend, request).await.map(|_| ())
        }
        false => Ok(()),
    };
    let page = match acked {
        Ok(()) => {
            // Nobody else could send one while this process holds the home.
            let timeout_ms = if room.alone { 0 } else { request.timeout_ms };
            let request = clawflow_engine::api::InboxListRequest { timeout_ms, ..request };
            Calls::call::<InboxList>(&room.backend, request).await
        }
        Err(error) => Err(error),
    };
    room.close().await;
    let page = page?;
    let messages: Vec<Value> = page.deliveries.iter().map(brief::message).collect();
    let mut value = json!({ "messages": messages });
    if let Some(next) = page.next {
        value["next"] = next.into();
    }
    Ok(value.into())
}
