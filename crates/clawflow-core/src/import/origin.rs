//! Where a record was taken over from, and the id that it gets for that.
//!
//! The id begins with the time at which the record was made, as all ids do, and ends with a part
//! that is made from its id in the other system. So it is the same whenever it is taken over, lists
//! have it where it belongs, and who knows its old id only finds it by that part.

use crate::Millis;
use crate::hash::sha256;
use crate::ids;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Bits of an id that stand for the id in the other system; the others are its time.
const PART_BITS: u32 = 80;
/// Hexadecimal digits of those bits.
const PART_DIGITS: usize = 20;
/// Characters of an id that stand for its time.
const TIME_CHARS: usize = 10;

/// Which record of another system this one was taken over from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Imported {
    /// The system: `openclaw`.
    pub system: String,
    /// Its id there; it is found by that as by its own.
    pub id: String,
    /// When it was last taken over.
    pub at: Millis,
    /// The revision or version that it had here then: if it still has it, nobody has changed it.
    pub revision: u64,
    /// What it was there then, hashed.
    pub digest: String,
}

/// The part of an id here that stands for an id in another system: 16 characters.
#[must_use]
pub fn id_part(system: &str, id: &str) -> String {
    ids::encode(part(system, id))[TIME_CHARS..].to_owned()
}

/// The number behind the id of a record of another system that was made at this time.
pub(crate) fn id_number(system: &str, id: &str, made_at: Millis) -> u128 {
    let made_at = u128::try_from(made_at).unwrap_or_default();
    (made_at << PART_BITS) | part(system, id)
}

fn part(system: &str, id: &str) -> u128 {
    let digits = &sha256(format!("{system}\0{id}"))[..PART_DIGITS];
    // invariant: a hash is written in hexadecimal digits.
    u128::from_str_radix(digits, 16).unwrap_or_default()
}

/// What a record is, as far as it is compared with what it was.
pub(crate) fn digest(record: &impl Serialize) -> String {
    // invariant: our records and JSON values are written without an error.
    sha256(serde_json::to_vec(record).unwrap_or_default())[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_ends_with_what_stands_for_the_one_there_whenever_it_was_made() {
        let part = id_part("openclaw", "3f2a9c1e");
        assert_eq!(part.len(), 16);
        for at in [0, 1, 1_790_000_000_000] {
            let id = ids::encode(id_number("openclaw", "3f2a9c1e", at));
            assert!(id.len() == 26 && id.ends_with(&part), "{id} {part}");
        }
        let early = ids::encode(id_number("openclaw", "z", 1));
        assert!(early < ids::encode(id_number("openclaw", "a", 2)));
        assert_ne!(part, id_part("openclaw", "3f2a9c1f"));
        assert_ne!(part, id_part("other", "3f2a9c1e"));
    }
}
