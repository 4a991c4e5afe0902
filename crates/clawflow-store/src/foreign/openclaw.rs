//! OpenClaw's ledger: one database under `state/`, or two and a file of jobs before that.
//!
//! Use: [`Openclaw::open`] a state directory or a database, then [`Openclaw::page`] of each table
//! until there is none. Where both layouts have a record, the newer one counts. Failure: a file
//! that is there and cannot be read is an error, before any row is told of.

use super::error::ForeignError;
use super::jobs_file;
use super::limits::PAGE_BYTES;
use super::snapshot::{self, shown, unreadable};
use super::table::{self, ForeignRow, Table};
use clawflow_core::import::limits::ORIGIN_BYTES_MAX;
use clawflow_core::json::Object;
use clawflow_core::limits::cut;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension};
use serde_json::Value;
use std::io;
use std::path::{Path, PathBuf};

/// Databases of a state directory; of two that have the same record in the same state the first
/// counts.
const DATABASES: [&str; 3] =
    ["state/openclaw.sqlite", "tasks/runs.sqlite", "flows/registry.sqlite"];
/// The file of jobs.
const JOBS: &str = "cron/jobs.json";

/// A file that is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Its path.
    pub path: PathBuf,
    /// Rows of each table, in the order of [`Table::ALL`].
    pub rows: [u64; 3],
}

/// A ledger of OpenClaw, opened.
pub struct Openclaw {
    sources: Vec<Source>,
    /// Of the file; taken once.
    jobs: Vec<ForeignRow>,
    places: Vec<Place>,
    /// The source and the row that each table was read up to.
    read: [(usize, i64); 3],
}

struct Source {
    file: PathBuf,
    conn: Connection,
    has: [bool; 3],
    origins: bool,
}

impl Openclaw {
    /// Opens what is there.
    ///
    /// # Errors
    /// There is nothing, or something of it cannot be read.
    pub fn open(path: &Path) -> Result<Self, ForeignError> {
        let fail = |error| ForeignError::Read { path: shown(path), error };
        let is_dir = std::fs::metadata(path).map_err(fail)?.is_dir();
        let files: Vec<PathBuf> = match is_dir {
            false => vec![path.to_owned()],
            true => DATABASES.iter().map(|name| path.join(name)).collect(),
        };
        let mut opened =
            Self { sources: vec![], jobs: vec![], places: vec![], read: [(0, i64::MIN); 3] };
        for file in files {
            if !is_dir || is_there(&file)? {
                opened.add(&file)?;
            }
        }
        let jobs = path.join(JOBS);
        if is_dir && opened.rows(Table::Jobs) == 0 && is_there(&jobs)? {
            opened.jobs = jobs_file::read(&jobs)?;
            let rows = [0, 0, opened.jobs.len() as u64];
            opened.places.push(Place { path: jobs, rows });
        }
        match opened.places.is_empty() {
            true => {
                let why = format!("there is no {}", DATABASES.join(", no "));
                Err(ForeignError::None { path: shown(path), why })
            }
            false => Ok(opened),
        }
    }

    fn add(&mut self, file: &Path) -> Result<(), ForeignError> {
        let conn = snapshot::open(file)?;
        let mut has = [false; 3];
        let mut rows = [0; 3];
        for (at, table) in Table::ALL.into_iter().enumerate() {
            has[at] = check(&conn, file, table)?;
            if has[at] {
                let count = conn.query_row(table.count_sql(), [], |row| row.get(0));
                rows[at] = count.map_err(|error| unreadable(file, &error))?;
            }
        }
        if has == [false; 3] {
            let why = "it has none of the tables flow_runs, task_runs and cron_jobs".to_owned();
            return Err(ForeignError::None { path: shown(file), why });
        }
        let origins = has_table(&conn, "task_delivery_state");
        let origins = origins.map_err(|error| unreadable(file, &error))?;
        self.sources.push(Source { file: file.to_owned(), conn, has, origins });
        self.places.push(Place { path: file.to_owned(), rows });
        Ok(())
    }

    /// The files that are read.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.places
    }

    /// How many rows there are, those included that two files have.
    #[must_use]
    pub fn rows(&self, table: Table) -> u64 {
        self.places.iter().map(|place| place.rows[table as usize]).sum()
    }

    /// The next rows of a table, at most so many; none at its end.
    ///
    /// # Errors
    /// The copy cannot be read.
    pub fn page(&mut self, table: Table, limit: usize) -> Result<Vec<ForeignRow>, ForeignError> {
        loop {
            let (at, after) = self.read[table as usize];
            let Some(source) = self.sources.get(at) else {
                return Ok(if table == Table::Jobs { self.some_jobs(limit) } else { Vec::new() });
            };
            let mut rows = match source.has[table as usize] {
                true => table::page(&source.conn, &source.file, table, after, limit)?,
                false => Vec::new(),
            };
            self.read[table as usize] = match rows.last() {
                None => (at + 1, i64::MIN),
                Some(last) => (at, last.rowid),
            };
            rows.retain(|row| self.is_newest(at, table, &row.id));
            for row in &mut rows {
                let Ok(columns) = &mut row.columns else { continue };
                self.complete(table, columns);
            }
            if !rows.is_empty() {
                return Ok(rows);
            }
        }
    }

    fn some_jobs(&mut self, limit: usize) -> Vec<ForeignRow> {
        let mut bytes = 0;
        let fit = self.jobs.iter().take(limit).take_while(|job| {
            let first = bytes == 0;
            bytes += job.bytes;
            first || bytes <= PAGE_BYTES
        });
        let count = fit.count();
        self.jobs.drain(..count).collect()
    }

    /// Whether no other source has the record as it is later.
    fn is_newest(&self, at: usize, table: Table, id: &str) -> bool {
        let age_sql = match table {
            Table::Flows => include_str!("sql/flow_age.sql"),
            Table::Tasks => include_str!("sql/task_age.sql"),
            Table::Jobs => return true,
        };
        let others = || self.sources.iter().enumerate().filter(|(other, _)| *other != at);
        if !others().any(|(_, source)| source.has[table as usize]) {
            return true;
        }
        let age = |source: &Source| -> Option<i64> {
            let row = first(source, age_sql, id).filter(|_| source.has[table as usize])?;
            row.first().and_then(Value::as_i64)
        };
        let own = age(&self.sources[at]);
        !others().any(|(other, source)| {
            age(source).is_some_and(|age| Some(age) > own || (Some(age) == own && other < at))
        })
    }

    /// Adds what other rows say about this one.
    fn complete(&self, table: Table, columns: &mut Object) {
        let id = |columns: &Object, name: &str| {
            columns.get(name).and_then(Value::as_str).map(|id| id.trim().to_owned())
        };
        let task = include_str!("sql/task_brief.sql");
        let found = |table, sql, id: Option<String>| self.found(table, sql, &id?);
        match table {
            Table::Jobs => {}
            Table::Flows => {
                let blocker = found(Table::Tasks, task, id(columns, "blocked_task_id"));
                put_all(columns, &["blocked_task_created_at"], blocker);
            }
            Table::Tasks => {
                let flow = include_str!("sql/flow_brief.sql");
                let flow = found(Table::Flows, flow, id(columns, "parent_flow_id"));
                let parent = found(Table::Tasks, task, id(columns, "parent_task_id"));
                let origin = self.origin(id(columns, "task_id"));
                put_all(columns, &["flow_created_at", "flow_status", "flow_ended_at"], flow);
                put_all(columns, &["parent_task_created_at"], parent);
                put_all(columns, &["requester_origin_json"], origin.map(shortened));
            }
        }
    }

    fn origin(&self, id: Option<String>) -> Option<Vec<Value>> {
        let sql = include_str!("sql/task_origin.sql");
        let id = id?;
        self.sources.iter().filter(|source| source.origins).find_map(|it| first(it, sql, &id))
    }

    fn found(&self, table: Table, sql: &str, id: &str) -> Option<Vec<Value>> {
        let mut sources = self.sources.iter().filter(|source| source.has[table as usize]);
        sources.find_map(|source| first(source, sql, id))
    }
}

fn put_all(columns: &mut Object, names: &[&str], values: Option<Vec<Value>>) {
    for (name, value) in names.iter().zip(values.unwrap_or_default()) {
        if !value.is_null() {
            columns.insert((*name).to_owned(), value);
        }
    }
}

/// An origin that is too long stays so, by one character: what is made of it says that.
fn shortened(values: Vec<Value>) -> Vec<Value> {
    let short = |value: Value| match value {
        Value::String(text) => Value::from(cut(&text, ORIGIN_BYTES_MAX + 1)),
        other => other,
    };
    values.into_iter().map(short).collect()
}

/// The first row of a question about one id. What cannot be read says nothing.
fn first(source: &Source, sql: &str, id: &str) -> Option<Vec<Value>> {
    let mut query = source.conn.prepare_cached(sql).ok()?;
    let count = query.column_count();
    let row = query.query_row([id], |row| {
        let values = (0..count).map(|at| {
            Ok(match row.get_ref(at)? {
                ValueRef::Integer(number) => Value::from(number),
                ValueRef::Text(text) => Value::from(String::from_utf8_lossy(text)),
                ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => Value::Null,
            })
        });
        values.collect::<rusqlite::Result<Vec<_>>>()
    });
    row.optional().ok().flatten()
}

/// Whether a file is there; one that cannot be looked at is an error.
fn is_there(file: &Path) -> Result<bool, ForeignError> {
    match std::fs::metadata(file) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !file.is_symlink() => Ok(false),
        Err(error) => Err(ForeignError::Read { path: shown(file), error }),
    }
}

fn has_table(conn: &Connection, name: &str) -> rusqlite::Result<bool> {
    conn.query_row(include_str!("sql/has_table.sql"), [name], |row| row.get(0))
}

/// Whether the table is there; one that is not as it is known, or is damaged, is an error.
fn check(conn: &Connection, file: &Path, table: Table) -> Result<bool, ForeignError> {
    let fail = |error: rusqlite::Error| unreadable(file, &error);
    let bad = |why: String| ForeignError::Bad { path: shown(file), why };
    if !has_table(conn, table.name()).map_err(fail)? {
        return Ok(false);
    }
    let mut query = conn.prepare(include_str!("sql/columns.sql")).map_err(fail)?;
    let names = query.query_map([table.name()], |row| row.get::<_, String>(0));
    let names: Vec<String> = names.and_then(Iterator::collect).map_err(fail)?;
    let has = |name: &str| names.iter().any(|one| one.eq_ignore_ascii_case(name));
    if let Some(name) = table.needed().iter().find(|name| !has(name)) {
        let (table, why) = (table.name(), "is of a schema that is not known");
        return Err(bad(format!("{why}: its table {table} has no column {name}")));
    }
    let mut query = conn.prepare(table.check_sql()).map_err(fail)?;
    let said = query.query_row([], |row| row.get::<_, String>(0));
    match said {
        Ok(word) if word == "ok" => Ok(true),
        // A row with a value that is too large is left out when its turn comes.
        Err(error) if table::is_too_big(&error) => Ok(true),
        Ok(wrong) => Err(bad(format!("is damaged: {wrong}"))),
        Err(error) => Err(fail(error)),
    }
}
