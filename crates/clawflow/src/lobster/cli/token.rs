//! Names of a gate: the token that Lobster's callers keep, and the short id that people type. Both
//! follow from the ids of the flow and the wait, so nothing has to be kept for them.

use super::outcome::Origin;
use super::trouble::Trouble;
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use clawflow_core::hash::sha256;
use clawflow_core::ids::{FlowId, WaitId};
use serde_json::{Value, json};

/// Without `=` at the end; with it is read as well.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_encode_padding(false)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// A gate of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Gate {
    /// What the run was made from.
    pub(super) origin: Origin,
    /// The flow.
    pub(super) flow: FlowId,
    /// The wait.
    pub(super) wait: WaitId,
}

impl Gate {
    /// Its name as it is in tokens and files.
    pub(super) fn key(&self) -> String {
        let plain = |id: &str| id.split_once('_').map_or(id, |(_, rest)| rest).to_owned();
        let (flow, wait) = (plain(self.flow.as_str()), plain(self.wait.as_str()));
        match self.origin {
            Origin::Workflow => format!("workflow_resume_{flow}_{wait}"),
            Origin::Pipeline => format!("pipeline_resume_{flow}_{wait}"),
        }
    }

    /// The gate of a name; `None` for a name that is of no gate here.
    pub(super) fn of_key(key: &str) -> Option<Self> {
        let kinds = [
            ("workflow_resume_", Origin::Workflow),
            ("workflow-resume_", Origin::Workflow),
            ("pipeline_resume_", Origin::Pipeline),
        ];
        let (rest, origin) =
            kinds.iter().find_map(|(prefix, kind)| Some((key.strip_prefix(prefix)?, *kind)))?;
        let (flow, wait) = rest.split_once('_')?;
        let is_id =
            |part: &str| part.len() == 26 && part.bytes().all(|c| c.is_ascii_alphanumeric());
        if !(is_id(flow) && is_id(wait)) {
            return None;
        }
        let flow = FlowId(format!("{}{flow}", FlowId::PREFIX));
        Some(Self { origin, flow, wait: WaitId(format!("{}{wait}", WaitId::PREFIX)) })
    }

    /// The token.
    pub(super) fn token(&self) -> String {
        let kind = match self.origin {
            Origin::Workflow => "workflow-file",
            Origin::Pipeline => "pipeline-resume",
        };
        let token = json!({ "protocolVersion": 1, "v": 1, "kind": kind, "stateKey": self.key() });
        BASE64.encode(token.to_string())
    }
}

/// What a token names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    /// What the run was made from, by the token.
    pub(super) origin: Origin,
    /// The gate; `None` if it is not one of ours, or of another kind of run.
    pub(super) gate: Option<Gate>,
}

/// Reads a token.
///
/// # Errors
/// A text that is no token, or one of another version.
pub(super) fn read(token: &str) -> Result<Named, Trouble> {
    let invalid = || Trouble::parse("Invalid token");
    let standard = token.trim().replace('+', "-").replace('/', "_");
    let bytes = BASE64.decode(standard).map_err(|_| invalid())?;
    let token: Value = serde_json::from_slice(&bytes).map_err(|_| invalid())?;
    if !token.is_object() {
        return Err(invalid());
    }
    if token["protocolVersion"].as_f64() != Some(1.0) {
        return Err(Trouble::parse("Unsupported protocol version"));
    }
    if token["v"].as_f64() != Some(1.0) {
        return Err(Trouble::parse("Unsupported token version"));
    }
    let key = token["stateKey"].as_str().filter(|key| !key.is_empty());
    let origin = match (token["kind"].as_str(), key) {
        (Some("workflow-file"), Some(_)) => Origin::Workflow,
        (Some("pipeline-resume"), Some(_)) => Origin::Pipeline,
        (Some("workflow-file"), None) => return Err(Trouble::parse("Invalid workflow token")),
        _ => return Err(invalid()),
    };
    let gate = key.and_then(Gate::of_key).filter(|gate| gate.origin == origin);
    Ok(Named { origin, gate })
}

/// The short id of a wait: eight hexadecimal digits.
pub(super) fn short_id(wait: &WaitId) -> String {
    let mut id = sha256(wait.as_str());
    id.truncate(8);
    id
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate() -> Gate {
        Gate {
            origin: Origin::Pipeline,
            flow: FlowId("flow_01k3m5v7x9z1a3c5e7g9j1k3m5".to_owned()),
            wait: WaitId("wait_01k3m5v7x9z1a3c5e7g9j1k3m6".to_owned()),
        }
    }

    #[test]
    fn a_token_comes_back_as_what_it_names() {
        let named = read(&gate().token()).unwrap();
        assert_eq!(named, Named { origin: Origin::Pipeline, gate: Some(gate()) });
        let mut padded = gate().token();
        padded.push_str(&"=".repeat(padded.len().wrapping_neg() % 4));
        assert_eq!(read(&padded).unwrap(), named);
    }

    #[test]
    fn what_is_no_token_is_told_apart() {
        let said = |text: &str| read(text).unwrap_err().message;
        let made = |json: Value| BASE64.encode(json.to_string());
        for text in ["", "x", "\u{0}", "bnVsbA", "W10", &"A".repeat(1 << 20)] {
            assert_eq!(said(text), "Invalid token");
        }
        assert_eq!(said(&made(json!({}))), "Unsupported protocol version");
        assert_eq!(said(&made(json!({"protocolVersion": 1}))), "Unsupported token version");
        let v1 = |kind: &str| made(json!({"protocolVersion": 1, "v": 1, "kind": kind}));
        assert_eq!(said(&v1("workflow-file")), "Invalid workflow token");
        assert_eq!(said(&v1("pipeline-resume")), "Invalid token");
        assert_eq!(said(&v1("other")), "Invalid token");
        let foreign = made(json!({
            "protocolVersion": 1, "v": 1, "kind": "workflow-file", "stateKey": gate().key()
        }));
        assert_eq!(read(&foreign).unwrap(), Named { origin: Origin::Workflow, gate: None });
    }

    #[test]
    fn names_of_elsewhere_are_no_gates() {
        for key in ["", "workflow_resume_", "pipeline_resume_a_b", "pipeline_resume_../../etc_x"] {
            assert_eq!(Gate::of_key(key), None);
        }
        assert_eq!(short_id(&gate().wait).len(), 8);
    }
}
