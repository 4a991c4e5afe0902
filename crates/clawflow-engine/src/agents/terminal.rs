//! One terminal: a command under a shim of its own, in a directory below that of the attempt whose
//! agent wanted it. So it survives its gateway and is adopted as an attempt is, and whatever it
//! starts ends with it. It has a name of its own beside the task and fence in its environment.

use super::signal::name_of;
use crate::engine::Engine;
use crate::shim::layout;
use crate::supervise::{
    Emptiness, Evidence, ExitRecord, Run, RunEvent, RunSpec, StartError, Supervisor,
    TombstoneOutcome,
};
use clawflow_core::acp::TerminalExit;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::sync::{Notify, watch};

/// The folder of an attempt's terminals, in that of the attempt.
const FOLDER: &str = "terminals";
/// Environment variable that marks every process of a terminal, beside task and fence.
const ENV_TERMINAL: &str = "CLAWFLOW_TERMINAL";
/// A start that a gateway was killed over is taken up so often; each time there is less of it.
const STARTS_MAX: usize = 3;

/// Where a terminal is on disk, and what its shim is told.
#[derive(Clone, Debug)]
pub(super) struct Place {
    supervisor: Supervisor,
    boot_id: String,
    task: String,
    fence: u64,
    grace_ms: u64,
}

/// What is known of a terminal.
#[derive(Clone, Debug, Default)]
pub(super) struct State {
    /// Its command executes, or could not, and why.
    pub(super) began: Option<Result<(), String>>,
    /// How the command ended, or why nobody knows.
    pub(super) ended: Option<Result<TerminalExit, String>>,
    /// Nothing of it is left.
    pub(super) gone: bool,
}

/// A terminal that is followed. Dropping it changes nothing for its command.
#[derive(Debug)]
pub(super) struct Terminal {
    pub(super) place: Place,
    state: watch::Receiver<State>,
    stop: watch::Sender<bool>,
}

/// The folder of the terminals of the attempt that has this directory.
pub(super) fn folder(attempt: &Path) -> PathBuf {
    attempt.join(FOLDER)
}

impl Place {
    /// The place of a terminal of an attempt of this boot, by its number or the name of its folder.
    pub(super) fn new(
        engine: &Engine,
        (boot_id, task, fence): (&str, &str, u64),
        name: &str,
    ) -> Self {
        let own = &engine.inner.supervisor;
        let runs = folder(&own.dir(boot_id, task, fence)).join(name);
        Self {
            supervisor: own.below(runs, (ENV_TERMINAL, name)),
            boot_id: boot_id.to_owned(),
            task: task.to_owned(),
            fence,
            grace_ms: engine.inner.settings.grace_ms,
        }
    }

    /// Whether it was begun, and not forgotten since.
    pub(super) fn exists(&self) -> bool {
        self.supervisor.dir(&self.boot_id, &self.task, self.fence).exists()
    }

    /// What the command has printed.
    pub(super) fn output(&self) -> PathBuf {
        self.supervisor.dir(&self.boot_id, &self.task, self.fence).join(layout::OUT)
    }

    /// Removes what is on disk of one that is gone.
    pub(super) fn forget(&self) {
        let _ = std::fs::remove_dir_all(self.supervisor.runs());
    }

    /// Begins it with this command, or takes up one that was begun before.
    pub(super) fn open(self, spec: Option<RunSpec>, told: Arc<Notify>) -> Terminal {
        let (tell, state) = watch::channel(State::default());
        let (stop, asked) = watch::channel(false);
        let follower = Follower { place: self.clone(), tell, told };
        tokio::spawn(follower.follow(spec, asked));
        Terminal { place: self, state, stop }
    }

    /// Ends what there is of it, whoever began it.
    ///
    /// # Errors
    /// A sentence on why something of it may still run.
    pub(super) async fn end(&self) -> Result<(), String> {
        let found = self.examine().await?;
        if let Found::Lives(mut run) = found {
            let why = Some("the turn of its agent is over".to_owned());
            // A shim that is gone needs no telling.
            let _ = run.handle().stop(self.grace_ms, why).await;
            while run.next().await != RunEvent::ShimGone {}
            return self.prove(None).await;
        }
        self.prove(match &found {
            Found::Ended(record) => Some(record),
            _ => None,
        })
        .await
    }

    /// Proves that nothing of it is left, by what its shim said at the end if it said something.
    async fn prove(&self, record: Option<&ExitRecord>) -> Result<(), String> {
        let (supervisor, boot_id) = (&self.supervisor, &self.boot_id);
        let emptiness = match record {
            Some(record) => supervisor.prove_empty_after(record, boot_id).await,
            None => supervisor.prove_empty(boot_id, &self.task, self.fence).await,
        };
        match emptiness {
            Ok(Emptiness::Proved { .. }) => Ok(()),
            Ok(Emptiness::NotProved { reason, pids }) => {
                Err(format!("processes {pids:?} of a terminal may still run: {reason}"))
            }
            Err(error) => Err(error.to_string()),
        }
    }

    async fn examine(&self) -> Result<Found, String> {
        let evidence = self.supervisor.examine(&self.boot_id, &self.task, self.fence).await;
        Ok(match evidence.map_err(|error| error.to_string())? {
            Evidence::Alive(run) => Found::Lives(run),
            Evidence::Exited(record) => Found::Ended(record),
            Evidence::NeverExecuted => Found::Nothing,
            Evidence::InDoubt { reason } => Found::Lost(reason),
            Evidence::OtherBoot { .. } => Found::Lost("the machine was restarted".to_owned()),
        })
    }

    /// Begins the command, unless it was begun before: then what became of it.
    async fn begin(&self, spec: &RunSpec) -> Result<Found, String> {
        for _ in 0..STARTS_MAX {
            match self.supervisor.start(spec, None).await {
                Ok(run) => return Ok(Found::Lives(run)),
                Err(StartError::AlreadyThere(_)) => {}
                Err(error) => return Err(error.to_string()),
            }
            match self.examine().await? {
                Found::Nothing => {}
                found => return Ok(found),
            }
            // A start of a gateway that was killed over it; a late shim must not come in between.
            let buried = self.supervisor.tombstone(&self.task, self.fence).await;
            if buried.map_err(|error| error.to_string())? == TombstoneOutcome::Buried {
                let removed = self.supervisor.remove(&self.boot_id, &self.task, self.fence).await;
                removed.map_err(|error| error.to_string())?;
            }
        }
        Err("it could not be started".to_owned())
    }
}

/// What there is of a terminal.
enum Found {
    Lives(Run),
    Ended(Box<ExitRecord>),
    /// Nobody knows how it ended.
    Lost(String),
    /// It was never begun.
    Nothing,
}

impl Terminal {
    /// What is known now.
    pub(super) fn state(&self) -> State {
        self.state.borrow().clone()
    }

    /// Has its command ended.
    pub(super) fn stop(&self) {
        self.stop.send_replace(true);
    }

    /// Waits until nothing of it is left.
    pub(super) async fn gone(&self) {
        // Nobody follows it any more: that is all that can be waited for.
        let _ = self.state.clone().wait_for(|state| state.gone).await;
    }
}

/// Follows a terminal to its end.
struct Follower {
    place: Place,
    tell: watch::Sender<State>,
    told: Arc<Notify>,
}

impl Follower {
    fn note(&self, change: impl FnOnce(&mut State)) {
        self.tell.send_modify(change);
        self.told.notify_one();
    }

    async fn follow(self, spec: Option<RunSpec>, asked: watch::Receiver<bool>) {
        let found = match &spec {
            Some(spec) => self.place.begin(spec).await,
            None => self.place.examine().await,
        };
        let left = match found {
            Ok(Found::Lives(run)) => match self.watch(run, asked).await {
                Some(left) => left,
                None => return,
            },
            Ok(Found::Ended(record)) => {
                self.ended(&record);
                self.place.prove(Some(&record)).await
            }
            Ok(Found::Lost(why)) => {
                self.lost(why);
                self.place.prove(None).await
            }
            Ok(Found::Nothing) => {
                self.lost("it was never started".to_owned());
                Ok(())
            }
            Err(why) => {
                self.lost(why);
                Ok(())
            }
        };
        if let Err(why) = left {
            tracing::warn!(task_id = self.place.task, why, "a terminal is not proved to be gone");
        }
        self.note(|state| state.gone = true);
    }

    /// Watches a living shim; `None` once nobody wants to know any more.
    async fn watch(
        &self,
        mut run: Run,
        mut asked: watch::Receiver<bool>,
    ) -> Option<Result<(), String>> {
        let (shim, mut stopped) = (run.handle(), false);
        let (mut record, mut empty) = (None, false);
        loop {
            tokio::select! {
                event = run.next() => match event {
                    RunEvent::Started { .. } => {
                        self.note(|state| state.began = Some(Ok(())));
                    }
                    RunEvent::Exited(exit) => {
                        empty = exit.empty;
                        self.ended(&exit);
                        record = Some(exit);
                        // Nobody needs it after a crash of the machine.
                        let _ = shim.collected().await;
                    }
                    RunEvent::Empty { .. } => empty = true,
                    RunEvent::Progress(_) | RunEvent::Output(_) => {}
                    RunEvent::ShimGone => break,
                },
                asked = raised(&mut asked), if !stopped => {
                    if !asked {
                        return None;
                    }
                    stopped = true;
                    let why = Some("its agent, or the end of the turn".to_owned());
                    let _ = shim.stop(self.place.grace_ms, why).await;
                }
            }
        }
        if record.is_none() {
            // It may have ended just before it would have answered.
            match self.place.examine().await {
                Ok(Found::Ended(found)) => {
                    self.ended(&found);
                    record = Some(found);
                }
                _ => self.lost("its shim was killed".to_owned()),
            }
        }
        match empty {
            true => Some(Ok(())),
            false => Some(self.place.prove(record.as_deref()).await),
        }
    }

    fn ended(&self, record: &ExitRecord) {
        let failed = record.exec_error.as_ref().map(|error| error.message.clone());
        let exit = TerminalExit { code: record.code, signal: record.signal.map(name_of) };
        self.note(|state| {
            state.began.get_or_insert(failed.map_or(Ok(()), Err));
            state.ended = Some(Ok(exit));
        });
    }

    fn lost(&self, why: String) {
        self.note(|state| {
            state.began.get_or_insert_with(|| Err(why.clone()));
            state.ended = Some(Err(why));
        });
    }
}

/// Waits for the flag; `false` once nobody can raise it.
async fn raised(flag: &mut watch::Receiver<bool>) -> bool {
    flag.wait_for(|raised| *raised).await.is_ok()
}
