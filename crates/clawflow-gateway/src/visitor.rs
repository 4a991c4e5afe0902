//! Who is let in: the user of this machine over the unix socket, or who has a token.
//!
//! Only the SHA-256 of a secret is stored, and it is what a token is looked up by; the one that is
//! found is compared whole all the same, in a time that does not depend on where it differs
//! ([`Api::token_of`]).

use crate::limits::SECRET_BYTES;
use crate::peer::Line;
use axum::http::{HeaderMap, header};
use clawflow_core::token::{Access, Token};
use clawflow_engine::api::{Ancestry, Api, ApiError};

/// Somebody who was let in.
#[derive(Clone, Debug)]
pub(crate) struct Visitor {
    /// What they may do.
    pub(crate) access: Access,
    /// The token that they showed; the user of this machine needs none.
    pub(crate) token: Option<Token>,
    /// The attempts that have started their process, or may have.
    pub(crate) from: Ancestry,
}

impl Visitor {
    /// Lets in whoever is on the unix socket, or has a token. A token that is shown counts on the
    /// unix socket too: it allows what it allows, and not more.
    ///
    /// # Errors
    /// `unauthorized`, the same for every token that is not good; `unavailable` where the store
    /// cannot be asked.
    pub(crate) fn admit(line: Line, headers: &HeaderMap, api: &Api) -> Result<Self, ApiError> {
        let shown = headers.get_all(header::AUTHORIZATION).iter().next();
        if shown.is_none() && line == Line::Unix {
            return Ok(Self { access: Access::Admin, token: None, from: Ancestry::Outside });
        }
        let Some(secret) = bearer(headers) else { return Err(unauthorized()) };
        let token = api.token_of(secret)?.ok_or_else(unauthorized)?;
        Ok(Self { access: token.access, token: Some(token), from: Ancestry::Outside })
    }

    /// Whether they may still be here: the token was neither revoked nor has it expired.
    ///
    /// # Errors
    /// Those of the store.
    pub(crate) fn stays(&self, api: &Api) -> Result<bool, ApiError> {
        self.token.as_ref().map_or(Ok(true), |token| api.is_valid(token))
    }

    /// Refuses what the token does not allow.
    ///
    /// # Errors
    /// `forbidden`.
    pub(crate) fn may(&self, needed: Access) -> Result<(), ApiError> {
        if self.access >= needed {
            return Ok(());
        }
        let why = format!("this needs a token with access `{needed}`, not `{}`", self.access);
        Err(ApiError::new("forbidden", why))
    }

    /// The one owner whose records the token reaches.
    pub(crate) fn owner(&self) -> Option<&str> {
        self.token.as_ref()?.owner_key.as_deref()
    }
}

/// The secret of `Authorization: Bearer …`. It is read from nowhere else: what stands in a path or
/// query ends up in logs and histories.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut shown = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (shown.next(), shown.next()) else { return None };
    let (scheme, secret) = value.to_str().ok()?.split_once(' ')?;
    let secret = secret.trim();
    let fits = !secret.is_empty() && secret.len() <= SECRET_BYTES;
    (scheme.eq_ignore_ascii_case("bearer") && fits).then_some(secret)
}

fn unauthorized() -> ApiError {
    ApiError::new("unauthorized", "this needs a token: `Authorization: Bearer …`")
        .hint("clawflow tokens create")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_header_counts() {
        let read = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(header::AUTHORIZATION, value.parse().unwrap());
            }
            bearer(&headers).map(str::to_owned)
        };
        assert_eq!(read(&["Bearer abc"]).as_deref(), Some("abc"));
        assert_eq!(read(&["bearer  abc "]).as_deref(), Some("abc"));
        let long = format!("Bearer {}", "x".repeat(SECRET_BYTES + 1));
        for bad in ["", "Bearer", "Bearer ", "Basic abc", "abc", &long] {
            assert_eq!(read(&[bad]), None, "{bad}");
        }
        assert_eq!(read(&["Bearer a", "Bearer b"]), None);
    }
}
