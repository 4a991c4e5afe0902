//! On whose behalf a request is made: the headers `Clawflow-Session`, `Clawflow-Origin` and
//! `Clawflow-Actor`, and what the token allows of them.

use crate::limits::{NAME_BYTES, ORIGIN_BYTES};
use crate::visitor::Visitor;
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use clawflow_core::flow::Origin;
use clawflow_core::json::Object;
use clawflow_engine::api::{ApiError, Caller, Session};
use std::fmt::Write;

/// The session whose records are seen and changed, percent-encoded.
pub(crate) const SESSION: &str = "clawflow-session";
/// Where the session's requests come from: JSON, as base64url.
pub(crate) const ORIGIN: &str = "clawflow-origin";
/// How it is written: base64url, with padding or without.
pub(crate) const ORIGIN_CODE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
/// Who answers for the request, percent-encoded.
pub(crate) const ACTOR: &str = "clawflow-actor";

/// The caller that the headers and the token make.
///
/// # Errors
/// `bad_request` for a header that makes no sense, `invalid` for a blank session; `Foreign` for one
/// that the token does not reach.
pub(crate) fn of(headers: &HeaderMap, visitor: &Visitor) -> Result<Caller, NoCaller> {
    let asked = name(headers, SESSION)?;
    let requester_origin = origin(headers)?;
    let actor = actor(name(headers, ACTOR)?, visitor);
    let from = visitor.from.clone();
    let session_key = match (asked, visitor.owner()) {
        (None, None) => {
            return Ok(Caller { owner: None, origin: requester_origin, actor, from });
        }
        (Some(asked), None) => asked,
        (None, Some(owner)) => owner.to_owned(),
        (Some(asked), Some(owner)) if asked.trim() == owner => asked,
        (Some(_), Some(_)) => return Err(NoCaller::Foreign),
    };
    let caller = Session { session_key, requester_origin }.caller()?;
    Ok(Caller { actor: actor.or(caller.actor), from, ..caller })
}

/// Why there is no caller.
#[derive(Debug)]
pub(crate) enum NoCaller {
    /// The headers are wrong.
    Wrong(ApiError),
    /// They name a session that the token does not reach.
    Foreign,
}

impl From<ApiError> for NoCaller {
    fn from(error: ApiError) -> Self {
        Self::Wrong(error)
    }
}

impl NoCaller {
    /// What is said where no record is named.
    pub(crate) fn forbidden(self) -> ApiError {
        match self {
            Self::Wrong(error) => error,
            Self::Foreign => foreign(),
        }
    }

    /// What is said about it: of a record that is named, the same as if it were not there.
    pub(crate) fn told(self, path: &[(String, String)]) -> ApiError {
        match (self, path.first()) {
            (Self::Foreign, Some((what, token))) => not_found(what, token),
            (none, _) => none.forbidden(),
        }
    }
}

/// Not before the length is bounded: it comes back in the message.
fn not_found(what: &str, token: &str) -> ApiError {
    let mut shown: String = token.chars().take(80).collect();
    if shown.len() < token.len() {
        shown.push('…');
    }
    let error = ApiError::new("not_found", format!("{what} not found: {shown}"));
    match what {
        "flow" => error.hint("clawflow flows list"),
        "task" => error.hint("clawflow tasks list"),
        _ => error,
    }
}

fn foreign() -> ApiError {
    ApiError::new("forbidden", "the token is bound to another session")
}

/// A token's holder may say who of them it is, but not that it is somebody else.
fn actor(said: Option<String>, visitor: &Visitor) -> Option<String> {
    match (&visitor.token, said) {
        (None, said) => said,
        (Some(token), None) => Some(token.label.clone()),
        (Some(token), Some(said)) => Some(format!("{}/{said}", token.label)),
    }
}

/// A name in a header, percent-decoded.
pub(crate) fn name(headers: &HeaderMap, header: &str) -> Result<Option<String>, ApiError> {
    let wrong = |why: &str| ApiError::new("bad_request", format!("the header {header} {why}"));
    let mut values = headers.get_all(header).iter();
    let Some(value) = values.next() else { return Ok(None) };
    if values.next().is_some() {
        return Err(wrong("comes more than once"));
    }
    let text = decoded(value.as_bytes()).ok_or_else(|| wrong("is not percent-encoded UTF-8"))?;
    if text.is_empty() {
        return Err(wrong("is empty"));
    }
    if text.len() > NAME_BYTES {
        return Err(wrong(&format!("has more than {NAME_BYTES} bytes")));
    }
    if text.chars().any(char::is_control) {
        return Err(wrong("has a control character"));
    }
    Ok(Some(text))
}

fn origin(headers: &HeaderMap) -> Result<Option<Origin>, ApiError> {
    let wrong = |why: String| ApiError::new("bad_request", format!("the header {ORIGIN} {why}"));
    let Some(value) = headers.get(ORIGIN) else { return Ok(None) };
    if value.len() > ORIGIN_BYTES.div_ceil(3) * 4 {
        return Err(wrong(format!("has more than {ORIGIN_BYTES} bytes")));
    }
    let bytes = ORIGIN_CODE
        .decode(value.as_bytes())
        .map_err(|error| wrong(format!("is no base64url: {error}")))?;
    // By way of an object: serde would read a list as the fields in their order.
    serde_json::from_slice::<Object>(&bytes)
        .and_then(|fields| serde_json::from_value(fields.into()))
        .map(Some)
        .map_err(|error| wrong(format!("is no origin as JSON: {error}")))
}

pub(crate) fn decoded(bytes: &[u8]) -> Option<String> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let [first, tail @ ..] = rest {
        rest = tail;
        if *first != b'%' {
            out.push(*first);
            continue;
        }
        let [high, low, tail @ ..] = rest else { return None };
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let byte = digit(*high)? * 16 + digit(*low)?;
        out.push(u8::try_from(byte).ok()?);
        rest = tail;
    }
    String::from_utf8(out).ok()
}

/// Percent-encodes all but the characters that mean nothing anywhere in a URI.
pub(crate) fn escape(text: &str, into: &mut String) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            into.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(into, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        for text in ["agent:main:main", "näch/t ly?#%2F", "", " ", "%"] {
            let mut escaped = String::new();
            escape(text, &mut escaped);
            assert_eq!(decoded(escaped.as_bytes()).as_deref(), Some(text));
        }
        for bad in ["%", "%2", "%zz", "%ff", "%+1"] {
            assert_eq!(decoded(bad.as_bytes()), None, "{bad}");
        }
    }
}
