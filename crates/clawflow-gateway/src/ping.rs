//! `/ping/SECRET`: a job reports about itself by fetching a URL. The secret is all that it shows.
//!
//! Limits: [`PING_BYTES`], and a rate of its own. Failure: what is not known is answered with 404,
//! always in the same words.

use crate::front::too_many;
use crate::host::Host;
use crate::http::drained;
use crate::limits::{PING_BYTES, SECRET_BYTES};
use crate::problem::Problem;
use axum::body::Body;
use axum::extract::{Query, Request};
use axum::http::{Response, Uri};
use axum::routing::MethodFilter;
use clawflow_engine::api::{ApiError, Ping};
use http_body_util::BodyExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What every path of a ping begins with.
pub(crate) const BELOW: &str = "/ping/";
/// The paths.
pub(crate) const PATHS: [&str; 2] = ["/ping/{secret}", "/ping/{secret}/{what}"];
/// Time that a ping's body may take.
const BODY_TIME: Duration = Duration::from_secs(10);

/// How it may be asked.
pub(crate) fn methods() -> MethodFilter {
    MethodFilter::GET.or(MethodFilter::POST).or(MethodFilter::HEAD)
}

/// Takes a ping.
pub(crate) async fn handle(host: Arc<Host>, request: Request) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let text = text(body).await;
    match take(&host, &parts.uri, text).await {
        Ok(()) => Response::new(Body::from("ok\n")),
        Err(problem) => problem.into_response(),
    }
}

async fn take(host: &Host, uri: &Uri, text: Option<String>) -> Result<(), Problem> {
    let mut words = uri.path().trim_start_matches(BELOW).split('/');
    let secret = words.next().unwrap_or_default();
    let token = match secret.len() <= SECRET_BYTES {
        true => host.api.ping_token(secret)?,
        false => None,
    };
    let token = token.ok_or_else(|| ApiError::new("not_found", "there is no such ping URL"))?;
    host.pings.take(token.token_id.as_str(), Instant::now()).map_err(too_many)?;
    let ping = word(words.next())?;
    host.api.ping(&token, ping, text, run(uri)?).await?;
    Ok(())
}

fn word(word: Option<&str>) -> Result<Ping, ApiError> {
    match word.unwrap_or_default() {
        "" => Ok(Ping::Exit(0)),
        "start" => Ok(Ping::Start),
        "fail" => Ok(Ping::Fail),
        "log" => Ok(Ping::Log),
        code => match code.parse::<u8>() {
            Ok(code) => Ok(Ping::Exit(code.into())),
            Err(_) => {
                let message = "after the secret comes `start`, `fail`, `log` or an exit code";
                Err(ApiError::new("bad_request", message))
            }
        },
    }
}

/// Which run is meant, if there may be some at once.
fn run(uri: &Uri) -> Result<Option<String>, ApiError> {
    let query = Query::<Vec<(String, String)>>::try_from_uri(uri);
    let Query(pairs) = query.map_err(|error| ApiError::new("bad_request", error.to_string()))?;
    let run = pairs.into_iter().find(|(name, _)| name == "rid").map(|(_, value)| value);
    Ok(run.filter(|run| !run.trim().is_empty()))
}

/// The beginning of the body, as text. A job must not fail of what it says.
async fn text(mut body: Body) -> Option<String> {
    let mut bytes = Vec::new();
    let read = async {
        while bytes.len() < PING_BYTES
            && let Some(Ok(frame)) = body.frame().await
        {
            bytes.extend_from_slice(frame.data_ref().map_or(&[], |data| &data[..]));
        }
    };
    let _ = tokio::time::timeout(BODY_TIME, read).await;
    drained(body).await;
    bytes.truncate(PING_BYTES);
    let text = String::from_utf8_lossy(&bytes).replace('\0', " ").trim().to_owned();
    (!text.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_few() {
        assert_eq!(word(None).unwrap(), Ping::Exit(0));
        assert_eq!(word(Some("")).unwrap(), Ping::Exit(0));
        assert_eq!(word(Some("137")).unwrap(), Ping::Exit(137));
        for bad in ["stop", "256", "-1", "START", "0x1", "start "] {
            assert_eq!(word(Some(bad)).unwrap_err().code, "bad_request", "{bad}");
        }
    }

    #[test]
    fn a_run_is_named_in_the_query() {
        let run = |uri: &str| run(&uri.parse().unwrap()).unwrap();
        assert_eq!(run("/ping/x?rid=a%20b"), Some("a b".to_owned()));
        assert_eq!(run("/ping/x?rid="), None);
        assert_eq!(run("/ping/x?other=1"), None);
    }
}
