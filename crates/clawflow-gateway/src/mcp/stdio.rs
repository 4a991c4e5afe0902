//! The server on standard input and output: a message a line.
//!
//! Use: [`serve`] until the client closes its side.
//! Limits: [`LINE_BYTES`] of one message, [`REQUESTS_MAX`] at once; a client that does not read its
//! answers is not read from either.
//! Failure: what is no message is answered with an error, and the next one is read. When the client
//! goes away, what only looks is broken off; what changes something comes to its end.

use super::asker::{Asked, Asker};
use super::client::Client;
use super::door::Door;
use super::limits::{LEAVE_GRACE, LINE_BYTES, OUTBOX_MAX, REQUESTS_MAX};
use super::message::{self, BUSY, Fault, INVALID_REQUEST, Message, PARSE_ERROR};
use super::{call, server, tasks};
use crate::limits::STOP_GRACE;
use clawflow_core::json::Object;
use serde_json::Value;
use std::collections::HashMap;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::mpsc;
use tokio::task::{AbortHandle, JoinSet};

/// Serves one client until its input ends.
///
/// # Errors
/// The input cannot be read. That the output is closed is the end of the conversation.
pub async fn serve(
    door: Arc<dyn Door>,
    input: impl AsyncRead + Unpin,
    output: impl AsyncWrite + Unpin + Send + 'static,
) -> io::Result<()> {
    let (say, said) = mpsc::channel(OUTBOX_MAX);
    let writer = tokio::spawn(write(said, output));
    let mut talk = Talk {
        asker: Asker { door, client: Client::default(), say: Some(say), asked: Asked::default() },
        work: JoinSet::new(),
        looks: HashMap::new(),
    };
    let mut input = BufReader::new(input);
    let ended = loop {
        match line(&mut input).await {
            Ok(Line::End) => break Ok(()),
            Ok(Line::Whole(bytes)) => talk.take(&bytes).await,
            Ok(Line::TooLong) => {
                let why = format!("the message has more than {LINE_BYTES} bytes");
                talk.say(message::answer(Value::Null, Err(Fault::new(PARSE_ERROR, why)))).await;
            }
            Err(error) => break Err(error),
        }
        if writer.is_finished() {
            break Ok(());
        }
    };
    talk.end().await;
    // What is still to be said is said before the process ends, if somebody reads it.
    let _ = tokio::time::timeout(STOP_GRACE, writer).await;
    ended
}

/// One conversation.
struct Talk {
    asker: Asker,
    work: JoinSet<String>,
    /// Requests at work by their ids, with those that may be broken off.
    looks: HashMap<String, Option<AbortHandle>>,
}

impl Talk {
    async fn take(&mut self, bytes: &[u8]) {
        while let Some(done) = self.work.try_join_next() {
            if let Ok(id) = done {
                self.looks.remove(&id);
            }
        }
        // One that was broken off does not tell its id.
        self.looks.retain(|_, handle| !handle.as_ref().is_some_and(AbortHandle::is_finished));
        match message::read(bytes) {
            Err(unread) => {
                let (id, fault) = *unread;
                self.say(message::answer(id, Err(fault))).await;
            }
            Ok(Message::Notification { method, params }) => self.notified(&method, &params),
            Ok(Message::Response { id, result }) => {
                let asker = self.asker.clone();
                if let Some(result) = result {
                    self.work.spawn(async move {
                        tasks::answered(&asker, &id, &result).await;
                        String::new()
                    });
                }
            }
            Ok(Message::Request { id, method, params }) => self.asked(id, method, params).await,
        }
    }

    fn notified(&mut self, method: &str, params: &Object) {
        if method != "notifications/cancelled" {
            return;
        }
        let id = params.get("requestId").map(Value::to_string);
        if let Some(Some(handle)) = id.and_then(|id| self.looks.remove(&id)) {
            handle.abort();
        }
    }

    async fn asked(&mut self, id: Value, method: String, params: Object) {
        let client = match Client::of(&params, &self.asker.client) {
            Ok(client) => client,
            Err(fault) => return self.say(message::answer(id, Err(fault))).await,
        };
        if method == "initialize" && !client.modern {
            self.asker.client = Client::initialized(&params);
        }
        let key = id.to_string();
        let refused = match self.looks.contains_key(&key) {
            true => Some(Fault::new(INVALID_REQUEST, "a request with this id is at work")),
            false if self.work.len() >= REQUESTS_MAX => {
                let why = format!("more than {REQUESTS_MAX} requests at once");
                Some(Fault::new(BUSY, why))
            }
            false => None,
        };
        if let Some(fault) = refused {
            return self.say(message::answer(id, Err(fault))).await;
        }
        let looks = call::only_looks(&method, &params);
        let asker = Asker { client, ..self.asker.clone() };
        let named = key.clone();
        let handle = self.work.spawn(async move {
            let outcome = server::answer(&asker, &method, params).await;
            if let Some(say) = &asker.say {
                // A client that is gone hears nothing.
                let _ = say.send(message::answer(id, outcome)).await;
            }
            named
        });
        self.looks.insert(key, looks.then_some(handle));
    }

    async fn say(&self, message: Value) {
        if let Some(say) = &self.asker.say {
            let _ = say.send(message).await;
        }
    }

    async fn end(self) {
        let Self { asker, mut work, looks } = self;
        for handle in looks.into_values().flatten() {
            handle.abort();
        }
        let ended = async { while work.join_next().await.is_some() {} };
        if tokio::time::timeout(LEAVE_GRACE, ended).await.is_err() {
            tracing::warn!("some calls did not end in time; they may have been carried out");
        }
        drop(asker);
    }
}

enum Line {
    Whole(Vec<u8>),
    TooLong,
    End,
}

/// The next line that is not blank.
async fn line(input: &mut (impl AsyncBufRead + Unpin)) -> io::Result<Line> {
    let mut bytes = Vec::new();
    let mut too_long = false;
    loop {
        let buffer = input.fill_buf().await?;
        let (taken, ends) = match buffer.iter().position(|byte| *byte == b'\n') {
            Some(at) => (at + 1, true),
            None => (buffer.len(), buffer.is_empty()),
        };
        let at_end = buffer.is_empty();
        if bytes.len() + taken > LINE_BYTES {
            too_long = true;
            bytes.clear();
        } else if !too_long {
            bytes.extend_from_slice(&buffer[..taken]);
        }
        input.consume(taken);
        if !ends {
            continue;
        }
        let blank = bytes.iter().all(u8::is_ascii_whitespace);
        match (too_long, blank, at_end) {
            (true, ..) => return Ok(Line::TooLong),
            (false, false, _) => return Ok(Line::Whole(bytes)),
            (false, true, true) => return Ok(Line::End),
            (false, true, false) => bytes.clear(),
        }
    }
}

/// Writes what is said, until nobody says anything any more or nobody reads.
async fn write(mut said: mpsc::Receiver<Value>, mut output: impl AsyncWrite + Unpin) {
    while let Some(message) = said.recv().await {
        let mut line = message.to_string();
        line.push('\n');
        let written = async {
            output.write_all(line.as_bytes()).await?;
            output.flush().await
        };
        if written.await.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_bounded() {
        let long = "x".repeat(LINE_BYTES + 1);
        let text = format!("\n  \na\n{long}\nb\r\n\nlast");
        let mut input = BufReader::new(text.as_bytes());
        let mut seen = Vec::new();
        loop {
            match line(&mut input).await.unwrap() {
                Line::Whole(bytes) => seen.push(String::from_utf8(bytes).unwrap()),
                Line::TooLong => seen.push("too long".to_owned()),
                Line::End => break,
            }
        }
        assert_eq!(seen, ["a\n", "too long", "b\r\n", "last"]);
    }
}
