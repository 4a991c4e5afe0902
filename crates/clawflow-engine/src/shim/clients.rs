//! Connections to a shim: the gateway that started it, later ones, curious people.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, accept_with,
    bind, listen, recv, send, socket_with,
};

use super::frame::{ToShim, decode, take_line};
use super::limits::{CLIENT_BACKLOG_BYTES, CLIENT_LINE_BYTES, MAX_CLIENTS};

/// All connections and the socket for new ones.
pub(super) struct Clients {
    listener: OwnedFd,
    list: Vec<Client>,
}

struct Client {
    fd: OwnedFd,
    input: Vec<u8>,
    output: Vec<u8>,
    gone: bool,
}

/// Binds the socket in the current directory: a relative name keeps below the 108 bytes of
/// a socket address however deep the home is.
pub(super) fn bind_here(name: &str) -> io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let listener = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    let address = SocketAddrUnix::new(name)?;
    match bind(&listener, &address) {
        // Left by a shim that died before it executed anything.
        Err(Errno::ADDRINUSE) => {
            std::fs::remove_file(name)?;
            bind(&listener, &address)?;
        }
        bound => bound?,
    }
    listen(&listener, 16)?;
    Ok(listener)
}

impl Clients {
    pub(super) fn new(listener: OwnedFd) -> Self {
        Self { listener, list: Vec::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Adds a connection and greets it.
    pub(super) fn add(&mut self, fd: OwnedFd, hello: &[u8]) {
        let mut client = Client { fd, input: Vec::new(), output: Vec::new(), gone: false };
        client.queue(hello);
        client.flush();
        self.list.push(client);
    }

    /// Takes waiting connections.
    pub(super) fn accept(&mut self, hello: &[u8]) {
        while let Ok(fd) = accept_with(&self.listener, SocketFlags::CLOEXEC) {
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

    /// Sends what is queued, as far as it goes without waiting.
    pub(super) fn flush(&mut self) {
        for client in &mut self.list {
            client.flush();
        }
    }

    /// Adds the listener, then each connection, to a poll set.
    pub(super) fn poll_set<'fd>(&'fd self, set: &mut Vec<PollFd<'fd>>) {
        set.push(PollFd::from_borrowed_fd(self.listener.as_fd(), PollFlags::IN));
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
