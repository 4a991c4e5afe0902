//! The home: is it ours, does its file system keep what is written, is there room.

use super::finding::Finding;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

/// Less free space is worth a word, in bytes.
const SPACE_LOW: u64 = 1 << 30;
/// With less nothing can be relied upon, in bytes.
const SPACE_NONE: u64 = 16 << 20;

/// Looks at the home.
pub(super) fn examine(home: &Path) -> Vec<Finding> {
    let shown = home.display();
    let found = match std::fs::metadata(home) {
        Ok(found) => found,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let message = format!("{shown} is not there yet; the first command makes it");
            return vec![Finding::ok("home", message)];
        }
        Err(error) => {
            let message = format!("cannot look at {shown}: {error}");
            return vec![Finding::fail("home", message, "name another one with --home")];
        }
    };
    if !found.is_dir() {
        let message = format!("{shown} is not a directory");
        return vec![Finding::fail("home", message, "name another one with --home")];
    }
    let me = rustix::process::geteuid().as_raw();
    let mut findings = Vec::new();
    let mode = found.permissions().mode() & 0o777;
    findings.push(if found.uid() != me {
        let message = format!("{shown} belongs to user {}, not to {me}", found.uid());
        Finding::fail("home", message, "run clawflow as its owner, or name another home")
    } else if mode & 0o077 != 0 {
        let message = format!("{shown} can be entered by others (mode {mode:o})");
        Finding::warn("home", message, &format!("chmod 700 {shown}"))
    } else {
        Finding::ok("home", format!("{shown} (mode {mode:o})"))
    });
    findings.extend(file_system(home));
    findings
}

fn file_system(home: &Path) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Ok(stat) = rustix::fs::statfs(home) {
        let name = name(u64::try_from(stat.f_type).unwrap_or_default());
        findings.push(match name {
            "nfs" | "smb" | "cifs" | "9p" => Finding::warn(
                "file system",
                format!("{name}: locks and durable writes of network file systems vary"),
                "put the home on a local disk",
            ),
            "tmpfs" => Finding::warn(
                "file system",
                "tmpfs: everything is lost when the machine stops",
                "put the home on a disk",
            ),
            name => Finding::ok("file system", name),
        });
    }
    if let Ok(stat) = rustix::fs::statvfs(home) {
        let free = stat.f_bavail.saturating_mul(stat.f_frsize);
        let message = format!("{} MiB free", free >> 20);
        let hint = "make room, or clawflow flows purge --ended-before 1d";
        findings.push(match free {
            ..SPACE_NONE => Finding::fail("space", message, hint),
            SPACE_NONE..SPACE_LOW => Finding::warn("space", message, hint),
            _ => Finding::ok("space", message),
        });
    }
    findings
}

/// Magic numbers of `statfs(2)`.
fn name(magic: u64) -> &'static str {
    match magic & 0xffff_ffff {
        0xef53 => "ext4",
        0x9123_683e => "btrfs",
        0x5846_5342 => "xfs",
        0x0102_1994 => "tmpfs",
        0x794c_7630 => "overlayfs",
        0x2fc1_2fc1 => "zfs",
        0x6969 => "nfs",
        0x517b | 0xfe53_4d42 => "smb",
        0xff53_4d42 => "cifs",
        0x0102_1997 => "9p",
        0x6573_5546 => "fuse",
        _ => "unknown",
    }
}
