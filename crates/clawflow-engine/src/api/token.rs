//! `token.create`, `token.list` and `token.revoke`: access over the TCP listener.

use super::{
    Api, ApiError, Nothing, TokenCreateRequest, TokenCreateResponse, TokenListResponse, TokenRef,
};
use crate::clock::{Ids, now};
use crate::error::EngineError;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clawflow_core::hash::sha256;
use clawflow_core::ids::TokenId;
use clawflow_core::limits::KEY_CHARS_MAX;
use clawflow_core::token::{Access, Token};
use clawflow_core::unit::{Change, Unit};
use rustix::rand::{GetRandomFlags, getrandom};

/// Bytes of a secret.
const SECRET_BYTES: usize = 32;
/// What every secret begins with, so that people and scanners know it where it does not belong.
const SECRET_PREFIX: &str = "cft_";

impl Api {
    pub(super) async fn token_create(
        &self,
        request: TokenCreateRequest,
    ) -> Result<TokenCreateResponse, ApiError> {
        let label = request.label.trim();
        if label.is_empty() || label.chars().count() > KEY_CHARS_MAX || label.contains('\0') {
            let message = format!("the label has 1 to {KEY_CHARS_MAX} characters, no NUL");
            return Err(ApiError::new("invalid", message));
        }
        let at = now();
        if request.expires_at.is_some_and(|expires| expires <= at) {
            return Err(ApiError::new("invalid", "the token would have expired already"));
        }
        let asked = request.owner.map(|owner| owner.trim().to_owned());
        if asked.as_ref().is_some_and(String::is_empty) {
            return Err(ApiError::new("invalid", "the owner key is blank"));
        }
        let owner_key = self.owner_of_new(asked)?;
        if request.access == Access::Ping && owner_key.is_none() {
            let message = "what is reported by a ping URL belongs to an owner: name one";
            return Err(ApiError::new("invalid", message));
        }
        let secret = new_secret()?;
        let token = Token {
            token_id: TokenId::new(&mut Ids),
            version: 0,
            hash: sha256(&secret),
            label: label.to_owned(),
            access: request.access,
            // A caller with one owner cannot make access to another.
            owner_key,
            created_at: at,
            expires_at: request.expires_at,
            revoked_at: None,
        };
        self.write_token(None, token.clone()).await?;
        tracing::info!(token_id = %token.token_id, label, access = %token.access, "token created");
        Ok(TokenCreateResponse { token: shown(token), secret })
    }

    pub(super) async fn token_list(
        &self,
        _request: Nothing,
    ) -> Result<TokenListResponse, ApiError> {
        let tokens = self.engine.store().list_tokens()?;
        let seen = tokens.into_iter().filter(|token| self.sees_token(token));
        Ok(TokenListResponse { tokens: seen.map(shown).collect() })
    }

    pub(super) async fn token_revoke(&self, request: TokenRef) -> Result<Token, ApiError> {
        let mut found = self.engine.store().find_tokens(request.token.trim())?;
        found.retain(|token| self.sees_token(token));
        // A label may be used again once its token is revoked.
        if found.len() > 1 {
            found.retain(|token| token.revoked_at.is_none());
        }
        let token = match found.len() {
            1 => found.remove(0),
            0 => {
                let name = clawflow_core::limits::cut(&request.token, 80);
                return Err(ApiError::new("not_found", format!("token not found: {name}"))
                    .hint("clawflow tokens list"));
            }
            _ => {
                let mut error = ApiError::new("ambiguous", "more than one token has this label");
                error.candidates = found.into_iter().map(|token| token.token_id.0).collect();
                return Err(error);
            }
        };
        if token.revoked_at.is_some() {
            return Ok(shown(token));
        }
        let revoked =
            Token { version: token.version + 1, revoked_at: Some(now()), ..token.clone() };
        self.write_token(Some(token.version), revoked.clone()).await?;
        tracing::info!(token_id = %revoked.token_id, "token revoked");
        Ok(shown(revoked))
    }

    /// The valid token with this secret: neither revoked nor expired. It is looked up by the hash
    /// of the secret: how long that takes tells something about hashes, which nobody can choose.
    ///
    /// # Errors
    /// Those of the store.
    pub fn token_of(&self, secret: &str) -> Result<Option<Token>, ApiError> {
        self.valid_token(&sha256(secret))
    }

    /// Whether a token that was let in before is still valid.
    ///
    /// # Errors
    /// Those of the store.
    pub fn is_valid(&self, token: &Token) -> Result<bool, ApiError> {
        Ok(self.valid_token(&token.hash)?.is_some())
    }

    fn valid_token(&self, hash: &str) -> Result<Option<Token>, ApiError> {
        let (found, at) = (self.engine.store().token_by_hash(hash)?, now());
        Ok(found.filter(|token| {
            let expired = token.expires_at.is_some_and(|expires| expires <= at);
            same(token.hash.as_bytes(), hash.as_bytes()) && token.revoked_at.is_none() && !expired
        }))
    }

    fn sees_token(&self, token: &Token) -> bool {
        self.caller().owner.is_none() || self.caller().owner == token.owner_key
    }

    async fn write_token(&self, expected: Option<u64>, row: Token) -> Result<(), ApiError> {
        let unit = Unit { tokens: vec![Change { expected, row }], ..Unit::default() };
        Ok(self.engine.commit(unit).await.map_err(EngineError::from)?)
    }
}

/// The token without its hash.
fn shown(token: Token) -> Token {
    Token { hash: String::new(), ..token }
}

/// Whether they are equal, looking at every byte whatever the ones before were.
fn same(a: &[u8], b: &[u8]) -> bool {
    let differs = a.iter().zip(b).fold(0, |differs, (a, b)| differs | (a ^ b));
    a.len() == b.len() && std::hint::black_box(differs) == 0
}

fn new_secret() -> Result<String, ApiError> {
    let mut bytes = [0; SECRET_BYTES];
    let mut filled = 0;
    while filled < SECRET_BYTES {
        filled += getrandom(&mut bytes[filled..], GetRandomFlags::empty()).map_err(|error| {
            ApiError::new("unavailable", format!("no random bytes from the system: {error}"))
        })?;
    }
    Ok(format!("{SECRET_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_compared_whole() {
        assert!(same(b"abc", b"abc"));
        assert!(!same(b"abc", b"abd") && !same(b"abc", b"ab") && !same(b"", b"a"));
    }
}
