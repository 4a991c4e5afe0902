//! A server that does what a test says, one connection after the other.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What was asked.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// Method and path.
    pub(super) line: String,
    /// Headers, in small letters, a line each.
    pub(super) head: String,
    pub(super) body: String,
}

impl Asked {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found =
            self.head.lines().find_map(|line| line.split_once(": ").filter(|l| l.0 == name));
        found.map(|(_, value)| value)
    }
}

/// What is done about it.
pub(super) enum Act {
    /// Bytes, and then the connection is closed.
    Say(Vec<u8>),
    /// Nothing, for as long as the other side stays.
    Hang,
}

/// An answer with its length.
pub(super) fn reply(status: u16, headers: &str, body: &str) -> Act {
    let length = body.len();
    let head = format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{headers}\r\n");
    Act::Say((head + body).into_bytes())
}

pub(super) struct Server {
    pub(super) url: String,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    /// Answers each request by what `act` says; it is given the number of the request, from 0.
    pub(super) fn start(act: impl Fn(usize, &Asked) -> Act + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let kept = asked.clone();
        std::thread::spawn(move || {
            let mut hanging = Vec::new();
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let Some(asked) = read(&stream) else { continue };
                let number = {
                    let mut kept = kept.lock().unwrap();
                    kept.push(asked.clone());
                    kept.len() - 1
                };
                match act(number, &asked) {
                    Act::Say(bytes) => {
                        // A client that has had enough goes away.
                        let _ = stream.write_all(&bytes);
                        let _ = stream.shutdown(Shutdown::Write);
                    }
                    Act::Hang => hanging.push(stream),
                }
            }
        });
        Self { url, asked }
    }

    /// What was asked until now.
    pub(super) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

fn read(stream: &TcpStream) -> Option<Asked> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut next = String::new();
        reader.read_line(&mut next).ok()?;
        let (name, value) = next.trim_end().split_once(": ").unwrap_or_default();
        if name.is_empty() {
            break;
        }
        let name = name.to_lowercase();
        if name == "content-length" {
            length = value.parse().ok()?;
        }
        head = head + &name + ": " + value + "\n";
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let line = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
    Some(Asked { line, head, body: String::from_utf8(body).ok()? })
}
