//! Starting an attempt.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use tokio::runtime::{Handle, RuntimeFlavor};

use super::litter::{Litter, Reused};
use super::run::Run;
use super::server::Server;
use super::supervisor::{Supervisor, blocking};
use crate::shim::fail::{At, PathError};
use crate::shim::layout;
use crate::shim::record_file::spec_line;
use crate::shim::spec::{RunSpec, SpecError};

/// Why an attempt was not started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The spec cannot be run; trying again is of no use.
    #[error("invalid spec: {0}")]
    Spec(#[from] SpecError),
    /// The directory exists: this attempt was started before. Examine it.
    #[error("attempt {0} was started before")]
    AlreadyThere(String),
    /// Nothing was executed and no directory is left; trying again may help.
    #[error("failed to {0}")]
    Io(#[from] PathError),
}

impl Supervisor {
    /// Starts an attempt. Its directory's name is the at-most-once token: a second start
    /// with the same task and fence is [`StartError::AlreadyThere`].
    ///
    /// The program's environment is that of the spec, with `CLAWFLOW_TASK_ID` and
    /// `CLAWFLOW_FENCE` set to the spec's own: a crash may leave nothing else to find its
    /// processes by. Returns when the shim is started; the program's start is an event.
    ///
    /// `stdin` is all of the program's standard input; of one that is talked to, the first that it
    /// is told.
    ///
    /// # Errors
    /// Nothing was executed when this fails, unless it fails with `AlreadyThere`.
    pub async fn start(&self, spec: &RunSpec, stdin: Option<&[u8]>) -> Result<Run, StartError> {
        spec.check()?;
        let mut spec = spec.clone();
        spec.env.insert(layout::ENV_TASK.to_owned(), spec.task.clone());
        spec.env.insert(layout::ENV_FENCE.to_owned(), spec.fence.to_string());
        spec.env.extend(self.mark().cloned());
        let dir = self.dir(self.boot(), &spec.task, spec.fence);
        // Here and now where that keeps nobody waiting: another thread would first have to wake up.
        let ours = match Handle::current().runtime_flavor() {
            RuntimeFlavor::MultiThread => {
                tokio::task::block_in_place(|| self.start_in(&dir, &spec, stdin))
            }
            _ => {
                let (supervisor, stdin) = (self.clone(), stdin.map(<[u8]>::to_vec));
                blocking(move || supervisor.start_in(&dir, &spec, stdin.as_deref())).await
            }
        }?;
        let run = Run::over(ours).at("talk to the shim in", PathBuf::from("."))?;
        Ok(run)
    }

    fn start_in(
        &self,
        dir: &Path,
        spec: &RunSpec,
        stdin: Option<&[u8]>,
    ) -> Result<UnixStream, StartError> {
        let input = if spec.talks { layout::IN } else { layout::STDIN };
        let line = place(self.litter(), dir, spec)?;
        let started = fill(dir, line.as_deref(), (input, stdin))
            .and_then(|()| spawn(self.server(), self.shim_exe(), dir).at("start a shim for", dir));
        // No shim exists, so the attempt never executes and its token may be given back.
        started.inspect_err(|_| drop(fs::remove_dir_all(dir))).map_err(StartError::from)
    }
}

/// Gives the attempt its directory; the line of its spec comes back unless the record has it.
fn place(litter: &Litter, dir: &Path, spec: &RunSpec) -> Result<Option<Vec<u8>>, StartError> {
    let line = spec_line(spec).at("write", dir)?;
    let there = || StartError::AlreadyThere(format!("{}.{}", spec.task, spec.fence));
    match litter.reuse(dir, &line) {
        Reused::Started => return Ok(None),
        Reused::AlreadyThere => return Err(there()),
        Reused::Nothing => {}
    }
    match make_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(there()),
        made => Ok(made.at("make", dir).map(|()| Some(line))?),
    }
}

fn make_dir(dir: &Path) -> io::Result<()> {
    let mut private = DirBuilder::new();
    private.mode(0o700);
    private.create(dir).or_else(|error| match (error.kind(), dir.parent()) {
        (io::ErrorKind::NotFound, Some(boot)) => {
            DirBuilder::new().mode(0o700).recursive(true).create(boot)?;
            private.create(dir)
        }
        _ => Err(error),
    })
}

fn fill(dir: &Path, spec: Option<&[u8]>, stdin: (&str, Option<&[u8]>)) -> Result<(), PathError> {
    for (name, bytes) in [(layout::RECORD, spec), stdin] {
        if let Some(bytes) = bytes {
            let path = dir.join(name);
            fs::write(&path, bytes).at("write", &path)?;
        }
    }
    Ok(())
}

/// Starts a shim that has one end of a socket pair: no connect can race with its start, and
/// the end of the stream is its end.
fn spawn(server: &Server, exe: &Path, dir: &Path) -> io::Result<UnixStream> {
    let (ours, theirs) = UnixStream::pair()?;
    server.shim(exe, dir, &OwnedFd::from(theirs))?;
    ours.set_nonblocking(true)?;
    Ok(ours)
}
