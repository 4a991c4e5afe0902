//! Identifiers: a prefix that names the kind and 26 characters of Crockford base32.
//!
//! The number behind an id is a UUIDv7, so ids sort by creation time. It comes in through
//! [`IdSource`], because the core has neither a clock nor a random source.

use serde::{Deserialize, Serialize};

/// Crockford's alphabet in lower case: no `i`, `l`, `o`, `u`.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Where new ids come from: a UUIDv7 generator outside, a counter in tests.
pub trait IdSource {
    /// A number that was never returned before and is larger than those of earlier milliseconds.
    fn next_id(&mut self) -> u128;
}

/// Encodes 128 bits as 26 characters of lower-case Crockford base32.
#[must_use]
pub fn encode(number: u128) -> String {
    (0..26).rev().map(|i| ALPHABET[(number >> (5 * i) & 31) as usize] as char).collect()
}

macro_rules! id {
    ($(#[$meta:meta])* $name:ident, $prefix:literal) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[derive(schemars::JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// The prefix of ids of this kind.
            pub const PREFIX: &'static str = $prefix;

            /// A new id from the next number of `ids`.
            pub fn new(ids: &mut dyn IdSource) -> Self {
                Self(format!(concat!($prefix, "{}"), encode(ids.next_id())))
            }

            /// The whole id as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The last 8 characters, as tables show it.
            #[must_use]
            pub fn short(&self) -> &str {
                let cut = self.0.char_indices().rev().nth(7).map_or(0, |(at, _)| at);
                &self.0[cut..]
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }
    };
}

id!(
    /// Names a flow.
    FlowId, "flow_"
);
id!(
    /// Names a task: one attempt of one piece of work.
    TaskId, "task_"
);
id!(
    /// Names a wait.
    WaitId, "wait_"
);
id!(
    /// Names a message that is owed to an owner.
    DeliveryId, "dlv_"
);
id!(
    /// Names an event from outside that nobody waited for yet.
    SignalId, "sig_"
);
id!(
    /// Names a schedule.
    ScheduleId, "sched_"
);
id!(
    /// Names a run of a schedule, or slots of it that were skipped together.
    RunId, "run_"
);
id!(
    /// Names an access token; it is not the secret.
    TokenId, "tok_"
);

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u128);
    impl IdSource for Fixed {
        fn next_id(&mut self) -> u128 {
            self.0
        }
    }

    #[test]
    fn encodes_26_characters_that_keep_the_order() {
        assert_eq!(encode(0), "0".repeat(26));
        assert_eq!(encode(u128::MAX), "7zzzzzzzzzzzzzzzzzzzzzzzzz");
        assert!(encode(1 << 80) < encode(1 << 81));
    }

    #[test]
    fn short_is_the_last_eight_characters() {
        let id = FlowId::new(&mut Fixed(31));
        assert_eq!(id.short(), "0000000z");
        assert_eq!(FlowId::from("ab").short(), "ab");
    }
}
