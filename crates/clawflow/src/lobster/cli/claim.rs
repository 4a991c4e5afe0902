//! Who follows a run after an answer to its gate: a file below the home that is locked while they
//! live, and gone once they have told what came of it. Whoever was killed before left it unlocked:
//! the next one who comes with the same answer takes their place.
//!
//! Limits: `flock` on a local file system. Failure: without its file a resume works all the same,
//! but nobody can take its place while a gateway drives the run.

use clawflow_core::ids::WaitId;
use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The directory of the files, in the home.
const DIR: &str = "lobster";
/// Who was killed and does not come back in this time does not come back.
const KEPT: Duration = Duration::from_secs(7 * 86_400);

/// The right to tell what came of an answer. Free again when this is dropped or the process dies.
#[derive(Debug)]
pub(super) struct Claim {
    file: File,
    path: PathBuf,
}

impl Claim {
    /// Claims a gate that is about to be answered; `None` if somebody else is doing that, or the
    /// home takes no file.
    pub(super) fn take(home: &Path, wait: &WaitId) -> Option<Self> {
        let dir = home.join(DIR);
        DirBuilder::new().recursive(true).mode(0o700).create(&dir).ok()?;
        forget_old(&dir);
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        Self::lock(options.open(path(home, wait)).ok()?, path(home, wait))
    }

    /// Takes the place of somebody who answered and was gone before they told what came of it.
    pub(super) fn inherit(home: &Path, wait: &WaitId) -> Option<Self> {
        let path = path(home, wait);
        Self::lock(OpenOptions::new().write(true).open(&path).ok()?, path)
    }

    /// What came of the answer was told: there is no place to take any more.
    pub(super) fn told(self) {
        // While the lock is held: nobody can take what is just being removed.
        let _ = std::fs::remove_file(&self.path);
    }

    fn lock(file: File, path: PathBuf) -> Option<Self> {
        file.try_lock().ok()?;
        // It may have been told between the opening and the lock.
        let is_there = file.metadata().is_ok_and(|meta| meta.nlink() > 0);
        is_there.then_some(Self { file, path })
    }
}

/// Removes what nobody came back for.
fn forget_old(dir: &Path) {
    let Ok(entries) = std::fs::read_dir(dir) else { return };
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        let Ok(file) = OpenOptions::new().write(true).open(&path) else { continue };
        let Some(claim) = Claim::lock(file, path) else { continue };
        let since = claim.file.metadata().and_then(|meta| meta.modified());
        if since.is_ok_and(|since| since.elapsed().is_ok_and(|age| age > KEPT)) {
            claim.told();
        }
    }
}

fn path(home: &Path, wait: &WaitId) -> PathBuf {
    home.join(DIR).join(wait.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait() -> WaitId {
        WaitId("wait_01k3m5v7x9z1a3c5e7g9j1k3m6".to_owned())
    }

    #[test]
    fn one_at_a_time_has_a_claim() {
        let home = tempfile::tempdir().unwrap();
        assert!(Claim::inherit(home.path(), &wait()).is_none(), "nobody was there");
        let first = Claim::take(home.path(), &wait()).unwrap();
        assert!(Claim::take(home.path(), &wait()).is_none());
        assert!(Claim::inherit(home.path(), &wait()).is_none());
        // As if it had been killed.
        drop(first);
        let heir = Claim::inherit(home.path(), &wait()).unwrap();
        assert!(Claim::inherit(home.path(), &wait()).is_none());
        heir.told();
        assert!(Claim::inherit(home.path(), &wait()).is_none(), "it was told");
    }

    #[test]
    fn what_nobody_comes_back_for_is_forgotten() {
        let home = tempfile::tempdir().unwrap();
        let other = WaitId("wait_01k3m5v7x9z1a3c5e7g9j1k3m7".to_owned());
        for id in [wait(), other.clone()] {
            drop(Claim::take(home.path(), &id).unwrap());
        }
        let old = std::time::SystemTime::now() - KEPT - Duration::from_secs(60);
        let file = File::open(path(home.path(), &other)).unwrap();
        file.set_modified(old).unwrap();
        let third = WaitId("wait_01k3m5v7x9z1a3c5e7g9j1k3m8".to_owned());
        Claim::take(home.path(), &third).unwrap().told();
        assert!(Claim::inherit(home.path(), &wait()).is_some());
        assert!(Claim::inherit(home.path(), &other).is_none());
    }

    #[test]
    fn a_home_that_takes_no_file_is_no_trouble() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join(DIR), "a file").unwrap();
        assert!(Claim::take(home.path(), &wait()).is_none());
        assert!(Claim::inherit(home.path(), &wait()).is_none());
    }
}
