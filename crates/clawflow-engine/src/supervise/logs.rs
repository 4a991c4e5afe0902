//! What the program wrote.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};

use super::supervisor::{Supervisor, blocking};
use crate::shim::fail::{At, PathError};
use crate::shim::layout;

/// One of the program's streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Out,
    /// Standard error.
    Err,
}

impl Supervisor {
    /// Bytes of a log from `offset` on, at most `max`; empty at its end or without a log.
    ///
    /// # Errors
    /// When the log exists and cannot be read.
    pub async fn read_log(
        &self,
        (boot_id, task, fence): (&str, &str, u64),
        stream: Stream,
        offset: u64,
        max: u64,
    ) -> Result<Vec<u8>, PathError> {
        let name = match stream {
            Stream::Out => layout::OUT,
            Stream::Err => layout::ERR,
        };
        let path = self.checked_dir(boot_id, task, fence)?.join(name);
        blocking(move || {
            let mut file = match File::open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
                Err(error) => return Err(error).at("open", &path),
            };
            // Not every place after the end can be sought.
            let length = file.metadata().at("look at", &path)?.len();
            if length <= offset {
                return Ok(Vec::new());
            }
            file.seek(SeekFrom::Start(offset)).at("seek in", &path)?;
            let expected = usize::try_from(max.min(length - offset)).unwrap_or_default();
            // One more, so that the end is seen without making room.
            let mut bytes = Vec::with_capacity(expected.saturating_add(1));
            file.take(max).read_to_end(&mut bytes).at("read", &path)?;
            Ok(bytes)
        })
        .await
    }

    /// Stdout from its beginning, at most `max` bytes.
    ///
    /// # Errors
    /// When the log exists and cannot be read.
    pub async fn output(&self, attempt: (&str, &str, u64), max: u64) -> Result<Vec<u8>, PathError> {
        self.read_log(attempt, Stream::Out, 0, max).await
    }
}
