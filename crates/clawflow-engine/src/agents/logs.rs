//! The two files of a conversation: what the agent says, and what it is told.

use crate::shim::fail::{At, PathError};
use crate::shim::layout;
use clawflow_core::acp::{MESSAGE_BYTES_MAX, key_of};
use rustix::buffer::spare_capacity;
use rustix::io::pread;
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

/// One read: what a pipe holds.
const READ_BYTES: usize = 64 * 1024;
/// How much of a line that is too long is looked at.
const HEAD_BYTES: usize = 4 * 1024;

/// Something that the agent has said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// A line.
    Line(Vec<u8>),
    /// The beginning of a line that is too long.
    TooLong(Vec<u8>),
}

/// What the agent says, line by line.
#[derive(Debug)]
pub(super) struct Ear {
    path: PathBuf,
    /// Open from the first byte on: agents say hundreds of small things a second.
    file: Option<File>,
    offset: u64,
    line: Vec<u8>,
    /// The line that is being read is too long: the rest of it is left out.
    skips: bool,
}

impl Ear {
    pub(super) fn new(dir: &Path) -> Self {
        let path = dir.join(layout::OUT);
        Self { path, file: None, offset: 0, line: Vec::new(), skips: false }
    }

    /// The next lines, and whether there may be more of them now.
    pub(super) fn read(&mut self) -> Result<(Vec<Said>, bool), PathError> {
        let mut said = Vec::new();
        let file = match &mut self.file {
            Some(file) => file,
            none => match File::open(&self.path) {
                Ok(file) => none.insert(file),
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((said, false)),
                Err(error) => return Err(error).at("open", &self.path),
            },
        };
        let mut chunk = Vec::with_capacity(READ_BYTES);
        let read = pread(&*file, spare_capacity(&mut chunk), self.offset);
        let read = read.map_err(io::Error::from).at("read", &self.path)?;
        self.offset += read as u64;
        self.take(&chunk, &mut said);
        Ok((said, read == READ_BYTES))
    }

    fn take(&mut self, mut bytes: &[u8], said: &mut Vec<Said>) {
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            self.append(&bytes[..end], said);
            if !self.skips {
                said.push(Said::Line(std::mem::take(&mut self.line)));
            }
            self.skips = false;
            bytes = &bytes[end + 1..];
        }
        self.append(bytes, said);
    }

    fn append(&mut self, bytes: &[u8], said: &mut Vec<Said>) {
        if self.skips {
            return;
        }
        self.line.extend_from_slice(bytes);
        if self.line.len() > MESSAGE_BYTES_MAX {
            self.skips = true;
            self.line.truncate(HEAD_BYTES);
            self.line.shrink_to_fit();
            said.push(Said::TooLong(std::mem::take(&mut self.line)));
        }
    }
}

/// What the agent is told.
#[derive(Debug)]
pub(super) struct Mouth {
    path: PathBuf,
    /// What was told before.
    keys: HashSet<String>,
    /// The beginning of a line whose writer was killed.
    torn: Vec<u8>,
    /// Bytes of the file.
    pub(super) bytes: u64,
}

impl Mouth {
    /// Reads what was told before.
    pub(super) fn open(dir: &Path) -> Result<Self, PathError> {
        let path = dir.join(layout::IN);
        let mut all = Vec::new();
        match File::open(&path) {
            Ok(mut file) => drop(file.read_to_end(&mut all).at("read", &path)?),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).at("open", &path),
        }
        let whole = all.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1);
        let keys = all[..whole].split(|&byte| byte == b'\n').filter_map(key_of).collect();
        Ok(Self { keys, torn: all[whole..].to_vec(), bytes: all.len() as u64, path })
    }

    /// Whether the agent was told this.
    pub(super) fn told(&self, key: &str) -> bool {
        self.keys.contains(key)
    }

    /// Tells the agent a line, unless it was told.
    pub(super) fn tell(&mut self, key: &str, line: &str) -> Result<bool, PathError> {
        if self.told(key) {
            return Ok(false);
        }
        let mut text = Vec::with_capacity(line.len() + 2);
        match line.as_bytes().strip_prefix(self.torn.as_slice()) {
            // What follows is the same each time.
            Some(rest) => text.extend_from_slice(rest),
            None => {
                text.push(b'\n');
                text.extend_from_slice(line.as_bytes());
            }
        }
        text.push(b'\n');
        let mut file =
            File::options().append(true).create(true).open(&self.path).at("open", &self.path)?;
        let before = self.bytes;
        if let Err(error) = file.write_all(&text) {
            // A full disk, perhaps: the next try begins at the same place.
            let _ = file.set_len(before);
            return Err(error).at("write", &self.path);
        }
        self.torn.clear();
        self.bytes += text.len() as u64;
        self.keys.insert(key.to_owned());
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn line(text: &str) -> Said {
        Said::Line(text.as_bytes().to_vec())
    }

    fn all(ear: &mut Ear) -> Vec<Said> {
        let mut said = Vec::new();
        loop {
            let (lines, more) = ear.read().unwrap();
            said.extend(lines);
            if !more {
                return said;
            }
        }
    }

    #[test]
    fn lines_come_whole_however_they_are_written() {
        let dir = tempfile::tempdir().unwrap();
        let mut ear = Ear::new(dir.path());
        assert_eq!(all(&mut ear), []);
        let path = dir.path().join(layout::OUT);
        fs::write(&path, "one\ntw").unwrap();
        assert_eq!(all(&mut ear), [line("one")]);
        File::options().append(true).open(&path).unwrap().write_all(b"o\n\nthree\n").unwrap();
        assert_eq!(all(&mut ear), [line("two"), line(""), line("three")]);
    }

    #[test]
    fn a_line_that_is_too_long_is_not_kept() {
        let dir = tempfile::tempdir().unwrap();
        let long = "x".repeat(10 << 20);
        fs::write(dir.path().join(layout::OUT), format!("a\n{long}\nb\n")).unwrap();
        let mut ear = Ear::new(dir.path());
        let said = all(&mut ear);
        let head = Said::TooLong(vec![b'x'; HEAD_BYTES]);
        assert_eq!(said, [line("a"), head, line("b")]);
        assert!(ear.line.capacity() < MESSAGE_BYTES_MAX);
    }

    #[test]
    fn what_was_told_is_not_told_again_also_when_it_was_cut_off() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join(layout::IN);
        let first = r#"{"id":0,"method":"a"}"#;
        let second = r#"{"id":1,"method":"b"}"#;
        let whole = format!("{first}\n{second}\n");
        for cut in 0..=whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let mut mouth = Mouth::open(dir.path()).unwrap();
            mouth.tell("ask 0", first).unwrap();
            assert!(mouth.told("ask 0"));
            mouth.tell("ask 1", second).unwrap();
            assert!(!mouth.tell("ask 1", second).unwrap());
            assert_eq!(fs::read_to_string(&path).unwrap(), whole, "{cut}");
            assert_eq!(mouth.bytes, whole.len() as u64);
        }
        fs::write(&path, "torn").unwrap();
        let mut mouth = Mouth::open(dir.path()).unwrap();
        mouth.tell("ask 0", first).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("torn\n{first}\n"));
    }
}
