//! Which names this server answers to, and which web pages may call it.
//!
//! A page in a browser on this machine can send requests to any address that the machine reaches.
//! What it cannot choose are the headers `Host` and `Origin`: the first betrays a name that was
//! made to point here (DNS rebinding), the second a page of somebody else.

use crate::peer::Line;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, Uri, header};
use clawflow_engine::api::ApiError;
use std::net::{IpAddr, Ipv6Addr};

/// What a page may send beside what browsers allow anyway.
const HEADERS: &str = "authorization, content-type, idempotency-key, if-match, last-event-id, \
                       clawflow-session, clawflow-origin, clawflow-actor, mcp-protocol-version, \
                       mcp-session-id, mcp-method, mcp-name";
/// What a page may read of an answer beside what browsers show anyway.
const EXPOSED: &str = "etag, retry-after, mcp-session-id";
/// How long a browser may remember what a preflight said, in seconds.
const REMEMBERED: &str = "600";

/// The names and pages that are let in over TCP.
pub(crate) struct Guests {
    hosts: Vec<String>,
    origins: Vec<HeaderValue>,
}

impl Guests {
    /// Those of the settings. An origin that no header can carry is none that ever comes.
    pub(crate) fn new(hosts: &[String], origins: &[String]) -> Self {
        Self {
            hosts: hosts.iter().map(|host| host.to_ascii_lowercase()).collect(),
            origins: origins
                .iter()
                .filter_map(|origin| origin.trim_end_matches('/').to_ascii_lowercase().parse().ok())
                .collect(),
        }
    }

    /// Refuses a request that is for another name.
    pub(crate) fn check_host(
        &self,
        line: Line,
        uri: &Uri,
        headers: &HeaderMap,
    ) -> Result<(), ApiError> {
        let Line::Tcp { local } = line else { return Ok(()) };
        let mut named = headers.get_all(header::HOST).iter();
        let (first, second) = (named.next(), named.next());
        let (Some(host), None) = (first.and_then(|host| host.to_str().ok()), second) else {
            return Err(forbidden("the request names no host, or several"));
        };
        // A request for a whole URI would be one for a proxy.
        let same = uri.authority().is_none_or(|authority| authority.as_str() == host);
        if same && self.knows(&host.to_ascii_lowercase(), local) {
            return Ok(());
        }
        Err(forbidden("this server does not answer to that host name")
            .hint("add it to gateway.allowed_hosts"))
    }

    fn knows(&self, host: &str, local: IpAddr) -> bool {
        let name = without_port(host);
        if self.hosts.iter().any(|known| known == host || known == name) {
            return true;
        }
        match address(name) {
            // An address cannot be made to point elsewhere.
            Some(address) => address.is_loopback() || address == local,
            None => name == "localhost",
        }
    }

    /// Whether the request comes from a web page that may call; refuses one that may not.
    pub(crate) fn check_origin(
        &self,
        line: Line,
        headers: &HeaderMap,
    ) -> Result<Option<HeaderValue>, ApiError> {
        if line == Line::Unix {
            return Ok(None);
        }
        let Some(origin) = headers.get(header::ORIGIN) else { return Ok(None) };
        match self.origins.iter().any(|known| known == origin) {
            true => Ok(Some(origin.clone())),
            false => Err(forbidden("web pages of that origin may not call")
                .hint("add it to gateway.allowed_origins")),
        }
    }
}

/// The answer to a browser that asks whether a page may send a request; `None` for anything else.
pub(crate) fn preflight(
    method: &Method,
    headers: &HeaderMap,
    origin: Option<&HeaderValue>,
) -> Option<Response<Body>> {
    let asked = headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    if method != Method::OPTIONS || !asked || origin.is_none() {
        return None;
    }
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let set = |response: &mut Response<Body>, name: HeaderName, value: &'static str| {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    };
    set(&mut response, header::ACCESS_CONTROL_ALLOW_METHODS, "GET, HEAD, POST");
    set(&mut response, header::ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
    set(&mut response, header::ACCESS_CONTROL_MAX_AGE, REMEMBERED);
    Some(response)
}

/// Lets the page that asked read the answer.
pub(crate) fn let_read(response: &mut Response<Body>, origin: HeaderValue) {
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    headers.append(header::VARY, HeaderValue::from_static("origin"));
}

fn forbidden(message: &str) -> ApiError {
    ApiError::new("forbidden", message)
}

/// The name in `name:port`; of an address in brackets the brackets stay.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) && !name.ends_with(':') => {
            name
        }
        _ => host,
    }
}

fn address(name: &str) -> Option<IpAddr> {
    match name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
        Some(inner) => inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => name.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn guests() -> Guests {
        let hosts = ["Flows.example.org".to_owned(), "other:8080".to_owned()];
        Guests::new(&hosts, &["https://App.example.org/".to_owned()])
    }

    #[test]
    fn only_known_names_are_answered_to() {
        let local = IpAddr::V4(Ipv4Addr::new(192, 168, 1, 5));
        let known = [
            "localhost",
            "localhost:7117",
            "127.0.0.1",
            "127.8.8.8:1",
            "[::1]",
            "[::1]:7117",
            "192.168.1.5:80",
            "flows.example.org",
            "flows.example.org:443",
            "other:8080",
        ];
        for host in known {
            assert!(guests().knows(host, local), "{host}");
        }
        let strange = [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "evil.example:7117",
            "192.168.1.6",
            "[::2]",
            "::1:x",
            "other",
            "other:81",
            "xflows.example.org",
            "a@localhost",
        ];
        for host in strange {
            assert!(!guests().knows(host, local), "{host}");
        }
    }

    #[test]
    fn only_listed_pages_may_call() {
        let line = Line::Tcp { local: IpAddr::V4(Ipv4Addr::LOCALHOST) };
        let check = |origin: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ORIGIN, origin.parse().unwrap());
            guests().check_origin(line, &headers)
        };
        assert!(check("https://app.example.org").unwrap().is_some());
        for origin in ["null", "https://evil.example", "http://app.example.org", "http://localhost"]
        {
            assert_eq!(check(origin).unwrap_err().code, "forbidden", "{origin}");
        }
        assert_eq!(guests().check_origin(line, &HeaderMap::new()).unwrap(), None);
    }
}
