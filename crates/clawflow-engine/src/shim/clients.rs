//! Connections to a shim: the gateway that started it, later ones, curious people.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, accept_with,
    bind, listen, recv, send, socket_with,
};

use super::frame::{ToShim, decode, take_line};
use super::limits::{
    CLIENT_BACKLOG_BYTES, CLIENT_LINE_BYTES, MAX_CLIENTS, RECORD_RETRY, SOCKET_AFTER,
};

/// All connections and the socket for new ones.
pub(super) struct Clients {
    path: PathBuf,
    door: Door,
    list: Vec<Client>,
}

/// The socket for those who were not there from the start.
///
/// Most attempts end before somebody needs it. Whoever looks for it before it is there finds
/// the attempt's lock held, and waits for it.
enum Door {
    /// Not made yet: it is due at a time, or earlier once nobody is connected.
    Shut { alone: Instant, anyway: Instant },
    /// Made.
    Open(OwnedFd),
    /// Never to be: the directory is gone, so that nobody could find it.
    Gone,
}

struct Client {
    fd: OwnedFd,
    input: Vec<u8>,
    output: Vec<u8>,
    /// There is a notice in the output.
    noticed: bool,
    gone: bool,
}

fn listen_at(path: &Path) -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let listener = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    let address = SocketAddrUnix::new(path)?;
    match bind(&listener, &address) {
        // Left by a try that came no further.
        Err(Errno::ADDRINUSE) => {
            std::fs::remove_file(path)?;
            bind(&listener, &address)?;
        }
        bound => bound?,
    }
    listen(&listener, 16)?;
    Ok(listener)
}

impl Clients {
    /// Nobody yet. The path of the socket should be relative: that keeps below the 108 bytes
    /// of its address however deep the home is.
    pub(super) fn new(path: PathBuf, now: Instant) -> Self {
        let door = Door::Shut { alone: now, anyway: now + SOCKET_AFTER };
        Self { path, door, list: Vec::new() }
    }

    /// When the socket is to be made, if it is to be.
    pub(super) fn socket_due(&self) -> Option<Instant> {
        match self.door {
            Door::Shut { alone, .. } if self.list.is_empty() => Some(alone),
            Door::Shut { anyway, .. } => Some(anyway),
            Door::Open(_) | Door::Gone => None,
        }
    }

    /// Makes the socket if it is due. What is in the way, a full disk for one, ends nothing:
    /// it is tried again.
    pub(super) fn open_if_due(&mut self, now: Instant) {
        if self.socket_due().is_none_or(|due| now < due) {
            return;
        }
        let again = now + RECORD_RETRY;
        self.door = match listen_at(&self.path) {
            Ok(listener) => Door::Open(listener),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Door::Gone,
            Err(_) => Door::Shut { alone: again, anyway: again },
        };
    }

    /// The socket, if it is made.
    pub(super) fn listener(&self) -> Option<BorrowedFd<'_>> {
        match &self.door {
            Door::Open(listener) => Some(listener.as_fd()),
            Door::Shut { .. } | Door::Gone => None,
        }
    }

    /// Whether nobody but those who were there from the start could ever connect.
    pub(super) fn is_private(&self) -> bool {
        matches!(self.door, Door::Shut { .. })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Adds a connection and greets it.
    pub(super) fn add(&mut self, fd: OwnedFd, hello: &[u8]) {
        let (input, output) = (Vec::new(), Vec::new());
        let mut client = Client { fd, input, output, noticed: false, gone: false };
        client.queue(hello);
        client.flush();
        self.list.push(client);
    }

    /// Takes waiting connections.
    pub(super) fn accept(&mut self, hello: &[u8]) {
        while let Some(listener) = self.listener()
            && let Ok(fd) = accept_with(listener, SocketFlags::CLOEXEC)
        {
            if self.list.len() < MAX_CLIENTS {
                self.add(fd, hello);
            }
        }
    }

    /// Queues a frame for everybody: what is told together is sent together.
    pub(super) fn broadcast(&mut self, frame: &[u8]) {
        for client in &mut self.list {
            client.queue(frame);
        }
        self.list.retain(|client| !client.gone);
    }

    /// As [`Self::broadcast`], unless such a frame is waiting already: who gets that one looks
    /// later than now.
    pub(super) fn notice(&mut self, frame: &[u8]) {
        for client in &mut self.list {
            if !client.noticed {
                client.queue(frame);
                client.noticed = true;
            }
        }
        self.list.retain(|client| !client.gone);
    }

    /// Sends what is queued, as far as it goes without waiting.
    pub(super) fn flush(&mut self) {
        for client in &mut self.list {
            client.flush();
        }
    }

    /// Adds each connection to a poll set.
    pub(super) fn poll_set<'fd>(&'fd self, set: &mut Vec<PollFd<'fd>>) {
        for client in &self.list {
            let mut wanted = PollFlags::IN;
            wanted.set(PollFlags::OUT, !client.output.is_empty());
            set.push(PollFd::from_borrowed_fd(client.fd(), wanted));
        }
    }

    /// Serves the connections, given what poll said about each, in the order of
    /// [`Self::poll_set`]; gives the frames that came in.
    pub(super) fn serve(&mut self, ready: &[PollFlags]) -> Vec<ToShim> {
        let mut frames = Vec::new();
        for (client, ready) in self.list.iter_mut().zip(ready) {
            if ready.contains(PollFlags::OUT) {
                client.flush();
            }
            if ready.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) {
                client.receive(&mut frames);
            }
        }
        self.list.retain(|client| !client.gone);
        frames
    }
}

impl Client {
    fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    fn queue(&mut self, frame: &[u8]) {
        if self.output.len() + frame.len() > CLIENT_BACKLOG_BYTES {
            self.gone = true;
            return;
        }
        self.output.extend_from_slice(frame);
    }

    fn flush(&mut self) {
        while !self.output.is_empty() {
            match send(&self.fd, &self.output, SendFlags::NOSIGNAL | SendFlags::DONTWAIT) {
                Ok(sent) => drop(self.output.drain(..sent)),
                Err(Errno::AGAIN) => return,
                Err(Errno::INTR) => {}
                Err(_) => {
                    // Frames that it sent before it left are still to be read.
                    self.output.clear();
                    return;
                }
            }
        }
        self.noticed = false;
    }

    fn receive(&mut self, frames: &mut Vec<ToShim>) {
        let mut chunk = [0u8; 4096];
        match recv(&self.fd, &mut chunk, RecvFlags::DONTWAIT) {
            Ok((0, _)) => self.gone = true,
            Ok((read, _)) => self.input.extend_from_slice(&chunk[..read]),
            Err(Errno::AGAIN | Errno::INTR) => {}
            Err(_) => self.gone = true,
        }
        while let Some(line) = take_line(&mut self.input) {
            frames.extend(decode::<ToShim>(&line));
        }
        self.gone |= self.input.len() > CLIENT_LINE_BYTES;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rustix::net::socketpair;
    use std::fs;

    fn pair() -> (OwnedFd, OwnedFd) {
        let kind = SocketType::STREAM;
        socketpair(AddressFamily::UNIX, kind, SocketFlags::CLOEXEC, None).unwrap()
    }

    #[test]
    fn the_socket_is_made_when_its_time_has_come() {
        let dir = tempfile::tempdir().unwrap();
        let (path, now) = (dir.path().join("s"), Instant::now());
        let mut clients = Clients::new(path.clone(), now);
        let (ours, _theirs) = pair();
        clients.add(ours, b"");
        assert_eq!(clients.socket_due(), Some(now + SOCKET_AFTER));
        clients.open_if_due(now);
        assert!(!path.exists() && clients.listener().is_none());
        clients.open_if_due(now + SOCKET_AFTER);
        assert!(path.exists() && clients.listener().is_some());
        assert_eq!(clients.socket_due(), None);
    }

    #[test]
    fn the_socket_is_made_at_once_when_nobody_is_connected() {
        let dir = tempfile::tempdir().unwrap();
        let (path, now) = (dir.path().join("s"), Instant::now());
        let mut clients = Clients::new(path.clone(), now);
        let (ours, theirs) = pair();
        clients.add(ours, b"");
        drop(theirs);
        assert!(clients.serve(&[PollFlags::HUP]).is_empty());
        clients.open_if_due(now);
        let stranger = std::os::unix::net::UnixStream::connect(&path).unwrap();
        clients.accept(b"welcome\n");
        assert!(!clients.is_empty());
        drop(stranger);
    }

    #[test]
    fn a_socket_that_cannot_be_made_is_tried_again_later() {
        let dir = tempfile::tempdir().unwrap();
        let now = Instant::now();
        // A file where there should be a directory stands for a full disk.
        let parent = dir.path().join("d");
        fs::write(&parent, "").unwrap();
        let mut clients = Clients::new(parent.join("s"), now);
        clients.open_if_due(now);
        assert!(clients.listener().is_none());
        assert_eq!(clients.socket_due(), Some(now + RECORD_RETRY));
        fs::remove_file(&parent).unwrap();
        fs::create_dir(&parent).unwrap();
        clients.open_if_due(now);
        assert!(clients.listener().is_none());
        clients.open_if_due(now + RECORD_RETRY);
        assert!(clients.listener().is_some());
    }

    #[test]
    fn without_a_directory_there_is_no_socket_to_wait_for() {
        let dir = tempfile::tempdir().unwrap();
        let now = Instant::now();
        let mut clients = Clients::new(dir.path().join("gone/s"), now);
        clients.open_if_due(now);
        assert_eq!(clients.socket_due(), None);
    }
}
