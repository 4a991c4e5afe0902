//! The one file of an attempt: what to run, who runs it, how it ended; one line each.
//!
//! Each line is added in place, by one who holds the file's lock, and only ever behind the
//! lines before it. One file and not one for each, because making a file is what costs most
//! of all that a short attempt does. Of a line that is there only in part its reader learns
//! that it was begun: that an execution may have, or that an end is not known. Behind the last line
//! there may be NUL bytes, where the file belonged to an earlier attempt: they are not part of it.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::fail::{At, PathError};
use super::record::{ExitRecord, RunRecord};
use super::spec::RunSpec;
use super::{layout, limits};

/// What a file of an attempt holds.
pub(crate) struct Recorded(Vec<u8>);

impl Recorded {
    /// Reads the file of a directory; `None` when there is none.
    pub(crate) fn read(dir: &Path) -> Result<Option<Self>, PathError> {
        let path = dir.join(layout::RECORD);
        match fs::read(&path) {
            Ok(mut bytes) => {
                bytes.truncate(end_of(&bytes));
                Ok(Some(Self(bytes)))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).at("read", &path),
        }
    }

    /// Whether the program may have executed. A part of a line proves as much as all of it.
    pub(crate) fn may_have_executed(&self) -> bool {
        self.line(1).is_some() || self.line(2).is_some()
    }

    /// Who ran, or a sentence on what is wrong with the record; `None` when there is none.
    pub(crate) fn run(&self) -> Option<Result<RunRecord, String>> {
        self.line(1).map(RunRecord::parse)
    }

    /// How it ended, or a sentence on what is wrong with the record; `None` when there is
    /// none.
    pub(crate) fn exit(&self) -> Option<Result<ExitRecord, String>> {
        self.line(2).map(ExitRecord::unseal)
    }

    /// A line, or as much of it as there is; the last goes on to the end of the file.
    fn line(&self, number: usize) -> Option<&[u8]> {
        self.0.splitn(3, |&byte| byte == b'\n').nth(number).filter(|line| !line.is_empty())
    }
}

/// Where the lines end: none of them has a NUL.
fn end_of(bytes: &[u8]) -> usize {
    bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len())
}

/// The first line of a file: its supervisor writes it, before there is a shim.
pub(crate) fn spec_line(spec: &RunSpec) -> serde_json::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(spec)?;
    line.push(b'\n');
    Ok(line)
}

/// The file of an attempt whose shim this is, with its lock.
pub(super) struct RecordFile {
    file: File,
    /// Where the next line begins.
    end: u64,
    /// Something of a line that failed to be written may be there.
    torn: bool,
}

impl RecordFile {
    /// Takes the file in the current directory; the lock stays until the shim ends. `None`
    /// when another shim has or had it, or a tombstone was put up.
    pub(super) fn claim() -> Result<Option<(Self, RunSpec)>, PathError> {
        const NAME: &str = layout::RECORD;
        let mut options = File::options();
        let mut file = options.read(true).write(true).open(NAME).at("open", NAME)?;
        if !lock(&file)? || exists(layout::TOMBSTONE) {
            return Ok(None);
        }
        // Whoever removes an attempt removes this file before the tombstone: of one that is
        // gone by now this tells.
        let meta = file.metadata().at("look at", NAME)?;
        if meta.nlink() == 0 {
            return Ok(None);
        }
        let mut text = Vec::with_capacity(limits::SPEC_BYTES);
        file.read_to_end(&mut text).at("read", NAME)?;
        text.truncate(end_of(&text));
        if text.is_empty() {
            // Made by somebody who wanted nothing but the lock.
            return Ok(None);
        }
        let Some(end) = text.iter().position(|&byte| byte == b'\n') else {
            return Err(io::Error::other("the spec is not whole")).at("read", NAME);
        };
        if end + 1 < text.len() {
            return Ok(None);
        }
        let spec: RunSpec = serde_json::from_slice(&text).at("parse", NAME)?;
        spec.check().map_err(io::Error::other).at("accept", NAME)?;
        Ok(Some((Self { file, end: text.len() as u64, torn: false }, spec)))
    }

    /// Adds who runs. It is taken back if it cannot be written whole, because then nothing
    /// will be executed.
    pub(super) fn add_run(&mut self, record: &RunRecord) -> io::Result<()> {
        let mut line = serde_json::to_vec(record)?;
        line.push(b'\n');
        self.add(&line).inspect_err(|_| {
            let _ = self.take_back();
        })?;
        self.end += line.len() as u64;
        Ok(())
    }

    /// Adds how it ended. After a failure it may be tried again: that begins at the same
    /// place, and nothing of the first try stays.
    pub(super) fn add_exit(&mut self, sealed: &[u8]) -> io::Result<()> {
        self.add(sealed)
    }

    fn add(&mut self, line: &[u8]) -> io::Result<()> {
        if self.torn {
            self.take_back()?;
        }
        self.torn = true;
        self.file.write_all_at(line, self.end)?;
        self.torn = false;
        Ok(())
    }

    fn take_back(&mut self) -> io::Result<()> {
        self.file.set_len(self.end)?;
        self.torn = false;
        Ok(())
    }

    /// Whether the file still has its name. When in doubt it has.
    pub(super) fn is_linked(&self) -> bool {
        self.file.metadata().map_or(true, |meta| meta.nlink() > 0)
    }

    /// Brings the file to disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }
}

fn exists(name: &str) -> bool {
    // Not being able to tell counts as yes: executing twice is the worse mistake.
    !matches!(fs::symlink_metadata(name), Err(error) if error.kind() == io::ErrorKind::NotFound)
}

/// Takes the lock; `false` when a shim or a tombstone has it.
fn lock(file: &File) -> Result<bool, PathError> {
    for _ in 0..limits::LOCK_TRIES {
        match flock(file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(true),
            // Also somebody who only looks holds it for a moment.
            Err(Errno::WOULDBLOCK) => std::thread::sleep(limits::LOCK_PAUSE),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error).at("lock", layout::RECORD),
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shim::limits::FORMAT;
    use crate::shim::procfs::ProcId;

    fn run_record() -> RunRecord {
        let shim = ProcId { pid: 7, start_time: 8 };
        let child = ProcId { pid: 9, start_time: 10 };
        RunRecord { version: FORMAT, shim, child, pgid: 9, boot_id: "boot".to_owned() }
    }

    /// A file with a spec, open as a shim has it.
    fn begun(dir: &Path) -> RecordFile {
        let spec = spec_line(&RunSpec::new("t", 1, vec!["a\nb".to_owned()])).unwrap();
        fs::write(dir.join(layout::RECORD), &spec).unwrap();
        let file = File::options().read(true).write(true).open(dir.join(layout::RECORD));
        RecordFile { file: file.unwrap(), end: spec.len() as u64, torn: false }
    }

    fn full() -> File {
        File::options().write(true).open("/dev/full").unwrap()
    }

    #[test]
    fn each_part_of_a_run_line_means_that_it_may_have_executed() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = begun(dir.path());
        let spec = Recorded::read(dir.path()).unwrap().unwrap().0;
        assert!(!Recorded(spec.clone()).may_have_executed());
        assert!(!Recorded(spec[..spec.len() - 1].to_vec()).may_have_executed());
        file.add_run(&run_record()).unwrap();
        let both = Recorded::read(dir.path()).unwrap().unwrap().0;
        for end in spec.len() + 1..both.len() - 1 {
            let torn = Recorded(both[..end].to_vec());
            assert!(torn.may_have_executed() && torn.exit().is_none());
            assert!(torn.run().unwrap().is_err(), "{end}");
        }
        let whole = Recorded(both);
        assert_eq!(whole.run(), Some(Ok(run_record())));
        assert!(whole.may_have_executed() && whole.exit().is_none());
    }

    #[test]
    fn what_is_left_of_an_earlier_attempt_is_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = begun(dir.path());
        file.file.write_all_at(&[0; 5000], file.end).unwrap();
        let before = Recorded::read(dir.path()).unwrap().unwrap();
        assert!(!before.may_have_executed() && before.exit().is_none());
        file.add_run(&run_record()).unwrap();
        let begun = Recorded::read(dir.path()).unwrap().unwrap();
        assert_eq!(begun.run(), Some(Ok(run_record())));
        assert!(begun.exit().is_none());
        file.add_exit(b"the exit\n").unwrap();
        let ended = Recorded::read(dir.path()).unwrap().unwrap();
        assert!(ended.0.ends_with(b"}\nthe exit\n"));
    }

    #[test]
    fn a_run_line_that_cannot_be_written_is_taken_back() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = begun(dir.path());
        let path = dir.path().join(layout::RECORD);
        let before = fs::read(&path).unwrap();
        // What a full disk leaves of it.
        file.file.write_all_at(b"{\"version\"", file.end).unwrap();
        file.torn = true;
        file.take_back().unwrap();
        assert_eq!(fs::read(&path).unwrap(), before);
        let real = std::mem::replace(&mut file.file, full());
        let error = file.add_run(&run_record()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        file.file = real;
        file.add_run(&run_record()).unwrap();
        assert!(fs::read(&path).unwrap().starts_with(&before));
        let recorded = Recorded::read(dir.path()).unwrap().unwrap();
        assert_eq!(recorded.run(), Some(Ok(run_record())));
    }

    #[test]
    fn an_exit_that_did_not_fit_is_written_over_from_the_same_place() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = begun(dir.path());
        file.add_run(&run_record()).unwrap();
        let path = dir.path().join(layout::RECORD);
        let before = fs::read(&path).unwrap();
        let real = std::mem::replace(&mut file.file, full());
        let error = file.add_exit(b"the exit\n").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        file.file = real;
        // What was written of it before the disk was full, and longer than the second try.
        file.file.write_all_at(&[b'x'; 100], file.end).unwrap();
        file.add_exit(b"the exit\n").unwrap();
        assert_eq!(fs::read(&path).unwrap(), [&before[..], b"the exit\n"].concat());
    }

    #[test]
    fn what_is_unlinked_is_known_to_be() {
        let dir = tempfile::tempdir().unwrap();
        let file = begun(dir.path());
        assert!(file.is_linked());
        fs::remove_file(dir.path().join(layout::RECORD)).unwrap();
        assert!(!file.is_linked());
    }
}
