//! Directories of settled attempts: used again for the next ones, or tidied.
//!
//! Making files is most of what a short attempt costs, and ext4 makes it dearer the more was
//! deleted in the last minutes: it looks at each of those inodes for every new file. So a start
//! takes the directory and the record of an attempt that is over, if there is one.

use super::supervisor::Supervisor;
use crate::engine::lock;
use crate::shim::layout;
use rustix::fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with};
use std::collections::VecDeque;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

/// Files that are kept.
const LOGS: [&str; 2] = [layout::OUT, layout::ERR];
/// Directories that stay for later starts when the others are tidied.
const SPARES_MAX: usize = 64;
/// How the names of directories begin that are no attempt's; none of those has a hyphen here.
const SPARE: &str = "spare-";
/// Numbers them.
static SPARES: AtomicU64 = AtomicU64::new(0);

/// What settled attempts left on disk.
#[derive(Debug, Default)]
pub(crate) struct Litter {
    // Held while a directory changes hands, so that nobody removes it meanwhile.
    dirs: Mutex<Dirs>,
}

#[derive(Debug, Default)]
struct Dirs {
    /// To be tidied.
    litter: Vec<PathBuf>,
    /// Whose shim said all there was to say and ended: to be used again, or tidied.
    used: VecDeque<PathBuf>,
    /// Emptied, for later starts.
    spare: Vec<PathBuf>,
}

/// How a used directory helped a start.
pub(super) enum Reused {
    /// The attempt has its directory, with a record that holds the line of its spec.
    Started,
    /// The attempt's directory exists: it was started before.
    AlreadyThere,
    /// There was none that could be used.
    Nothing,
}

impl Litter {
    /// Remembers the directory of a settled attempt. `ended`: its shim said all there was to say,
    /// and ended. Where it has logs to keep, its record goes to a directory for a later start: now,
    /// while nobody waits for it.
    pub(crate) fn add(&self, dir: PathBuf, ended: bool) {
        let used = match has_logs(&dir) {
            Ok(false) if ended => Some(dir.clone()),
            Ok(true) if ended => without_logs(&dir).ok(),
            _ => None,
        };
        let mut dirs = lock(&self.dirs);
        match used {
            Some(used) => dirs.used.push_back(used),
            None => dirs.litter.push(dir),
        }
    }

    /// As [`Self::add`], for an attempt that wrote nothing and whose shim said all there was to
    /// say: without a look at the directory, which whoever takes it has anyway.
    pub(crate) fn keep(&self, dir: PathBuf) {
        lock(&self.dirs).used.push_back(dir);
    }

    /// How many there are to tidy.
    pub(crate) fn len(&self) -> usize {
        let dirs = lock(&self.dirs);
        dirs.litter.len() + dirs.used.len()
    }

    /// Forgets a directory that is about to be removed.
    pub(super) fn forget(&self, dir: &Path) {
        let mut dirs = lock(&self.dirs);
        dirs.used.retain(|used| used != dir);
        dirs.spare.retain(|spare| spare != dir);
    }

    /// Makes a used directory that of an attempt, whose record then has `spec` for its first line.
    pub(super) fn reuse(&self, dir: &Path, spec: &[u8]) -> Reused {
        let mut dirs = lock(&self.dirs);
        loop {
            let next = dirs.used.pop_front().or_else(|| dirs.spare.pop());
            let Some(used) = next else { return Reused::Nothing };
            match hand_over(&used, dir, spec) {
                Ok(()) => return Reused::Started,
                Err(error) => {
                    dirs.litter.push(used);
                    if error.kind() == io::ErrorKind::AlreadyExists {
                        return Reused::AlreadyThere;
                    }
                }
            }
        }
    }

    /// Removes all but the logs of the attempts so far, and all of those that wrote none; `keep`
    /// says to leave some of these, emptied, for the next starts. Best effort: what stays behind
    /// is found by the next engine.
    pub(crate) fn tidy(&self, keep: bool) {
        let mut dirs = lock(&self.dirs);
        let mut litter = std::mem::take(&mut dirs.litter);
        if !keep {
            litter.append(&mut dirs.spare);
        }
        for used in std::mem::take(&mut dirs.used) {
            if keep && dirs.spare.len() < SPARES_MAX && empty(&used) {
                dirs.spare.push(used);
            } else {
                litter.push(used);
            }
        }
        drop(dirs);
        for dir in &litter {
            tidy_dir(dir);
        }
    }
}

/// Makes a used directory that of an attempt. The record is rewritten before it gets its new name,
/// so that nobody ever reads there what the old attempt left.
fn hand_over(used: &Path, dir: &Path, spec: &[u8]) -> io::Result<()> {
    if has_logs(used)? {
        return Err(io::Error::other("it has logs"));
    }
    let record = claim(used)?;
    let given = rewrite(&record, spec)
        .and_then(|()| Ok(renameat_with(CWD, used, CWD, dir, RenameFlags::NOREPLACE)?));
    // Closing is not enough, see `lock::Guard`.
    let _ = flock(&record, FlockOperation::Unlock);
    given
}

/// Moves the record to a directory of its own.
fn without_logs(used: &Path) -> io::Result<PathBuf> {
    let number = SPARES.fetch_add(1, Ordering::Relaxed);
    let spare = used.with_file_name(format!("{SPARE}{}-{number}", std::process::id()));
    DirBuilder::new().mode(0o700).create(&spare)?;
    let moved = fs::rename(used.join(layout::RECORD), spare.join(layout::RECORD));
    moved.inspect_err(|_| drop(fs::remove_dir(&spare)))?;
    Ok(spare)
}

/// Writes the spec over the record, and NUL over the rest of it, which its readers pass over.
/// Cutting the file instead makes ext4 bring what was in it to disk first.
fn rewrite(record: &File, spec: &[u8]) -> io::Result<()> {
    let length = usize::try_from(record.metadata()?.len()).map_err(io::Error::other)?;
    let mut bytes = spec.to_vec();
    bytes.resize(length.max(spec.len()), 0);
    record.write_all_at(&bytes, 0)
}

/// The record, with its lock: whoever had it before is gone.
fn claim(spare: &Path) -> io::Result<File> {
    let file = File::options().write(true).open(spare.join(layout::RECORD))?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    match file.metadata()?.nlink() {
        0 => Err(io::ErrorKind::NotFound.into()),
        _ => Ok(file),
    }
}

/// Whether there is nothing in it, but for a record that is empty now. What the old attempt was
/// told must not lie there for as long as nothing is started.
fn empty(used: &Path) -> bool {
    let emptied = || -> io::Result<bool> {
        if has_logs(used)? {
            return Ok(false);
        }
        let record = claim(used)?;
        let emptied = record.set_len(0);
        let _ = flock(&record, FlockOperation::Unlock);
        emptied.map(|()| true)
    };
    emptied().unwrap_or(false)
}

/// Whether it has logs beside its record; an error if it has anything else.
fn has_logs(dir: &Path) -> io::Result<bool> {
    let mut found = false;
    for entry in fs::read_dir(dir)? {
        let name = entry?.file_name();
        if LOGS.iter().any(|log| name == *log) {
            found = true;
        } else if name != layout::RECORD {
            return Err(io::Error::other("it has more than a record and logs"));
        }
    }
    Ok(found)
}

fn tidy_dir(dir: &Path) {
    // First: without it a late shim finds nothing to execute, whatever else is still there.
    let _ = fs::remove_file(dir.join(layout::RECORD));
    let Ok(entries) = fs::read_dir(dir) else { return };
    let mut kept = false;
    for entry in entries.flatten() {
        let is_log = LOGS.iter().any(|log| entry.file_name() == *log);
        let has_bytes = entry.metadata().is_ok_and(|meta| meta.len() > 0);
        if is_log && has_bytes {
            kept = true;
        } else {
            let _ = fs::remove_file(entry.path());
        }
    }
    if !kept {
        let _ = fs::remove_dir(dir);
    }
}

impl Supervisor {
    /// Attempts on disk that still have more than logs, as (boot id, task id, fence). What is kept
    /// for later starts is removed on the way: who kept it makes itself another.
    pub(crate) fn leftovers(&self) -> Vec<(String, String, u64)> {
        let mut found = Vec::new();
        for boot in fs::read_dir(self.runs()).into_iter().flatten().flatten() {
            let boot_id = boot.file_name().to_string_lossy().into_owned();
            for attempt in fs::read_dir(boot.path()).into_iter().flatten().flatten() {
                let name = attempt.file_name().to_string_lossy().into_owned();
                if name.starts_with(SPARE) {
                    tidy_dir(&attempt.path());
                }
                let parts = name.rsplit_once('.').and_then(|(t, f)| Some((t, f.parse().ok()?)));
                let Some((task, fence)) = parts else { continue };
                if attempt.path().join(layout::RECORD).exists() {
                    found.push((boot_id.clone(), task.to_owned(), fence));
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    /// The directory of a settled attempt, with these files beside its record.
    fn used(home: &TempDir, name: &str, files: &[&str]) -> PathBuf {
        let dir = home.path().join(name);
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join(layout::RECORD), "a long spec\na run\nan exit\n").unwrap();
        for file in files {
            fs::write(dir.join(file), "text").unwrap();
        }
        dir
    }

    fn holding(used: &Path) -> Litter {
        let litter = Litter::default();
        litter.add(used.to_owned(), true);
        litter
    }

    fn names(dir: &Path) -> Vec<String> {
        let entries = fs::read_dir(dir).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// What the record says; behind it there may be nothing but NUL.
    fn recorded(dir: &Path) -> Vec<u8> {
        let mut bytes = fs::read(dir.join(layout::RECORD)).unwrap();
        let end = bytes.iter().position(|&byte| byte == 0).unwrap_or(bytes.len());
        assert!(bytes.split_off(end).iter().all(|&byte| byte == 0));
        bytes
    }

    #[test]
    fn a_record_longer_than_any_before_it_fits() {
        let home = tempfile::tempdir().unwrap();
        let (old, new) = (used(&home, "old", &[]), home.path().join("new"));
        let spec = [&b"s".repeat(5000)[..], b"\n"].concat();
        assert!(matches!(holding(&old).reuse(&new, &spec), Reused::Started));
        assert_eq!(fs::read(new.join(layout::RECORD)).unwrap(), spec);
    }

    #[test]
    fn a_start_takes_a_used_directory_and_nothing_of_what_it_said() {
        let home = tempfile::tempdir().unwrap();
        let (old, new) = (used(&home, "old", &[]), home.path().join("new"));
        let litter = holding(&old);
        assert!(matches!(litter.reuse(&new, b"spec\n"), Reused::Started));
        assert_eq!(recorded(&new), b"spec\n");
        assert_eq!(names(home.path()), ["new"]);
        assert_eq!(litter.len(), 0);
    }

    #[test]
    fn logs_stay_where_they_are() {
        let home = tempfile::tempdir().unwrap();
        let (old, new) = (used(&home, "old", &[layout::OUT]), home.path().join("new"));
        let litter = holding(&old);
        assert_eq!(names(&old), ["out.log"]);
        assert_eq!(names(home.path()).len(), 2);
        assert!(matches!(litter.reuse(&new, b"spec\n"), Reused::Started));
        assert_eq!(recorded(&new), b"spec\n");
        assert_eq!(
            (names(&new), names(home.path())),
            (vec![layout::RECORD.into()], { vec!["new".into(), "old".to_owned()] })
        );
    }

    #[test]
    fn what_was_kept_for_starts_is_no_attempt_and_goes_with_the_next_engine() {
        let home = tempfile::tempdir().unwrap();
        let boot = home.path().join("runs/boot");
        fs::create_dir_all(&boot).unwrap();
        let at = |name: &str| {
            fs::rename(used(&home, "made", &[layout::OUT]), boot.join(name)).unwrap();
            boot.join(name)
        };
        let litter = holding(&at("task_1.1"));
        let next = Supervisor::new(home.path().join("runs"), "clawflow", "boot");
        assert_eq!(names(&boot).len(), 2);
        assert_eq!(next.leftovers(), []);
        assert_eq!(names(&boot), ["task_1.1"]);
        assert!(matches!(litter.reuse(&boot.join("task_2.1"), b"spec\n"), Reused::Nothing));
        at("task_3.1");
        assert_eq!(next.leftovers(), [("boot".to_owned(), "task_3".to_owned(), 1)]);
    }

    #[test]
    fn a_directory_that_somebody_may_still_use_is_left_alone() {
        let home = tempfile::tempdir().unwrap();
        let new = home.path().join("new");
        let before = "a long spec\na run\nan exit\n";
        for file in [layout::TOMBSTONE, layout::STDIN, layout::FAILURE] {
            let old = used(&home, &format!("with {file}"), &[file]);
            assert!(matches!(holding(&old).reuse(&new, b"spec\n"), Reused::Nothing));
            assert_eq!(fs::read_to_string(old.join(layout::RECORD)).unwrap(), before);
        }
        let old = used(&home, "locked", &[]);
        let shim = File::open(old.join(layout::RECORD)).unwrap();
        flock(&shim, FlockOperation::LockExclusive).unwrap();
        let litter = holding(&old);
        assert!(matches!(litter.reuse(&new, b"spec\n"), Reused::Nothing));
        assert_eq!(fs::read_to_string(old.join(layout::RECORD)).unwrap(), before);
        assert!(!new.exists());
        assert_eq!(litter.len(), 1);
    }

    #[test]
    fn an_attempt_that_was_started_before_keeps_its_directory() {
        let home = tempfile::tempdir().unwrap();
        for files in [&[][..], &[layout::ERR]] {
            let (old, new) = (used(&home, "old", files), used(&home, "new", &[]));
            let litter = holding(&old);
            assert!(matches!(litter.reuse(&new, b"spec\n"), Reused::AlreadyThere));
            assert_eq!(fs::read(new.join(layout::RECORD)).unwrap().len(), 26);
            litter.tidy(true);
            assert!(!old.join(layout::RECORD).exists());
            fs::remove_dir_all(&new).unwrap();
            let _ = fs::remove_dir_all(&old);
        }
    }

    #[test]
    fn tidying_empties_what_it_keeps_and_the_last_one_keeps_nothing() {
        let home = tempfile::tempdir().unwrap();
        let litter = holding(&used(&home, "bare", &[]));
        litter.add(used(&home, "logged", &[layout::OUT]), true);
        litter.add(used(&home, "killed", &[]), false);
        litter.tidy(true);
        let left = names(home.path());
        assert_eq!((&left[0], &left[1], left.len()), (&"bare".into(), &"logged".into(), 3));
        assert_eq!(names(&home.path().join("logged")), ["out.log"]);
        for spare in [&left[0], &left[2]] {
            assert_eq!(fs::read(home.path().join(spare).join(layout::RECORD)).unwrap(), b"");
        }
        assert_eq!(litter.len(), 0);
        let new = home.path().join("new");
        assert!(matches!(litter.reuse(&new, b"spec\n"), Reused::Started));
        litter.add(new, true);
        litter.tidy(false);
        assert_eq!(names(home.path()), ["logged"]);
    }

    #[test]
    fn what_was_kept_unseen_and_has_more_than_a_record_is_tidied() {
        for files in [&[layout::OUT][..], &[layout::STDIN], &[layout::TOMBSTONE]] {
            let home = tempfile::tempdir().unwrap();
            let litter = Litter::default();
            litter.keep(used(&home, "old", files));
            let new = home.path().join("new");
            assert!(matches!(litter.reuse(&new, b"spec\n"), Reused::Nothing), "{files:?}");
            assert!(!new.exists());
            litter.tidy(true);
            let kept: &[&str] = if files == [layout::OUT] { &["old"] } else { &[] };
            assert_eq!(names(home.path()), kept);
            // Or nothing was started meanwhile.
            litter.keep(used(&home, "later", files));
            litter.tidy(true);
            assert!(!home.path().join("later").join(layout::RECORD).exists());
        }
        let home = tempfile::tempdir().unwrap();
        let litter = Litter::default();
        litter.keep(used(&home, "old", &[]));
        let new = home.path().join("new");
        assert!(matches!(litter.reuse(&new, b"spec\n"), Reused::Started));
    }

    #[test]
    fn what_is_about_to_be_removed_is_not_given_away() {
        let home = tempfile::tempdir().unwrap();
        let old = used(&home, "old", &[]);
        let litter = holding(&old);
        litter.forget(&old);
        assert!(matches!(litter.reuse(&home.path().join("new"), b"spec\n"), Reused::Nothing));
        assert!(old.exists());
    }
}
