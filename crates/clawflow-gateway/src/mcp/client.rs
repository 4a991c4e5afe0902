//! What a client says about itself: the protocol that it speaks, and what it can do.
//!
//! Before 2026-07-28 it says so once, in `initialize`; since then with every request.

use super::message::{Fault, UNSUPPORTED_VERSION};
use clawflow_core::json::Object;
use serde_json::{Value, json};

/// The revision in which every request stands for itself.
pub(crate) const MODERN: &str = "2026-07-28";
/// Those that begin with `initialize`, newest first.
pub(crate) const LEGACY: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
/// The key of the extension for tasks.
pub(crate) const TASKS: &str = "io.modelcontextprotocol/tasks";

const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const INFO: &str = "io.modelcontextprotocol/clientInfo";
const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// A client, as far as answers depend on it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Client {
    /// Whether it speaks 2026-07-28.
    pub(crate) modern: bool,
    /// Whether it asks people on behalf of a server.
    pub(crate) elicits: bool,
    /// Whether it takes tasks by the extension.
    pub(crate) tasks: bool,
}

/// Every version that is spoken, newest first.
pub(crate) fn versions() -> Vec<&'static str> {
    [MODERN].into_iter().chain(LEGACY).collect()
}

impl Client {
    /// The client of a request: what the request says itself, else what was said before.
    ///
    /// # Errors
    /// A version that is not spoken here, or a request that says only half of what it must.
    pub(crate) fn of(params: &Object, before: &Self) -> Result<Self, Fault> {
        let meta = params.get("_meta").and_then(Value::as_object);
        let Some(version) = meta.and_then(|meta| meta.get(VERSION)) else {
            return Ok(before.clone());
        };
        let version = version.as_str().unwrap_or_default();
        if version != MODERN {
            let asked = clawflow_core::limits::cut(version, 40);
            let fault = Fault::new(UNSUPPORTED_VERSION, "this protocol version is not spoken here");
            return Err(fault.data(json!({ "supported": versions(), "requested": asked })));
        }
        // invariant: the version was found in it.
        let meta = meta.cloned().unwrap_or_default();
        let capabilities = meta.get(CAPABILITIES).and_then(Value::as_object);
        let (Some(capabilities), true) = (capabilities, meta.get(INFO).is_some_and(is_info)) else {
            let why = format!("`_meta` lacks {INFO} or {CAPABILITIES}, or they make no sense");
            return Err(Fault::params(why));
        };
        let extension = capabilities.get("extensions").and_then(|all| all.get(TASKS));
        Ok(Self {
            modern: true,
            elicits: elicits(capabilities),
            tasks: extension.is_some_and(Value::is_object),
        })
    }

    /// The client that `initialize` tells of.
    pub(crate) fn initialized(params: &Object) -> Self {
        let capabilities = params.get("capabilities").and_then(Value::as_object);
        Self { elicits: capabilities.is_some_and(elicits), ..Self::default() }
    }
}

/// The version to speak with a client that begins with `initialize`: its own, if it is one of
/// these, else the newest of them.
pub(crate) fn negotiated(params: &Object) -> &'static str {
    let asked = params.get("protocolVersion").and_then(Value::as_str);
    LEGACY.into_iter().find(|known| Some(*known) == asked).unwrap_or(LEGACY[0])
}

fn is_info(info: &Value) -> bool {
    info.get("name").is_some_and(Value::is_string)
}

/// A form is what is meant where nothing is said.
fn elicits(capabilities: &Object) -> bool {
    let Some(Value::Object(how)) = capabilities.get("elicitation") else { return false };
    how.is_empty() || how.contains_key("form")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(version: &str, capabilities: Value) -> Object {
        let meta = json!({ VERSION: version, INFO: { "name": "t" }, CAPABILITIES: capabilities });
        Object::from_iter([("_meta".to_owned(), meta)])
    }

    #[test]
    fn a_modern_request_says_all_of_it() {
        let before = Client { elicits: true, ..Client::default() };
        assert_eq!(Client::of(&Object::new(), &before), Ok(before.clone()));
        let all = json!({ "elicitation": {}, "extensions": { TASKS: {} } });
        let modern = Client { modern: true, elicits: true, tasks: true };
        assert_eq!(Client::of(&request(MODERN, all), &before), Ok(modern));
        let none = Client { modern: true, ..Client::default() };
        assert_eq!(Client::of(&request(MODERN, json!({})), &before), Ok(none));
        let half = request(MODERN, json!(7));
        assert_eq!(Client::of(&half, &before).unwrap_err().code, -32602);
        for version in ["2027-01-01", "2025-11-25", ""] {
            let fault = Client::of(&request(version, json!({})), &before).unwrap_err();
            assert_eq!(fault.code, UNSUPPORTED_VERSION, "{version}");
        }
    }

    #[test]
    fn only_forms_are_asked_for() {
        let says = |elicitation: Value| {
            let params = json!({ "capabilities": { "elicitation": elicitation } });
            Client::initialized(params.as_object().unwrap()).elicits
        };
        assert!(says(json!({})) && says(json!({ "form": {}, "url": {} })));
        assert!(!says(json!({ "url": {} })) && !says(json!(true)));
    }

    #[test]
    fn the_newest_version_is_offered_to_strangers() {
        let negotiate =
            |version: Value| negotiated(json!({ "protocolVersion": version }).as_object().unwrap());
        assert_eq!(negotiate("2025-06-18".into()), "2025-06-18");
        for strange in [json!("2099-01-01"), json!(MODERN), json!(null), json!(7)] {
            assert_eq!(negotiate(strange), "2025-11-25");
        }
    }
}
