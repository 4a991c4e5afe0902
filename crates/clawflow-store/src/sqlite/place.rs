//! Where the store lies: its directory and file, and file systems that cannot hold one.

use super::fault::io_fault;
use crate::error::StoreError;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

/// Which file it was when it was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    pub(super) fn of(file: &Path) -> Result<Self, StoreError> {
        let meta = std::fs::metadata(file).map_err(|error| io_fault(file, "looking at", &error))?;
        Ok(Self { device: meta.dev(), inode: meta.ino() })
    }

    /// Fails when the file was removed or replaced: what is written then would be lost, however
    /// well it was synced.
    pub(super) fn verify(self, file: &Path) -> Result<(), StoreError> {
        if Self::of(file)? == self {
            return Ok(());
        }
        Err(StoreError::Unavailable {
            doing: format!("writing {}", file.display()),
            why: "the file was replaced while the store was open".to_owned(),
        })
    }
}

/// File systems of other machines, where the locks and the shared memory of SQLite do not hold.
const NETWORK: &[(u32, &str)] = &[
    (0x6969, "nfs"),
    (0x517b, "smb"),
    (0xff53_4d42, "cifs"),
    (0xfe53_4d42, "smb2"),
    (0x5346_414f, "afs"),
    (0x00c3_6400, "ceph"),
];

/// Makes the directory (0700) and an empty file (0600) where they are missing.
pub(super) fn prepare(dir: &Path, file: &Path) -> Result<(), StoreError> {
    make_dir(dir)?;
    refuse_network(dir)?;
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(file) {
        Ok(created) => {
            // The umask may have taken bits that the owner needs.
            let mode = created.set_permissions(Permissions::from_mode(0o600));
            mode.map_err(|error| io_fault(file, "setting the mode of", &error))?;
            sync_dir(dir)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(io_fault(file, "creating", &error)),
    }
}

pub(super) fn make_dir(dir: &Path) -> Result<(), StoreError> {
    if dir.is_dir() {
        return Ok(());
    }
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(|error| io_fault(dir, "creating", &error))?;
    dir.parent().filter(|parent| !parent.as_os_str().is_empty()).map_or(Ok(()), sync_dir)
}

/// A new name is on disk only once its directory is.
pub(super) fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    let synced = File::open(dir).and_then(|opened| opened.sync_all());
    synced.map_err(|error| io_fault(dir, "syncing", &error))
}

fn refuse_network(dir: &Path) -> Result<(), StoreError> {
    let stat = rustix::fs::statfs(dir)
        .map_err(|error| io_fault(dir, "asking for the file system of", &error.into()))?;
    match network_name(i128::from(stat.f_type)) {
        None => Ok(()),
        Some(name) => Err(StoreError::Unavailable {
            doing: format!("opening {}", dir.display()),
            why: format!("it lies on a network file system ({name}), where locks do not hold"),
        }),
    }
}

/// The name of a network file system by its number, whatever the sign of its type.
fn network_name(kind: i128) -> Option<&'static str> {
    let low = kind & 0xffff_ffff;
    NETWORK.iter().find(|(number, _)| i128::from(*number) == low).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_network_file_systems_by_number() {
        assert_eq!(network_name(0x6969), Some("nfs"));
        assert_eq!(network_name(i128::from(0xff53_4d42_u32 as i32)), Some("cifs"));
        assert_eq!(network_name(0xef53), None, "ext4");
        assert_eq!(network_name(0x0102_1997), None, "9p, as in containers");
    }
}
