//! Frames between a shim and its clients: one JSON object per line, each with its version.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::limits::FORMAT;
use super::procfs::ProcId;
use super::record::ExitRecord;

/// What a shim says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum FromShim {
    /// First frame of each connection.
    Hello(Box<Hello>),
    /// The latest progress; earlier ones may have been skipped.
    Progress {
        /// What the program said after `::progress::`.
        text: String,
    },
    /// A program that is talked to has said something: so many bytes so far. Earlier ones may
    /// have been skipped.
    Output {
        /// Bytes, kept or not.
        bytes: u64,
    },
    /// The attempt ended and its record is in place.
    Exit {
        /// The record.
        record: Box<ExitRecord>,
    },
    /// No process of the attempt is left.
    Empty {
        /// Pids that were left behind by the program and had to be killed.
        killed: Vec<u32>,
    },
    /// A frame of a later version.
    #[serde(other)]
    Unknown,
}

/// State of an attempt, told to whoever connects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    /// Task id of the spec.
    pub task: String,
    /// Fence of the spec.
    pub fence: u64,
    /// The shim that speaks.
    pub shim: ProcId,
    /// The program.
    pub child: ProcId,
    /// Milliseconds since the epoch when the program was released.
    pub started_at: u64,
    /// The program did not execute; its exit, which says why, comes next.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub failed: bool,
    /// Latest progress.
    pub progress: Option<String>,
    /// How it ended, when it has.
    pub exit: Option<Box<ExitRecord>>,
}

/// What a client says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum ToShim {
    /// TERM to all of the tree, KILL to what is left after the grace.
    Stop {
        /// Milliseconds between TERM and KILL.
        grace_ms: u64,
        /// For the exit record.
        reason: Option<String>,
    },
    /// There is more in `in.log`.
    Input {
        /// And there will be no more: standard input ends after it.
        last: bool,
    },
    /// The exit is committed elsewhere; the shim need not sync it.
    Collected,
    /// A frame of a later version.
    #[serde(other)]
    Unknown,
}

#[derive(Serialize, Deserialize)]
struct Envelope<F> {
    v: u32,
    #[serde(flatten)]
    frame: F,
}

/// One line, with its newline.
pub(crate) fn encode<F: Serialize>(frame: F) -> serde_json::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(&Envelope { v: FORMAT, frame })?;
    line.push(b'\n');
    Ok(line)
}

/// A frame of a line; `None` when it is of another version or no frame at all.
pub(crate) fn decode<F: DeserializeOwned>(line: &[u8]) -> Option<F> {
    let envelope: Envelope<F> = serde_json::from_slice(line).ok()?;
    (envelope.v == FORMAT).then_some(envelope.frame)
}

/// As [`decode`], for what a shim says: looks at the kind first and then reads what belongs to
/// it, which takes half the time of a tagged enum.
pub(crate) fn decode_from_shim(line: &[u8]) -> Option<FromShim> {
    #[derive(Deserialize)]
    struct Head {
        v: u32,
        t: String,
    }
    #[derive(Deserialize)]
    struct Progress {
        text: String,
    }
    #[derive(Deserialize)]
    struct Output {
        bytes: u64,
    }
    #[derive(Deserialize)]
    struct Exit {
        record: Box<ExitRecord>,
    }
    #[derive(Deserialize)]
    struct Empty {
        killed: Vec<u32>,
    }
    fn read<B: DeserializeOwned>(line: &[u8]) -> Option<B> {
        serde_json::from_slice(line).ok()
    }
    let head: Head = read(line)?;
    if head.v != FORMAT {
        return None;
    }
    Some(match head.t.as_str() {
        "hello" => FromShim::Hello(Box::new(read(line)?)),
        "progress" => FromShim::Progress { text: read::<Progress>(line)?.text },
        "output" => FromShim::Output { bytes: read::<Output>(line)?.bytes },
        "exit" => FromShim::Exit { record: read::<Exit>(line)?.record },
        "empty" => FromShim::Empty { killed: read::<Empty>(line)?.killed },
        _ => FromShim::Unknown,
    })
}

/// Takes whole lines out of a buffer, leaving the unfinished one.
pub(crate) fn take_line(buffer: &mut Vec<u8>) -> Option<Vec<u8>> {
    let end = buffer.iter().position(|&byte| byte == b'\n')?;
    let rest = buffer.split_off(end + 1);
    Some(std::mem::replace(buffer, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shim_says_is_read_back() {
        let id = ProcId { pid: 7, start_time: 8 };
        let hello = Hello {
            task: "t".to_owned(),
            fence: 1,
            shim: id,
            child: id,
            started_at: 9,
            failed: true,
            progress: Some("half".to_owned()),
            exit: None,
        };
        for frame in [
            FromShim::Hello(Box::new(hello)),
            FromShim::Progress { text: "half".to_owned() },
            FromShim::Output { bytes: 12 },
            FromShim::Empty { killed: vec![3] },
        ] {
            let line = encode(frame.clone()).unwrap();
            assert_eq!(decode_from_shim(&line), Some(frame.clone()));
            assert_eq!(decode::<FromShim>(&line), Some(frame));
        }
        assert_eq!(decode_from_shim(br#"{"v":1,"t":"later"}"#), Some(FromShim::Unknown));
        assert_eq!(decode_from_shim(br#"{"v":2,"t":"empty","killed":[]}"#), None);
    }
}
