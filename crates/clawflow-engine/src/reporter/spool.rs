//! Reports on disk, from when they are made until the ledger has them.
//!
//! One small file for a report, named by its task and by what it tells of, so that the names sort
//! by time: an id begins with its time. It is written beside its place and moved there, so that it
//! is there whole or not at all. It is not synced: the job does not wait for the disk. After a
//! power failure a report of the last seconds may be missing or torn.

use super::limits::{REPORT_BYTES_MAX, REPORTS_MAX, UNFINISHED_MAX};
use crate::api::TaskRecordRequest;
use crate::clock::{Ids, now};
use clawflow_core::ids::{IdSource, TaskId, encode};
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Directory in the home.
const IN_HOME: &str = "spool";
/// End of the name of a report.
const REPORT: &str = ".json";
/// End of the name of what could not be read.
const TORN: &str = ".torn";
/// End of the name of what the ledger refused.
const REFUSED: &str = ".refused";

/// A report as it stands in its file.
#[derive(Serialize, Deserialize)]
struct Written {
    /// Of the format.
    version: u32,
    /// The home that it is for: beside a home that cannot be written to all share a directory.
    home: PathBuf,
    report: TaskRecordRequest,
}

/// Where the reports of one home wait.
#[derive(Clone, Debug)]
pub struct Spool {
    home: PathBuf,
}

/// What waits in a spool.
#[derive(Clone, Debug, Default)]
pub struct Set {
    /// Reports that are to be taken in, by their times.
    pub waiting: Vec<PathBuf>,
    /// What was set aside because it could not be read.
    pub torn: Vec<PathBuf>,
    /// What was set aside because it cannot be.
    pub refused: Vec<PathBuf>,
}

/// What became of an attempt to read a report.
pub(super) enum Read_ {
    Report(Box<TaskRecordRequest>),
    /// Of another home, or gone.
    NotOurs,
    Torn,
}

impl Spool {
    /// The spool of this home.
    #[must_use]
    pub fn new(home: &Path) -> Self {
        Self { home: home.to_owned() }
    }

    /// The directory in the home.
    #[must_use]
    pub fn dir(&self) -> PathBuf {
        self.home.join(IN_HOME)
    }

    /// Where reports wait: in the home, or in a directory of this user where that cannot be.
    fn dirs(&self) -> Vec<PathBuf> {
        let user = rustix::process::geteuid().as_raw();
        let name = format!("clawflow-spool-{user}");
        let beside = [format!("/run/user/{user}"), "/var/tmp".to_owned(), "/tmp".to_owned()];
        let beside = beside.into_iter().map(|dir| Path::new(&dir).join(&name));
        std::iter::once(self.dir()).chain(beside).collect()
    }

    /// Makes the directory in the home.
    ///
    /// # Errors
    /// It cannot be made, or is not this user's own.
    pub fn make(&self) -> io::Result<PathBuf> {
        let dir = self.dir();
        make(&dir)?;
        Ok(dir)
    }

    /// Writes a report, in the first place that takes it, and returns its file. `step` sorts the
    /// reports about one task. An end makes the start superfluous, as it says all of it.
    ///
    /// # Errors
    /// Those of the last place; nothing was written.
    pub fn write(&self, step: Step, report: &TaskRecordRequest) -> io::Result<PathBuf> {
        let mut report = report.clone();
        let task_id = report.task_id.get_or_insert_with(|| TaskId::new(&mut Ids)).clone();
        let name = format!("{task_id}.{}{REPORT}", step.word());
        let start = format!("{task_id}.{}{REPORT}", Step::Start.word());
        let home = self.home.clone();
        let bytes = serde_json::to_vec(&Written { version: 1, home, report })?;
        let mut failed = io::Error::other("there is no place for it");
        for dir in self.dirs() {
            match make(&dir).and_then(|()| place(&dir, &name, &bytes)) {
                Ok(()) => {
                    if step == Step::End {
                        // Only to spare the reader the work.
                        let _ = fs::remove_file(dir.join(start));
                    }
                    return Ok(dir.join(name));
                }
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    /// What waits, by its times.
    #[must_use]
    pub fn look(&self) -> Set {
        let mut found = Set::default();
        for dir in self.dirs() {
            if !is_own(&dir) {
                continue;
            }
            let Ok(entries) = fs::read_dir(&dir) else { continue };
            for entry in entries.flatten().take(REPORTS_MAX) {
                let name = entry.file_name();
                let Some(name) = name.to_str() else { continue };
                let path = entry.path();
                match name {
                    name if name.starts_with('.') => forget_unfinished(&path),
                    name if name.ends_with(REPORT) => found.waiting.push(path),
                    name if name.ends_with(TORN) => found.torn.push(path),
                    name if name.ends_with(REFUSED) => found.refused.push(path),
                    _ => {}
                }
            }
        }
        found.waiting.sort_by(|a, b| a.file_name().cmp(&b.file_name()));
        found
    }

    /// Reads a report of this home.
    pub(super) fn read(&self, path: &Path) -> io::Result<Read_> {
        let mut bytes = Vec::new();
        let opened = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Read_::NotOurs),
            opened => opened?,
        };
        opened.take(REPORT_BYTES_MAX + 1).read_to_end(&mut bytes)?;
        Ok(match serde_json::from_slice::<Written>(&bytes) {
            Ok(written) if written.home != self.home => Read_::NotOurs,
            Ok(written) if written.version == 1 => Read_::Report(Box::new(written.report)),
            _ => Read_::Torn,
        })
    }

    /// Sets a file aside that could not be read.
    pub(super) fn set_torn(path: &Path) -> io::Result<()> {
        fs::rename(path, renamed(path, TORN))
    }

    /// Sets a report aside that the ledger refused for good.
    pub(super) fn set_refused(path: &Path) -> io::Result<()> {
        fs::rename(path, renamed(path, REFUSED))
    }
}

/// What a report tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It has begun.
    Start,
    /// It goes on; the number makes a later one sort after it.
    Progress,
    /// It has ended.
    End,
}

impl Step {
    fn word(self) -> String {
        match self {
            Self::Start => "0".to_owned(),
            Self::Progress => format!("1-{:013}-{}", now(), unique()),
            Self::End => "2".to_owned(),
        }
    }
}

fn renamed(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn unique() -> String {
    encode(Ids.next_id())
}

fn make(dir: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(dir) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // A home that was never used.
            DirBuilder::new().mode(0o700).recursive(true).create(dir)?;
        }
        made => made?,
    }
    match is_own(dir) {
        true => Ok(()),
        false => Err(io::Error::other("it belongs to somebody else, or others may write to it")),
    }
}

/// Whether only this user writes there: what lies in a public place may be somebody's trap.
fn is_own(dir: &Path) -> bool {
    let me = rustix::process::geteuid().as_raw();
    fs::symlink_metadata(dir)
        .is_ok_and(|found| found.is_dir() && found.uid() == me && found.mode() & 0o022 == 0)
}

fn place(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let beside = dir.join(format!(".{}.{}", std::process::id(), unique()));
    let written = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)
        .and_then(|mut file| file.write_all(bytes))
        .and_then(|()| fs::rename(&beside, dir.join(name)));
    if written.is_err() {
        let _ = fs::remove_file(&beside);
    }
    written
}

/// Whoever wrote it was killed in the middle.
fn forget_unfinished(path: &Path) {
    let age = fs::metadata(path).and_then(|found| found.modified()).map(|at| at.elapsed());
    if age.is_ok_and(|age| age.is_ok_and(|age| age > UNFINISHED_MAX)) {
        let _ = fs::remove_file(path);
    }
}
