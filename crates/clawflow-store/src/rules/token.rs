//! Access tokens. Their hashes appear in no message.

use super::check::{View, version};
use super::shape::{invalid, once, versions};
use crate::error::ApplyError;
use clawflow_core::ids::TokenId;
use clawflow_core::unit::Unit;
use std::collections::BTreeSet;

fn name(id: &TokenId) -> String {
    format!("token {id}")
}

fn taken(id: &TokenId) -> ApplyError {
    invalid(&name(id), "its hash belongs to another token")
}

pub(super) fn shape(unit: &Unit, seen: &mut BTreeSet<String>) -> Result<(), ApplyError> {
    let mut hashes = BTreeSet::new();
    for change in &unit.tokens {
        let row = &change.row;
        let what = name(&row.token_id);
        versions(&what, change, row.version)?;
        if row.hash.is_empty() {
            return Err(invalid(&what, "it has no hash"));
        }
        once(seen, what)?;
        if !hashes.insert(&row.hash) {
            return Err(taken(&row.token_id));
        }
    }
    Ok(())
}

pub(super) fn check(unit: &Unit, view: &mut impl View) -> Result<(), ApplyError> {
    for change in &unit.tokens {
        let row = &change.row;
        version(change, view.token(row)?, || name(&row.token_id))?;
        if change.expected.is_none() && view.hash_owner(&row.hash)?.is_some() {
            return Err(taken(&row.token_id));
        }
    }
    Ok(())
}
