//! Idempotency keys: the same key with the same content is the same command, and gets the first
//! answer again.

use super::{Api, ApiError, Call};
use crate::clock::now;
use clawflow_core::Millis;
use clawflow_core::hash::hex;
use clawflow_core::idempotency::{KEPT_MS, Outcome};
use clawflow_core::limits::KEY_CHARS_MAX;
use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use std::future::Future;

/// Field of a request that has the key; the hash of the content leaves it out.
const KEY_FIELD: &str = "idempotencyKey";

/// One use of an idempotency key.
#[derive(Clone, Debug)]
pub(super) struct Once {
    owner_key: String,
    key: String,
    content_hash: String,
}

impl Once {
    /// The row to commit with what the command makes.
    pub(super) fn outcome(&self, at: Millis, answer: &impl Serialize) -> Outcome {
        Outcome {
            owner_key: self.owner_key.clone(),
            key: self.key.clone(),
            content_hash: self.content_hash.clone(),
            // Answers are plain records: their keys are text and their numbers finite.
            answer: serde_json::to_value(answer).unwrap_or_default(),
            created_at: at,
        }
    }
}

impl Api {
    /// Carries out `work` unless the key was used before: then the first answer again. `work`
    /// commits the outcome together with what it makes; of two at once the store takes one.
    ///
    /// # Errors
    /// Those of `work`; `key_conflict` if the key was used for something else.
    pub(super) async fn once<C: Call, F>(
        &self,
        owner_key: &str,
        request: &C::Request,
        work: impl FnOnce(Option<Once>) -> F,
    ) -> Result<C::Response, ApiError>
    where
        F: Future<Output = Result<C::Response, ApiError>>,
    {
        let Some(once) = once::<C>(owner_key, request)? else { return work(None).await };
        if let Some(answer) = self.answered_before::<C>(&once)? {
            return Ok(answer);
        }
        match work(Some(once.clone())).await {
            Ok(answer) => Ok(answer),
            // Another one with the same key may have been faster.
            Err(error) => match self.answered_before::<C>(&once)? {
                Some(answer) => Ok(answer),
                None => Err(error),
            },
        }
    }

    fn answered_before<C: Call>(&self, once: &Once) -> Result<Option<C::Response>, ApiError> {
        let made = self.engine.store().outcome(&once.owner_key, &once.key)?;
        let Some(made) = made.filter(|made| made.created_at.saturating_add(KEPT_MS) > now()) else {
            return Ok(None);
        };
        if made.content_hash != once.content_hash {
            let message = "the idempotency key was used before for something else";
            return Err(ApiError::new("key_conflict", message));
        }
        let answer = serde_json::from_value(made.answer).map_err(|error| {
            ApiError::new("internal", format!("the recorded answer cannot be read: {error}"))
        })?;
        Ok(Some(answer))
    }
}

fn once<C: Call>(owner_key: &str, request: &C::Request) -> Result<Option<Once>, ApiError> {
    let content = serde_json::to_value(request)
        .map_err(|error| ApiError::new("bad_request", error.to_string()))?;
    let Value::Object(mut content) = content else { return Ok(None) };
    let Some(Value::String(key)) = content.remove(KEY_FIELD) else { return Ok(None) };
    if key.trim().is_empty() || key.chars().count() > KEY_CHARS_MAX || key.contains('\0') {
        let message = format!("an idempotency key has 1 to {KEY_CHARS_MAX} characters, no NUL");
        return Err(ApiError::new("invalid", message));
    }
    let mut hash = Sha256::new();
    hash.update(C::NAME);
    hash.update([0]);
    hash.update(canonical(Value::Object(content)).to_string());
    let content_hash = hex(&hash.finalize());
    Ok(Some(Once { owner_key: owner_key.to_owned(), key, content_hash }))
}

/// The same value with the keys of its objects in order.
fn canonical(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(canonical).collect(),
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.into_iter().collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            let sorted: Map<_, _> =
                fields.into_iter().map(|(name, value)| (name, canonical(value))).collect();
            Value::Object(sorted)
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::canonical;
    use serde_json::json;

    #[test]
    fn the_order_of_keys_is_no_content() {
        let one = canonical(json!({ "b": [{ "y": 1, "x": null }], "a": 2 })).to_string();
        let two = canonical(json!({ "a": 2, "b": [{ "x": null, "y": 1 }] })).to_string();
        assert_eq!(one, two);
        assert_eq!(one, r#"{"a":2,"b":[{"x":null,"y":1}]}"#);
        assert_ne!(one, canonical(json!({ "a": 2, "b": [{ "x": null, "y": 2 }] })).to_string());
    }
}
