//! Many units, one commit.

use super::apply::apply;
use super::encode::Encoded;
use super::fault::fault;
use super::hook::{self, CommitPoint};
use super::statements::Statements;
use crate::error::{ApplyError, StoreError};
use rusqlite::Connection;

/// What became of each unit of a batch, in order.
pub(super) type Outcomes = Vec<Result<u64, ApplyError>>;

/// Why a transaction came to nothing.
enum Failed {
    /// While the units were written: one of them may be to blame.
    Writing(StoreError),
    /// At its beginning or its commit: it concerns all.
    Whole(StoreError),
}

/// Applies the units and returns once what was accepted is on disk.
///
/// A refused unit has written nothing, so that the others need no savepoint. When the store fails
/// in the middle, everything is rolled back and each unit tried by itself.
pub(super) fn run<'u>(
    units: impl ExactSizeIterator<Item = &'u Encoded> + Clone,
    conn: &Connection,
    statements: &mut Statements<'_>,
) -> Outcomes {
    let count = units.len();
    let failed = match transaction(units.clone(), conn, statements) {
        Ok(outcomes) => return outcomes,
        Err(failed) => failed,
    };
    match failed {
        Failed::Writing(_) if count > 1 => {
            let alone = |unit| run(std::iter::once(unit), conn, statements);
            units.flat_map(alone).collect()
        }
        Failed::Writing(error) | Failed::Whole(error) => {
            tracing::error!(%error, units = count, "a transaction failed");
            vec![Err(error.into()); count]
        }
    }
}

fn transaction<'u>(
    units: impl ExactSizeIterator<Item = &'u Encoded>,
    conn: &Connection,
    statements: &mut Statements<'_>,
) -> Result<Outcomes, Failed> {
    let path = statements.path;
    // Should an earlier failure have left one open.
    roll_back(conn);
    statements.identity.verify(path).map_err(Failed::Whole)?;
    let whole = |doing| move |error| Failed::Whole(fault(path, doing, &error));
    statements.begin.execute([]).map_err(whole("beginning to write"))?;
    hook::at(statements.hook, CommitPoint::Begun);
    let read = statements.last_seq.query_row([], |row| row.get::<_, u64>(0));
    let mut seq = read.map_err(|error| {
        roll_back(conn);
        Failed::Whole(fault(path, "reading", &error))
    })?;
    let mut outcomes = Vec::with_capacity(units.len());
    for unit in units {
        let outcome = apply(unit, seq, statements);
        match outcome {
            Ok(newest) => seq = newest,
            Err(ApplyError::Store(error)) => {
                roll_back(conn);
                return Err(Failed::Writing(error));
            }
            Err(_) => {}
        }
        outcomes.push(outcome);
    }
    hook::at(statements.hook, CommitPoint::Written);
    if let Err(error) = statements.commit.execute([]) {
        roll_back(conn);
        bury(conn, statements);
        return Err(whole("committing to")(error));
    }
    hook::at(statements.hook, CommitPoint::Committed);
    Ok(outcomes)
}

/// Leaves no transaction behind. Some failures have rolled back already.
pub(super) fn roll_back(conn: &Connection) {
    if !conn.is_autocommit()
        && let Err(error) = conn.execute_batch("rollback")
    {
        tracing::error!(%error, "rolling back failed");
    }
}

/// A commit that failed at its last sync may lie complete in the log, where a crash would revive
/// it although it was refused. Another commit takes its place there.
fn bury(conn: &Connection, statements: &mut Statements<'_>) {
    let buried = statements.begin.execute([]).and_then(|_| {
        statements.bury.execute([])?;
        statements.commit.execute([])
    });
    if let Err(error) = buried {
        tracing::error!(%error, "a failed commit could not be covered by another");
        roll_back(conn);
    }
}
