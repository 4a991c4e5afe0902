//! Access tokens.

use super::fixtures::{new, token, token_id};
use super::{Subject, put};
use crate::error::ApplyError;
use crate::store::Store;
use clawflow_core::token::Token;
use clawflow_core::unit::{Change, Unit};

fn tokens(tokens: Vec<Change<Token>>) -> Unit {
    Unit { tokens, ..Unit::default() }
}

fn refused(store: &dyn Store, change: Change<Token>) {
    let hash = change.row.hash.clone();
    match put(store, tokens(vec![change])) {
        Err(ApplyError::Invalid { why }) => {
            assert!(hash.is_empty() || !why.contains(&hash), "it tells a hash: {why}");
        }
        other => panic!("an invalid token got {other:?}"),
    }
}

/// No two tokens have one hash; a token keeps its hash, its owner and its creation.
pub fn hashes_are_their_own(subject: &mut dyn Subject) {
    let store = subject.open();
    put(&*store, tokens(vec![new(token(1))])).expect("a token");
    let hash = token(1).hash;
    refused(&*store, new(Token { hash: hash.clone(), ..token(2) }));
    refused(&*store, new(Token { hash: String::new(), ..token(2) }));
    let both = vec![new(token(3)), new(Token { hash: token(3).hash, ..token(4) })];
    let answer = put(&*store, tokens(both));
    assert!(matches!(answer, Err(ApplyError::Invalid { .. })), "{answer:?}");
    let next = |row: Token| Change { expected: Some(1), row: Token { version: 2, ..row } };
    refused(&*store, next(Token { hash: token(9).hash, ..token(1) }));
    refused(&*store, next(Token { owner_key: Some("x".to_owned()), ..token(1) }));
    refused(&*store, next(Token { created_at: 9, ..token(1) }));
    assert_eq!(store.list_tokens(), Ok(vec![token(1)]));
    let revoked = next(Token { revoked_at: Some(5), ..token(1) });
    put(&*store, tokens(vec![revoked.clone()])).expect("it is revoked");
    match put(&*store, tokens(vec![revoked.clone()])) {
        Err(ApplyError::Conflict { expected: Some(1), found: Some(2), .. }) => {}
        other => panic!("it was decided on an old version: {other:?}"),
    }
    assert_eq!(store.token_by_hash(&hash), Ok(Some(revoked.row)));
}

/// By hash, by id, by label; all of them newest first.
pub fn they_are_found(subject: &mut dyn Subject) {
    let store = subject.open();
    let labelled = |n, label: &str| Token { label: label.to_owned(), ..token(n) };
    let rows = [labelled(2, "ci"), labelled(1, "ci"), labelled(3, token_id(1).as_str())];
    put(&*store, tokens(rows.map(new).into())).expect("tokens");
    assert_eq!(store.token_by_hash(&token(2).hash), Ok(Some(labelled(2, "ci"))));
    assert_eq!(store.token_by_hash("nobody"), Ok(None));
    let ids = |found: Vec<Token>| found.into_iter().map(|t| t.token_id).collect::<Vec<_>>();
    assert_eq!(ids(store.list_tokens().expect("list")), [3, 2, 1].map(token_id));
    let found = |token: &str| ids(store.find_tokens(token).expect("find"));
    assert_eq!(found("ci"), [2, 1].map(token_id));
    assert_eq!(found(token_id(1).as_str()), [token_id(1)], "an id before a label");
    assert_eq!(found("nobody"), []);
}
