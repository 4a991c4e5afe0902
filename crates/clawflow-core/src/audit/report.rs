//! All findings together.

use super::code::{AuditCode, AuditScope, Severity};
use super::finding::Finding;
use super::limits::FINDINGS_MAX;
use crate::Millis;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Findings in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditCounts {
    /// All.
    pub total: u64,
    /// Errors.
    pub errors: u64,
    /// Warnings.
    pub warnings: u64,
    /// By code; what is not there counts 0.
    pub by_code: BTreeMap<AuditCode, u64>,
}

impl AuditCounts {
    fn add(&mut self, finding: &Finding) {
        self.total += 1;
        match finding.severity {
            Severity::Error => self.errors += 1,
            Severity::Warn => self.warnings += 1,
        }
        *self.by_code.entry(finding.code).or_default() += 1;
    }
}

/// Gathers findings.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    counts: AuditCounts,
    findings: Vec<Finding>,
    idle: u64,
    idle_since: Option<Millis>,
    owner: Option<String>,
}

impl Audit {
    /// An audit of everything, or of what this owner may know of.
    #[must_use]
    pub fn new(owner: Option<String>) -> Self {
        Self { owner, ..Self::default() }
    }

    /// Adds what was found. What is only late because nobody drives it becomes one finding.
    pub fn add(&mut self, found: impl IntoIterator<Item = Finding>) {
        for finding in found {
            if self.owner.is_some() && finding.owner_key != self.owner {
                continue;
            }
            if finding.idle {
                self.idle += 1;
                self.idle_since = [self.idle_since, finding.since].into_iter().flatten().min();
                continue;
            }
            self.counts.add(&finding);
            if self.findings.len() < FINDINGS_MAX {
                self.findings.push(finding);
            }
        }
    }

    /// All in numbers, and the findings: errors first, then the older ones.
    #[must_use]
    pub fn finish(mut self, now: Millis) -> (AuditCounts, Vec<Finding>) {
        if self.idle > 0 {
            let detail = format!("nobody drives what waits here: {} things are late", self.idle);
            let (scope, code) = (AuditScope::Home, AuditCode::NotDriven);
            let hint = "clawflow gateway run";
            let found = Finding::new(scope, Severity::Error, code, detail, hint);
            let found = found.since(self.idle_since.unwrap_or(now), now);
            self.counts.add(&found);
            self.findings.push(found);
        }
        let order = |f: &Finding| (f.severity, f.age_ms);
        self.findings.sort_by(|a, b| order(b).cmp(&order(a)).then_with(|| a.id.cmp(&b.id)));
        (self.counts, self.findings)
    }

    /// Those of a severity and codes, in numbers and themselves.
    #[must_use]
    pub fn matching(
        findings: Vec<Finding>,
        severity: Option<Severity>,
        codes: &[AuditCode],
    ) -> (AuditCounts, Vec<Finding>) {
        let wanted = |f: &Finding| {
            severity.is_none_or(|severity| severity == f.severity)
                && (codes.is_empty() || codes.contains(&f.code))
        };
        let found: Vec<Finding> = findings.into_iter().filter(wanted).collect();
        let mut counts = AuditCounts::default();
        found.iter().for_each(|finding| counts.add(finding));
        (counts, found)
    }
}
