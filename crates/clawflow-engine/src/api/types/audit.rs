//! Requests and answers about audits.

use clawflow_core::Millis;
use clawflow_core::audit::{AuditCode, AuditCounts, Finding, Severity};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

record!(
    /// Asks what is wrong.
    #[derive(Default)]
    AuditRequest {
        /// Only findings of this severity.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        severity: Option<Severity>,
        /// Only these; empty: all.
        #[serde(default)]
        code: Vec<AuditCode>,
        /// At most so many (default 50, at most 1000).
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<usize>,
    }
);
record!(
    /// What is wrong: errors first, then what has been wrong for longer. A bound caller is told of
    /// its own records only.
    AuditResponse {
        /// When it was looked.
        at: Millis,
        /// All findings in numbers.
        counts: AuditCounts,
        /// Those that were asked for, in numbers.
        matching: AuditCounts,
        /// These, as many as were asked for.
        findings: Vec<Finding>,
    }
);
