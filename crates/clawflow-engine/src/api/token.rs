//! `token.create`, `token.list` and `token.revoke`: access over the TCP listener.

use super::once::hex;
use super::{
    Api, ApiError, Nothing, TokenCreateRequest, TokenCreateResponse, TokenListResponse, TokenRef,
};
use crate::clock::{Ids, now};
use crate::error::EngineError;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clawflow_core::ids::TokenId;
use clawflow_core::limits::KEY_CHARS_MAX;
use clawflow_core::token::Token;
use clawflow_core::unit::{Change, Unit};
use rustix::rand::{GetRandomFlags, getrandom};
use sha2::{Digest, Sha256};

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
        let secret = new_secret()?;
        let token = Token {
            token_id: TokenId::new(&mut Ids),
            version: 0,
            hash: hash(&secret),
            label: label.to_owned(),
            access: request.access,
            // A caller with one owner cannot make access to another.
            owner_key: self.owner_of_new(asked)?,
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

    /// The valid token with this secret: neither revoked nor expired. The secret is looked up by
    /// its hash, so that the time of a comparison tells nothing about it.
    ///
    /// # Errors
    /// Those of the store.
    pub fn token_of(&self, secret: &str) -> Result<Option<Token>, ApiError> {
        let token = self.engine.store().token_by_hash(&hash(secret))?;
        let at = now();
        Ok(token.filter(|token| {
            token.revoked_at.is_none() && token.expires_at.is_none_or(|expires| expires > at)
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

fn hash(secret: &str) -> String {
    hex(&Sha256::digest(secret))
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
