//! Copies of the file: made while it is in use, checked before they count, put back whole.
//!
//! Failure: what was begun lies beside its place under another name, and nothing that was there is
//! changed before all of the new one is on disk.

use super::fault::{fault, io_fault};
use super::limits::BUSY_WAIT;
use super::migrate;
use super::place::sync_dir;
use super::store::{Check, FILE_NAME, SqliteStore, findings};
use crate::error::StoreError;
use rusqlite::{Connection, OpenFlags};
use std::fs::{self, File, OpenOptions};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What is in a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Its size.
    pub bytes: u64,
    /// How many flows.
    pub flows: u64,
    /// How many tasks.
    pub tasks: u64,
}

impl SqliteStore {
    /// Copies the store in `dir`, which others may use meanwhile, to a new file: one state of it,
    /// checked and on disk on return. With `replace` a file that is there makes room at the end.
    ///
    /// # Errors
    /// `Corrupt`, if the store or the copy is; `Unavailable`, if there is no store, or a file in
    /// the way; `Full`. Then `to` is as it was.
    pub fn back_up(dir: &Path, to: &Path, replace: bool) -> Result<Copied, StoreError> {
        let from = dir.join(FILE_NAME);
        if !replace && to.symlink_metadata().is_ok() {
            return Err(in_the_way(to));
        }
        let beside = beside(to)?;
        let made = copy(&from, &beside)
            .and_then(|()| check(&beside))
            .and_then(|copied| place(&beside, to).map(|()| copied));
        if made.is_err() {
            let _ = fs::remove_file(&beside);
        }
        made
    }

    /// Checks a copy and says what is in it. Changes nothing.
    ///
    /// # Errors
    /// `Corrupt` and `Newer` for what no store can be; `Unavailable`.
    pub fn check_copy(file: &Path) -> Result<Copied, StoreError> {
        check(file)
    }

    /// Puts a copy in the place of the store in `dir`. The caller holds the home, and nobody uses
    /// the store. With `replace` the one that is there is kept under the name that is returned.
    ///
    /// # Errors
    /// As [`SqliteStore::check_copy`]; `Unavailable`, if there is a store with records already.
    /// Then nothing was changed; only a crash may leave the old store under its new name.
    pub fn restore(
        dir: &Path,
        from: &Path,
        replace: bool,
    ) -> Result<(Copied, Option<PathBuf>), StoreError> {
        let file = dir.join(FILE_NAME);
        super::place::make_dir(dir)?;
        let used = file.exists() && !is_empty(dir);
        if used && !replace {
            return Err(in_the_way(&file));
        }
        let beside = beside(&file)?;
        let bytes = || -> std::io::Result<()> {
            let mut out =
                OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
            std::io::copy(&mut File::open(from)?, &mut out)?;
            out.sync_all()
        };
        let made = bytes()
            .map_err(|error| io_fault(from, "copying", &error))
            .and_then(|()| check(&beside))
            .and_then(|copied| {
                let kept = set_aside(&file, used)?;
                place(&beside, &file).map(|()| (copied, kept))
            });
        if made.is_err() {
            let _ = fs::remove_file(&beside);
        }
        made
    }
}

fn in_the_way(path: &Path) -> StoreError {
    StoreError::Unavailable {
        doing: format!("writing {}", path.display()),
        why: "it is there already".to_owned(),
    }
}

/// A free name in the same directory.
fn beside(path: &Path) -> Result<PathBuf, StoreError> {
    let Some(name) = path.file_name() else {
        let why = "that is no name of a file".to_owned();
        return Err(StoreError::Unavailable { doing: format!("writing {}", path.display()), why });
    };
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}.partial", std::process::id()));
    let beside = path.with_file_name(hidden);
    // One of a process with this id that was killed.
    let _ = fs::remove_file(&beside);
    Ok(beside)
}

/// One state of the file, while others write it.
fn copy(from: &Path, to: &Path) -> Result<(), StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let fail = |error: rusqlite::Error| fault(from, "copying", &error);
    let conn = Connection::open_with_flags(from, flags).map_err(fail)?;
    conn.busy_timeout(BUSY_WAIT).map_err(fail)?;
    if migrate::inspect(&conn, from)? == 0 {
        let why = format!("{} is empty", from.display());
        return Err(StoreError::Corrupt { why });
    }
    // SQLite fills an empty file, so that nobody else can ever read it.
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
    made.map_err(|error| io_fault(to, "making", &error))?;
    let name = to.to_str().ok_or_else(|| StoreError::Unavailable {
        doing: format!("writing {}", to.display()),
        why: "its path is not UTF-8".to_owned(),
    })?;
    conn.execute("vacuum into ?1", [name]).map_err(|error| fault(to, "writing", &error))?;
    Ok(())
}

/// Whether it is a store that is whole.
fn check(file: &Path) -> Result<Copied, StoreError> {
    let fail = |error: rusqlite::Error| fault(file, "checking", &error);
    let log = with_end(file, "-wal");
    if fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        let why = format!("{} has a part that is not in it: {}", file.display(), log.display());
        return Err(StoreError::Corrupt { why });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let conn = Connection::open_with_flags(still(file), flags).map_err(fail)?;
    if migrate::inspect(&conn, file)? == 0 {
        return Err(StoreError::Corrupt { why: format!("{} is empty", file.display()) });
    }
    let wrong = findings(&conn, Check::Whole).map_err(fail)?;
    if !wrong.is_empty() {
        let why = format!("{}: {}", file.display(), wrong.join("; "));
        return Err(StoreError::Corrupt { why });
    }
    let count = |table: &str| {
        conn.query_row(&format!("select count(*) from {table}"), [], |row| row.get(0)).map_err(fail)
    };
    let bytes = fs::metadata(file).map_err(|error| io_fault(file, "looking at", &error))?.len();
    Ok(Copied { bytes, flows: count("flow")?, tasks: count("task")? })
}

/// A file that nobody changes, as SQLite is told of it: then it makes no files beside it.
fn still(file: &Path) -> String {
    let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-~".contains(&byte);
    let mut uri = "file:".to_owned();
    for byte in file.as_os_str().as_bytes() {
        match *byte {
            byte if plain(byte) => uri.push(char::from(byte)),
            byte => uri.push_str(&format!("%{byte:02x}")),
        }
    }
    uri + "?immutable=1"
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// Moves what is complete to its place.
fn place(from: &Path, to: &Path) -> Result<(), StoreError> {
    let fail = |error: std::io::Error| io_fault(to, "placing", &error);
    File::open(from).and_then(|file| file.sync_all()).map_err(fail)?;
    fs::rename(from, to).map_err(fail)?;
    let dir = to.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    sync_dir(dir)
}

/// Whether there is a store without a record. Opening it also brings its log into the file.
fn is_empty(dir: &Path) -> bool {
    let Ok(store) = SqliteStore::open(dir) else { return false };
    drop(store);
    let file = dir.join(FILE_NAME);
    check(&file).is_ok() && has_no_rows(&file).unwrap_or(false)
}

/// Whether no table has a row but `meta`, which every store has: a token alone is worth keeping.
fn has_no_rows(file: &Path) -> rusqlite::Result<bool> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    let conn = Connection::open_with_flags(still(file), flags)?;
    let mut tables = conn.prepare(
        "select name from sqlite_schema where type = 'table' and name not glob 'sqlite_*'",
    )?;
    for table in tables.query_map([], |row| row.get::<_, String>(0))? {
        let table = table?;
        let any = format!("select exists (select 1 from \"{table}\")");
        if table != "meta" && conn.query_row(&any, [], |row| row.get(0))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Gives the store that is there, with its log, another name; an empty one is deleted. The log goes
/// first: it must never lie beside another file.
fn set_aside(file: &Path, keep: bool) -> Result<Option<PathBuf>, StoreError> {
    let name = format!(".before-restore-{}", std::process::id());
    let kept = keep.then(|| with_end(file, &name));
    for end in ["-wal", "-shm", ""] {
        let from = with_end(file, end);
        let done = match &kept {
            // A second name: the file itself stays until the copy takes its place, so that there
            // is a ledger at any moment.
            Some(kept) if end.is_empty() => fs::hard_link(&from, kept),
            None if end.is_empty() => Ok(()),
            Some(kept) => fs::rename(&from, with_end(kept, end)),
            None => fs::remove_file(&from),
        };
        match done {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            done => done.map_err(|error| io_fault(&from, "setting aside", &error))?,
        }
    }
    Ok(kept)
}
