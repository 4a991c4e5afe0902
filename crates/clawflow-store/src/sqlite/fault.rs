//! Failures of SQLite in the words of the store.

use crate::error::StoreError;
use rusqlite::{Error, ErrorCode};
use std::path::Path;

/// What a failure means to the caller.
pub(super) fn fault(path: &Path, doing: &str, error: &Error) -> StoreError {
    let place = format!("{doing} {}", path.display());
    match error {
        Error::SqliteFailure(cause, _) => match cause.code {
            ErrorCode::DiskFull => StoreError::Full { doing: place },
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
                StoreError::Locked { path: path.display().to_string() }
            }
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => {
                StoreError::Corrupt { why: format!("while {place}: {error}") }
            }
            _ => {
                let why = format!("{error} (SQLite {})", cause.extended_code);
                StoreError::Unavailable { doing: place, why }
            }
        },
        Error::FromSqlConversionFailure(..)
        | Error::InvalidColumnType(..)
        | Error::IntegralValueOutOfRange(..)
        | Error::Utf8Error(..) => StoreError::Corrupt { why: format!("while {place}: {error}") },
        _ => StoreError::Unavailable { doing: place, why: error.to_string() },
    }
}

/// A failure of the file system.
pub(super) fn io_fault(path: &Path, doing: &str, error: &std::io::Error) -> StoreError {
    let doing = format!("{doing} {}", path.display());
    match error.kind() {
        std::io::ErrorKind::StorageFull => StoreError::Full { doing },
        _ => StoreError::Unavailable { doing, why: error.to_string() },
    }
}
