//! Access tokens: their secrets, their end.

use crate::ask::{ask, done, refused};
use crate::world::{World, scenario};
use clawflow_engine::api::{TokenCreate, TokenList, TokenRevoke};
use clawflow_engine::clock::now;
use serde_json::json;

scenario!(a_secret_is_shown_once_and_stored_as_a_hash, 1);
async fn a_secret_is_shown_once_and_stored_as_a_hash(world: World) {
    let made = done::<TokenCreate>(&world.api, json!({ "label": "a", "access": "operate" })).await;
    let other = done::<TokenCreate>(&world.api, json!({ "label": "b", "access": "read" })).await;
    assert_ne!(made.secret, other.secret);
    assert_eq!(made.secret.len(), "cft_".len() + 43, "256 bits in base64url");
    let stored = world.engine.store().list_tokens().unwrap();
    assert!(stored.iter().all(|token| !token.hash.contains(&made.secret)));
    assert!(stored.iter().all(|token| token.hash.len() == 64));
    let listed = done::<TokenList>(&world.api, json!({})).await.tokens;
    assert!(listed.iter().all(|token| token.hash.is_empty()));
    assert_eq!(listed.len(), 2);
    let found = world.api.token_of(&made.secret).unwrap().unwrap();
    assert_eq!(found.token_id, made.token.token_id);
    assert_eq!(world.api.token_of("cft_guess").unwrap(), None);
    assert_eq!(world.api.token_of("").unwrap(), None);
}

scenario!(revoked_and_expired_tokens_are_none, 1);
async fn revoked_and_expired_tokens_are_none(world: World) {
    let label = json!({ "label": "laptop", "access": "read" });
    let made = done::<TokenCreate>(&world.api, label.clone()).await;
    let token = json!({ "token": "laptop" });
    let revoked = done::<TokenRevoke>(&world.api, token.clone()).await;
    assert!(revoked.revoked_at.is_some() && revoked.hash.is_empty());
    assert_eq!(world.api.token_of(&made.secret).unwrap(), None);
    assert_eq!(done::<TokenRevoke>(&world.api, token.clone()).await, revoked, "once is enough");
    let again = done::<TokenCreate>(&world.api, label.clone()).await;
    let second = done::<TokenRevoke>(&world.api, token.clone()).await;
    assert_eq!(second.token_id, again.token.token_id, "the one that is left");
    for _ in 0..2 {
        done::<TokenCreate>(&world.api, label.clone()).await;
    }
    let error = ask::<TokenRevoke>(&world.api, token).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.candidates.len()), ("ambiguous", 2));
    let none = json!({ "token": "nobody" });
    assert_eq!(refused::<TokenRevoke>(&world.api, none).await, "not_found");

    let expires_at = now() + 150;
    let soon = json!({ "label": "soon", "access": "read", "expiresAt": expires_at });
    let soon = done::<TokenCreate>(&world.api, soon).await;
    crate::world::until("it has expired", || {
        let valid = world.api.token_of(&soon.secret).unwrap().is_some();
        assert!(valid || now() >= expires_at, "not before its time");
        !valid
    })
    .await;
    let late = json!({ "label": "late", "access": "read", "expiresAt": now() - 1 });
    assert_eq!(refused::<TokenCreate>(&world.api, late).await, "invalid");
    let blank = json!({ "label": " ", "access": "read" });
    assert_eq!(refused::<TokenCreate>(&world.api, blank).await, "invalid");
}
