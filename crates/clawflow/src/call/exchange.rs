//! One question and its whole answer, redirects of the same server included.

use super::failure::{Failure, on_the_way};
use super::limits::{ANSWER_BYTES_MAX, REDIRECTS_MAX};
use super::target;
use clawflow_core::step::StepError;
use clawflow_gateway::outgoing;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Request, StatusCode, Uri};
use std::collections::BTreeMap;

/// What is sent.
#[derive(Clone)]
pub(super) struct Question {
    pub(super) method: Method,
    pub(super) url: Uri,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// What came back.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Reply {
    /// Status and reason, for people.
    pub(super) fn shown(&self) -> String {
        let reason = self.status.canonical_reason().unwrap_or_default();
        format!("status {} {reason}", self.status.as_u16()).trim_end().to_owned()
    }

    /// The body as text.
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// How long the server wants to be left alone, where it says so.
    pub(super) fn retry_after_ms(&self) -> Option<u64> {
        let text = self.headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            // More seconds than there are numbers are as good as the most.
            return Some(text.parse::<u64>().unwrap_or(u64::MAX).saturating_mul(1000));
        }
        let at = jiff::fmt::rfc2822::parse(text).ok()?.timestamp();
        let ms = at.as_millisecond() - jiff::Timestamp::now().as_millisecond();
        Some(u64::try_from(ms).unwrap_or_default())
    }

    /// Its headers as references can name them. Cookies are left out: they are secrets.
    pub(super) fn named_headers(&self) -> BTreeMap<String, String> {
        let mut named: BTreeMap<String, String> = BTreeMap::new();
        for (name, value) in &self.headers {
            if name == header::SET_COOKIE {
                continue;
            }
            let value = String::from_utf8_lossy(value.as_bytes());
            let all = named.entry(name.as_str().replace('-', "_")).or_default();
            if !all.is_empty() {
                all.push_str(", ");
            }
            all.push_str(&value);
        }
        named
    }
}

/// Asks, and follows redirects that stay with the same server unless `wanted` says that the
/// status is an answer.
pub(super) async fn ask(
    mut question: Question,
    wanted: impl Fn(u16) -> bool,
) -> Result<Reply, Failure> {
    for _ in 0..=REDIRECTS_MAX {
        let answer = once(&question).await?;
        let status = answer.head.status;
        let next = if wanted(status.as_u16()) { None } else { redirected(&question, &answer.head) };
        let Some(next) = next.transpose()? else {
            let headers = answer.head.headers.clone();
            let body = answer.body(ANSWER_BYTES_MAX).await.map_err(|error| on_the_way(&error))?;
            return Ok(Reply { status, headers, body });
        };
        question = next;
    }
    Err(StepError::new("redirect", format!("more than {REDIRECTS_MAX} redirects")))
}

async fn once(question: &Question) -> Result<outgoing::Answer, Failure> {
    let path = question.url.path_and_query().map_or("/", |path| path.as_str());
    let mut request = Request::new(Full::new(question.body.clone()));
    *request.method_mut() = question.method.clone();
    // invariant: the path of an address is an address.
    *request.uri_mut() = path.parse().unwrap_or_default();
    *request.headers_mut() = question.headers.clone();
    let sends = matches!(question.method, Method::POST | Method::PUT | Method::PATCH);
    if sends && question.body.is_empty() {
        // Servers want to be told that nothing follows.
        request.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
    }
    let authority = question.url.authority().map_or("", |authority| authority.as_str());
    if let Ok(host) = HeaderValue::from_str(authority) {
        request.headers_mut().insert(header::HOST, host);
    }
    // It is the user's own request: private addresses are as good as others.
    let sent = outgoing::send(&question.url, request, |_| true).await;
    sent.map_err(|error| on_the_way(&error))
}

/// The next request, if the answer is a redirect that a client may follow by itself.
fn redirected(
    question: &Question,
    head: &hyper::http::response::Parts,
) -> Option<Result<Question, Failure>> {
    let reads = matches!(question.method, Method::GET | Method::HEAD);
    let again = match head.status.as_u16() {
        301 | 302 => reads,
        303 => false,
        307 | 308 => true,
        _ => return None,
    };
    let location = head.headers.get(header::LOCATION)?;
    if !again && head.status != StatusCode::SEE_OTHER {
        return None;
    }
    let url = match location.to_str().map(|location| target::follow(&question.url, location)) {
        Ok(Ok(url)) => url,
        Ok(Err(error)) => return Some(Err(error)),
        Err(_) => return None,
    };
    if !target::same_origin(&question.url, &url) {
        let to = target::shown(&url);
        let why = format!("redirected to {to}, another server, which is not followed");
        return Some(Err(StepError::new("redirect", why)));
    }
    let mut next = Question { url, ..question.clone() };
    if !again && !reads {
        next.method = Method::GET;
        next.body = Bytes::new();
        next.headers.remove(header::CONTENT_TYPE);
    }
    Some(Ok(next))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(value: &str) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, HeaderValue::from_str(value).unwrap());
        let (status, body) = (StatusCode::TOO_MANY_REQUESTS, Bytes::new());
        Reply { status, headers, body }.retry_after_ms()
    }

    #[test]
    fn a_server_says_how_long_in_seconds_or_until_when() {
        assert_eq!(after("2"), Some(2000));
        assert_eq!(after(" 0 "), Some(0));
        assert_eq!(after(&"9".repeat(40)), Some(u64::MAX));
        assert_eq!(after("Sun, 06 Nov 1994 08:49:37 GMT"), Some(0), "it is over");
        let hours = after("Fri, 01 Jan 2100 00:00:00 GMT").unwrap() / 3_600_000;
        assert!(hours > 24, "{hours}");
        for wrong in ["", "-1", "1.5", "soon", "1 2", "+3"] {
            assert_eq!(after(wrong), None, "{wrong}");
        }
    }
}
