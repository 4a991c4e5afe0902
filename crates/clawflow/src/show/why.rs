//! Why a flow or task stands where it stands.

use super::time::{ago, now, until};
use crate::cli::escape;
use clawflow_core::Millis;
use clawflow_engine::api::WhyReason;

/// The reasons, when it moves by itself, and what would move it.
pub(crate) fn why_text(
    head: &str,
    reasons: &[WhyReason],
    earliest: Option<Millis>,
    commands: &[String],
) -> String {
    let now = now();
    let mut out = format!("{head}\n");
    for reason in reasons {
        let since = reason.since.map_or_else(String::new, |at| format!(", since {}", ago(at, now)));
        let end = reason.until.map_or_else(String::new, |at| format!(", until {}", until(at, now)));
        out.push_str(&format!("  {}{since}{end}\n", escape(&reason.text)));
    }
    if let Some(at) = earliest {
        out.push_str(&format!("it can move by itself at {}\n", until(at, now)));
    }
    if !commands.is_empty() {
        out.push_str("what would move it:\n");
    }
    for command in commands {
        out.push_str(&format!("  {}\n", escape(command)));
    }
    out
}
