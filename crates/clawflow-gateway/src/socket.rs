//! The unix socket: made by the holder of the home only, for its own user only.

use crate::holder::Guard;
use crate::limits::SOCKET_PATH_BYTES;
use std::fs::{DirBuilder, Permissions};
use std::io;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tokio::net::{UnixListener, UnixStream};

/// Why the socket could not be served.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The kernel takes no path of this length.
    #[error(
        "the socket path {} has {bytes} bytes, more than the {SOCKET_PATH_BYTES} of a unix socket",
        path.display()
    )]
    PathTooLong {
        /// The path.
        path: PathBuf,
        /// Its length.
        bytes: usize,
    },
    /// There is a file that is no socket, which may be precious.
    #[error("cannot make the socket {}: there is something else", path.display())]
    Occupied {
        /// The path.
        path: PathBuf,
    },
    /// Another program, of another home, serves this path.
    #[error("another program serves the socket {}", path.display())]
    InUse {
        /// The path.
        path: PathBuf,
    },
    /// The address is reachable from elsewhere, which was not asked for.
    #[error("{address} can be reached from other machines, and gateway.allow_remote is not set")]
    Remote {
        /// The address.
        address: SocketAddr,
    },
    /// The address cannot be had.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why it failed.
        source: io::Error,
    },
    /// The file system refused.
    #[error("cannot {verb} {}: {source}", path.display())]
    Io {
        /// What was being done.
        verb: &'static str,
        /// With which file or directory.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
}

/// The socket's file; removed when this is dropped, unless it has been replaced.
#[derive(Debug)]
pub(crate) struct SocketFile {
    path: PathBuf,
    id: (u64, u64),
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if std::fs::symlink_metadata(&self.path).is_ok_and(|found| id(&found) == self.id) {
            // Best effort: the next holder removes what is left.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Makes the socket and listens. The guard shows that what a dead holder left may be removed.
pub(crate) fn bind(guard: &Guard) -> Result<(UnixListener, SocketFile), ServerError> {
    let path = guard.info().socket.as_path();
    let bytes = path.as_os_str().as_bytes().len();
    if bytes > SOCKET_PATH_BYTES {
        return Err(ServerError::PathTooLong { path: path.to_path_buf(), bytes });
    }
    if let Some(dir) = path.parent() {
        let mut builder = DirBuilder::new();
        let made = builder.recursive(true).mode(0o700).create(dir);
        made.map_err(fail("create the directory", dir))?;
    }
    remove_stale(path)?;
    let listener = UnixListener::bind(path).map_err(fail("make the socket", path))?;
    // Until here only the umask guards the file; whoever slips in is refused by their uid.
    std::fs::set_permissions(path, Permissions::from_mode(0o600))
        .map_err(fail("set the permissions of", path))?;
    let found = std::fs::symlink_metadata(path).map_err(fail("look at", path))?;
    Ok((listener, SocketFile { path: path.to_path_buf(), id: id(&found) }))
}

fn remove_stale(path: &Path) -> Result<(), ServerError> {
    let found = match std::fs::symlink_metadata(path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(fail("look at", path)(error)),
    };
    if !found.file_type().is_socket() {
        return Err(ServerError::Occupied { path: path.to_path_buf() });
    }
    // Two homes may be told of one socket; the lock of one says nothing about the other.
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(ServerError::InUse { path: path.to_path_buf() });
    }
    std::fs::remove_file(path).map_err(fail("remove the old socket", path))
}

/// Whether the process at the other end may talk to this one: the same user, or root.
pub(crate) fn is_friend(stream: &UnixStream) -> bool {
    let own = rustix::process::geteuid().as_raw();
    stream.peer_cred().is_ok_and(|peer| peer.uid() == own || peer.uid() == 0)
}

fn id(found: &std::fs::Metadata) -> (u64, u64) {
    (found.dev(), found.ino())
}

fn fail(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> ServerError {
    let path = path.to_path_buf();
    move |source| ServerError::Io { verb, path, source }
}
