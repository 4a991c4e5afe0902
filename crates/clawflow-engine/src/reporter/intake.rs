//! Takes reports into the ledger, by their times.

use super::limits::{LOOK_EVERY, STORE_PAUSE};
use super::spool::{Read_, Spool};
use crate::api::{Api, Call, TaskRecord, is_persistence};
use crate::runtime::raised;
use crate::shim::sys::pidfd;
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::Duration;
use tokio::io::unix::AsyncFd;

/// Takes in what waits for this home; how many reports there were. A report that the ledger has
/// already changes nothing.
///
/// # Errors
/// The store cannot take them now; they stay.
pub async fn take_in(api: &Api, home: &Path) -> Result<usize, crate::api::ApiError> {
    let spool = Spool::new(home);
    let look = spool.clone();
    let waiting = match tokio::task::spawn_blocking(move || look.look().waiting).await {
        Ok(waiting) => waiting,
        Err(_) => return Ok(0),
    };
    let mut count = 0;
    for path in waiting {
        let done = match spool.read(&path) {
            Ok(Read_::NotOurs) => continue,
            Ok(Read_::Torn) => Spool::set_torn(&path),
            Ok(Read_::Report(report)) => match TaskRecord::run(api, *report).await {
                Err(error) if is_persistence(&error) => return Err(error),
                // It has ended otherwise, as the ledger knows already.
                Err(error) if error.code == "terminal" => std::fs::remove_file(&path),
                Err(error) => {
                    tracing::warn!(path = %path.display(), %error, "a report was refused");
                    Spool::set_refused(&path)
                }
                Ok(_) => {
                    count += 1;
                    std::fs::remove_file(&path)
                }
            },
            Err(error) => Err(error),
        };
        // One that its reporter has replaced meanwhile by a newer one is gone.
        let done = done.or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(()),
            _ => Err(error),
        });
        if let Err(error) = done {
            // It is taken in again, which changes nothing.
            tracing::warn!(path = %path.display(), %error, "a report stays where it is");
        }
    }
    Ok(count)
}

/// Takes in what comes, until the engine stops.
pub async fn keep_taking_in(api: Api, home: std::path::PathBuf) {
    let mut stopping = api.engine().stopping();
    let spool = Spool::new(&home);
    let watch = spool.make().and_then(|dir| Watch::of(&dir));
    if let Err(error) = &watch {
        tracing::debug!(%error, "reports are looked for now and then");
    }
    let mut watch = watch.ok();
    loop {
        let pause = match take_in(&api, &home).await {
            Ok(_) => LOOK_EVERY,
            Err(error) => {
                tracing::warn!(%error, "reports wait until the store takes them");
                STORE_PAUSE
            }
        };
        tokio::select! {
            () = news(watch.as_mut(), pause) => {}
            () = raised(&mut stopping) => return,
        }
    }
}

/// Waits until there may be something new. Reports beside the home are looked for now and then.
async fn news(watch: Option<&mut Watch>, pause: Duration) {
    let Some(watch) = watch else { return tokio::time::sleep(pause).await };
    let _ = tokio::time::timeout(pause, watch.changed()).await;
}

/// News of a directory.
struct Watch(AsyncFd<OwnedFd>);

impl Watch {
    fn of(dir: &Path) -> io::Result<Self> {
        let fd = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
        inotify::add_watch(&fd, dir, WatchFlags::MOVED_TO)?;
        Ok(Self(pidfd::awaited(fd)?))
    }

    async fn changed(&mut self) {
        let Ok(mut ready) = self.0.readable().await else { return };
        let mut room = [MaybeUninit::<u8>::uninit(); 4096];
        let mut reader = inotify::Reader::new(self.0.get_ref(), &mut room);
        while reader.next().is_ok() {}
        ready.clear_ready();
    }
}
