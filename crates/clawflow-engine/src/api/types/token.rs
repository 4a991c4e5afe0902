//! Requests and answers about access tokens.

use clawflow_core::Millis;
use clawflow_core::token::{Access, Token};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

record!(
    /// Makes an access token.
    TokenCreateRequest {
        /// Who has it, for people.
        label: String,
        /// What it allows.
        access: Access,
        /// The one owner whose records it reaches; all, if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
        /// From when on it is refused.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires_at: Option<Millis>,
    }
);
record!(
    /// The token, with its secret, which is shown this once.
    TokenCreateResponse {
        /// The token as it is stored, without its hash.
        token: Token,
        /// What a client sends: `Authorization: Bearer …`.
        secret: String,
    }
);
record!(
    /// All tokens, newest first, without hashes.
    TokenListResponse {
        /// The tokens.
        tokens: Vec<Token>,
    }
);
record!(
    /// Names a token by its id or label.
    TokenRef {
        /// The token.
        token: String,
    }
);
