//! Homes with very many records: a few that the store has written, copied by SQL, which is quick.

use crate::spine::Outcome;
use clawflow_core::Millis;
use clawflow_core::ids::encode;
use clawflow_store::sqlite::FILE_NAME;
use rusqlite::Connection;
use std::path::Path;

/// One record to come.
pub struct Copy {
    /// Number of the model that it is made of, as fixtures number them.
    pub model: u64,
    /// When it is made, which its id begins with.
    pub at: Millis,
}

/// The file of a store while it is filled.
pub struct Crowd(Connection);

impl Crowd {
    /// Opens the file of a store that nobody else has open. Nothing is synced until it goes out of
    /// use.
    ///
    /// # Errors
    /// Those of SQLite.
    pub fn open(home: &Path) -> Outcome<Self> {
        let conn = Connection::open(home.join(FILE_NAME))?;
        conn.execute_batch(
            "pragma synchronous = off; pragma cache_size = -262144; pragma temp_store = memory;
             create temp table n (
                 n integer primary key, id text not null, model text not null, at integer not null
             );",
        )?;
        Ok(Self(conn))
    }

    /// Says which records [`Crowd::copy`] makes from now on.
    ///
    /// # Errors
    /// Those of SQLite.
    pub fn next(&self, copies: impl Iterator<Item = Copy>) -> Outcome<()> {
        self.0.execute_batch("begin; delete from n;")?;
        let mut insert = self.0.prepare("insert into n (id, model, at) values (?1, ?2, ?3)")?;
        for (number, Copy { model, at }) in copies.enumerate() {
            let number = (u128::from(model) << 64) | u128::try_from(number)?;
            let id = encode((u128::try_from(at)? << 80) | number);
            insert.execute((id, format!("{model:026}"), at))?;
        }
        drop(insert);
        self.0.execute_batch("commit;")?;
        Ok(())
    }

    /// Makes a copy of the rows of a table for each record to come: of those for which `of` holds,
    /// an expression over the row and `n`. What `changes` says of a column is its new value.
    ///
    /// # Errors
    /// Those of SQLite.
    pub fn copy(&self, table: &str, of: &str, changes: &[(&str, &str)]) -> Outcome<()> {
        let mut query = self.0.prepare("select name from pragma_table_info(?1)")?;
        let names: Vec<String> =
            query.query_map([table], |row| row.get(0))?.collect::<Result<_, _>>()?;
        let value = |name: &String| {
            let change = changes.iter().find(|(column, _)| column == name);
            change.map_or_else(|| format!("{table}.{name}"), |(_, value)| (*value).to_owned())
        };
        let values: Vec<String> = names.iter().map(value).collect();
        self.0.execute_batch(&format!(
            "insert into {table} ({}) select {} from n cross join {table} where {of} order by n.n",
            names.join(", "),
            values.join(", "),
        ))?;
        Ok(())
    }

    /// Copies tasks, each with an id and times of its own. What `more` says of a column counts
    /// instead.
    ///
    /// # Errors
    /// Those of SQLite.
    pub fn copy_tasks(&self, more: &[(&str, &str)]) -> Outcome<()> {
        let mut changes = vec![
            ("task_id", "'task_' || n.id"),
            ("created_at", "n.at"),
            ("started_at", "iif(task.started_at is null, null, n.at)"),
            ("ended_at", "iif(task.ended_at is null, null, n.at + 5)"),
            (
                "record",
                "json_replace(task.record, '$.taskId', 'task_' || n.id, '$.createdAt', n.at,
                     '$.startedAt', iif(task.started_at is null, null, n.at),
                     '$.lastEventAt', n.at + 5,
                     '$.endedAt', iif(task.ended_at is null, null, n.at + 5))",
            ),
        ];
        changes.retain(|(column, _)| more.iter().all(|(other, _)| other != column));
        changes.extend(more);
        self.copy("task", "task.task_id = 'task_' || n.model", &changes)
    }
}
