//! A private copy of a SQLite database that somebody else may be writing.
//!
//! SQLite itself is never let near the original: even a read-only connection may make files beside
//! a database in WAL mode, and takes locks that its program must wait for. The bytes of the file
//! and of its log or journal are copied instead, and only count if nothing but the end of the log
//! has changed meanwhile. What the copy opens to is then the last commit: SQLite takes in the log,
//! or rolls a transaction back that a crash has cut off, as it would there.
//!
//! Limits: as much room as the files have, where temporary files go, until the copy is read.
//! Failure: a file that is written all the time is an error, and no copy is left behind.

use super::error::ForeignError;
use super::limits::{COPIES_MAX, PAUSE, QUIET, VALUE_BYTES_MAX};
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

/// How every SQLite database begins.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// Bytes at the start of a log that change when it is begun anew.
const LOG_HEAD: usize = 32;

/// Opens a copy of the database. It has no name any more: it goes with the connection.
pub(super) fn open(file: &Path) -> Result<Connection, ForeignError> {
    check_head(file)?;
    // The log lies beside the file itself, not beside a link to it.
    let real = fs::canonicalize(file);
    let real = real.map_err(|error| ForeignError::Read { path: shown(file), error })?;
    let dir = Dir::new(file)?;
    let copy = dir.0.join("copy.sqlite");
    let mut tries = 0;
    while !copied(&real, &copy, &dir)? {
        tries += 1;
        if tries >= COPIES_MAX {
            return Err(ForeignError::Busy { path: shown(file) });
        }
        std::thread::sleep(PAUSE);
    }
    opened(&copy).map_err(|error| unreadable(file, &error))
}

/// What SQLite says of a copy, about the file.
pub(super) fn unreadable(file: &Path, error: &rusqlite::Error) -> ForeignError {
    ForeignError::Bad { path: shown(file), why: format!("is no readable database: {error}") }
}

pub(super) fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// Refuses what is no database before anything is copied.
fn check_head(file: &Path) -> Result<(), ForeignError> {
    let fail = |error| ForeignError::Read { path: shown(file), error };
    let bad = |why: &str| ForeignError::Bad { path: shown(file), why: why.to_owned() };
    if !fs::metadata(file).map_err(fail)?.is_file() {
        return Err(bad("is no regular file"));
    }
    let mut head = Vec::with_capacity(MAGIC.len());
    let opened = File::open(file).map_err(fail)?;
    opened.take(MAGIC.len() as u64).read_to_end(&mut head).map_err(fail)?;
    if head != MAGIC {
        return Err(bad("is no SQLite database, or is encrypted"));
    }
    Ok(())
}

/// What shows that a file was written.
#[derive(PartialEq, Eq)]
struct Seen {
    place: (u64, u64),
    size: u64,
    written: (i64, i64),
}

impl Seen {
    fn of(file: &Path) -> io::Result<Option<Self>> {
        match fs::metadata(file) {
            Ok(meta) => Ok(Some(Self {
                place: (meta.dev(), meta.ino()),
                size: meta.size(),
                written: (meta.mtime(), meta.mtime_nsec()),
            })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The file, its journal, and how its log begins.
type State = (Option<Seen>, Option<Seen>, Vec<u8>);

fn state(file: &Path) -> io::Result<State> {
    let log = beside(file, "-wal");
    let head = match File::open(&log) {
        Ok(opened) => {
            let mut head = Vec::with_capacity(LOG_HEAD);
            opened.take(LOG_HEAD as u64).read_to_end(&mut head)?;
            head
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    Ok((Seen::of(file)?, Seen::of(&beside(file, "-journal"))?, head))
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Copies the files; false if they were written meanwhile, or a moment before.
fn copied(file: &Path, copy: &Path, dir: &Dir) -> Result<bool, ForeignError> {
    let fail = |error| ForeignError::Read { path: shown(file), error };
    let before = state(file).map_err(fail)?;
    if !is_quiet(file).map_err(fail)? || !is_quiet(&beside(file, "-journal")).map_err(fail)? {
        return Ok(false);
    }
    for suffix in ["", "-wal", "-journal"] {
        let to = beside(copy, suffix);
        let _ = fs::remove_file(&to);
        match take(&beside(file, suffix), &to) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && !suffix.is_empty() => {}
            Err(error) => {
                let to = shown(&dir.0);
                return Err(ForeignError::Copy { path: shown(file), to, error });
            }
            Ok(()) => {}
        }
    }
    Ok(state(file).map_err(fail)? == before)
}

/// Whether a later write would show in the file's time.
fn is_quiet(file: &Path) -> io::Result<bool> {
    match fs::metadata(file) {
        Ok(meta) => {
            let age = SystemTime::now().duration_since(meta.modified()?);
            // One that lies in the future says nothing, and changes with a write all the same.
            Ok(age.is_ok_and(|age| age >= QUIET) || age_is_ahead(&meta)?)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
    }
}

fn age_is_ahead(meta: &fs::Metadata) -> io::Result<bool> {
    Ok(meta.modified()?.duration_since(SystemTime::now()).is_ok_and(|ahead| ahead > QUIET))
}

fn take(from: &Path, to: &Path) -> io::Result<()> {
    let mut source = File::open(from)?;
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
    io::copy(&mut source, &mut made?)?;
    Ok(())
}

/// The copy as it was at its last commit, in one file, which then loses its name.
fn opened(copy: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(copy, flags)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    conn.pragma_update(None, "cell_size_check", true)?;
    conn.pragma_update(None, "mmap_size", 0)?;
    conn.query_row(include_str!("sql/take_in_log.sql"), [], |_| Ok(()))?;
    conn.pragma_update(None, "locking_mode", "exclusive")?;
    conn.query_row(include_str!("sql/schema_version.sql"), [], |row| row.get::<_, i64>(0))?;
    conn.pragma_update(None, "query_only", true)?;
    let bytes = i32::try_from(VALUE_BYTES_MAX).unwrap_or(i32::MAX);
    conn.set_limit(Limit::SQLITE_LIMIT_LENGTH, bytes)?;
    Ok(conn)
}

/// A directory of our own for the copy; it goes with this.
struct Dir(PathBuf);

impl Dir {
    fn new(file: &Path) -> Result<Self, ForeignError> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let below = std::env::temp_dir();
        let fail = |error| {
            let to = shown(&below);
            ForeignError::Copy { path: shown(file), to, error }
        };
        loop {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = format!("clawflow-import-{}-{number}", std::process::id());
            match DirBuilder::new().mode(0o700).create(below.join(&name)) {
                Ok(()) => return Ok(Self(below.join(&name))),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(fail(error)),
            }
        }
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
