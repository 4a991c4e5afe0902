//! Opens the home: as its holder, or as a client of whoever holds it.
//!
//! Use: [`open`] at the start of a command, then [`Opened::backend`], and [`Opened::close`] at the
//! end. Failure: nothing is held after an error; the error names the holder where there is one.

use crate::cli::{CliError, Exit};
use crate::config::{Settings, listen};
use clawflow_core::Millis;
use clawflow_core::delivery::Route;
use clawflow_core::subagent::SpawnLimits;
use clawflow_engine::api::{Api, ApiError};
use clawflow_engine::maintenance::keep_looking_after;
use clawflow_engine::reporter;
use clawflow_engine::{Engine, EngineSettings, Scope};
use clawflow_gateway::courier::{Post, Routes, RoutesError};
use clawflow_gateway::holder::{self, HolderError, HolderInfo, Kind, Taken};
use clawflow_gateway::{Address, Backend, Client, Guard, Server, ServerError, ServerSettings};
use clawflow_store::{SqliteStore, StoreError};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long a holder that is starting or stopping is waited for.
const HOLDER_PATIENCE: Duration = Duration::from_secs(5);
/// How long one-shot commands, which may be many, are waited for.
const COMMAND_PATIENCE: Duration = Duration::from_secs(15);
/// Pause between two tries.
const PAUSE: Duration = Duration::from_millis(10);
/// How long the engine's last tasks may take to let go of the store.
const CLOSE_PATIENCE: Duration = Duration::from_secs(1);

/// What the home is wanted for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Want {
    /// A question or a command that is soon done.
    Command,
    /// The same, but only at a holder: nothing is taken and nothing is made.
    Client,
    /// To drive single flows, and serve others meanwhile.
    ForegroundRun,
    /// To drive all flows.
    Gateway,
}

/// An opened home.
pub(crate) enum Opened {
    /// Somebody else holds it.
    Remote {
        /// The way to them.
        backend: Backend,
        /// The same, for questions about the holder itself.
        client: Client,
        /// Who they are.
        holder: HolderInfo,
    },
    /// This process holds it.
    Holder(Box<Holder>),
}

/// The home, held by this process.
pub(crate) struct Holder {
    backend: Backend,
    api: Api,
    server: Option<Server>,
    guard: Guard,
}

impl Opened {
    /// Where calls go.
    pub(crate) fn backend(&self) -> &Backend {
        match self {
            Self::Remote { backend, .. } => backend,
            Self::Holder(holder) => &holder.backend,
        }
    }

    /// Whether somebody else holds the home.
    pub(crate) fn is_remote(&self) -> bool {
        matches!(self, Self::Remote { .. })
    }

    /// Gives the home back. Running tasks go on under their shims.
    pub(crate) async fn close(self) {
        match self {
            Self::Remote { .. } => {}
            Self::Holder(holder) => holder.close().await,
        }
    }
}

impl Holder {
    /// The server, where this holder has one.
    pub(crate) fn server(&self) -> Option<&Server> {
        self.server.as_ref()
    }

    async fn close(self) {
        let Self { backend, api, server, guard } = self;
        if let Some(server) = server {
            server.stop().await;
        }
        api.engine().stop();
        let store = Arc::downgrade(api.engine().store());
        drop((backend, api));
        let began = Instant::now();
        while store.strong_count() > 0 && began.elapsed() < CLOSE_PATIENCE {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        if store.strong_count() > 0 {
            // Somebody may still write. Then the home must stay locked until the process is gone,
            // which is soon.
            tracing::debug!("the store is still in use: the lock stays until the end");
            std::mem::forget(guard);
        }
    }
}

/// Why the home could not be opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    /// The lock.
    #[error(transparent)]
    Lock(#[from] HolderError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The socket.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The file of routes.
    #[error(transparent)]
    Routes(#[from] RoutesError),
    /// The path of this very program.
    #[error("cannot tell the path of this program: {0}")]
    Exe(std::io::Error),
    /// A gateway was to start where somebody drives already.
    #[error("{what} already runs on {home} ({})", told(holder), what = what(holder.kind),
        home = home.display())]
    Held {
        /// The home.
        home: PathBuf,
        /// Who drives it.
        holder: HolderInfo,
    },
    /// The gateway that the environment names does not let us in, or is not there.
    #[error("{0}")]
    Remote(#[from] ApiError),
    /// Somebody is needed who is not there.
    #[error("no gateway runs on {}", home.display())]
    Nobody {
        /// The home.
        home: PathBuf,
    },
    /// It is held by one-shot commands all the time.
    #[error("{} is busy: {} holds it ({})", home.display(), what(holder.kind), told(holder))]
    Busy {
        /// The home.
        home: PathBuf,
        /// The last of them.
        holder: HolderInfo,
    },
    /// The holder does not answer.
    #[error("{} on {} does not answer ({}): {error}", what(holder.kind), home.display(),
        told(holder))]
    Silent {
        /// The home.
        home: PathBuf,
        /// Who holds it.
        holder: HolderInfo,
        /// What happened at the last try.
        error: String,
    },
}

fn what(kind: Kind) -> &'static str {
    match kind {
        Kind::Gateway => "a gateway",
        Kind::Run => "a foreground run",
        Kind::Command => "a command",
    }
}

fn told(holder: &HolderInfo) -> String {
    let HolderInfo { pid, version, started_at, .. } = holder;
    format!("pid {pid}, since {}, version {version}", moment(*started_at))
}

/// A moment in the zone of this machine, to the second.
fn moment(at: Millis) -> String {
    match jiff::Timestamp::from_millisecond(at) {
        Ok(at) => {
            at.to_zoned(jiff::tz::TimeZone::system()).strftime("%Y-%m-%d %H:%M:%S").to_string()
        }
        Err(_) => format!("{at} ms"),
    }
}

impl From<OpenError> for CliError {
    fn from(error: OpenError) -> Self {
        let (code, hint) = match &error {
            OpenError::Held { holder, .. } if holder.kind == Kind::Gateway => {
                ("unavailable", Some("clawflow gateway stop".to_owned()))
            }
            OpenError::Held { .. } => ("unavailable", Some("end it with Ctrl-C".to_owned())),
            OpenError::Nobody { .. } => ("unavailable", Some("clawflow gateway run".to_owned())),
            OpenError::Server(ServerError::PathTooLong { .. } | ServerError::InUse { .. }) => {
                ("unavailable", Some("set gateway.socket to another path".to_owned()))
            }
            OpenError::Routes(error) => return Self::usage(error.to_string()),
            OpenError::Remote(error) => return error.clone().into(),
            OpenError::Server(ServerError::Remote { .. }) => (
                "unavailable",
                Some("read docs/security.md, then set gateway.allow_remote = true".to_owned()),
            ),
            OpenError::Server(ServerError::Listen { .. }) => {
                ("unavailable", Some("set gateway.listen to another address".to_owned()))
            }
            OpenError::Store(error) => {
                let error = ApiError::from(error.clone());
                return Self { exit: Exit::Unavailable, ..error.into() };
            }
            _ => ("unavailable", None),
        };
        let mut made = Self::new(Exit::Unavailable, code, error.to_string());
        made.hints.extend(hint);
        made
    }
}

/// Opens the home.
pub(crate) async fn open(settings: &Settings, want: Want) -> Result<Opened, OpenError> {
    if let Some(address) = settings.remote.as_ref().filter(|_| want != Want::Gateway) {
        return reach(address).await;
    }
    let home = || settings.home.clone();
    let began = Instant::now();
    loop {
        let holder = match take(settings, want)? {
            Some(Taken::Lock(guard)) => {
                let opened = hold(settings, want, guard)?;
                keep_house(settings, &opened).await;
                return Ok(opened);
            }
            Some(Taken::HeldBy(holder)) => holder,
            None => return Err(OpenError::Nobody { home: home() }),
        };
        if holder.kind == Kind::Command {
            if began.elapsed() > COMMAND_PATIENCE {
                return Err(OpenError::Busy { home: home(), holder });
            }
        } else if want == Want::Gateway {
            return Err(OpenError::Held { home: home(), holder });
        } else {
            let client = Client::new(&holder.socket);
            match client.ping().await {
                Ok(()) => {
                    let backend = Backend::Remote(client.clone());
                    return Ok(Opened::Remote { backend, client, holder });
                }
                // It is starting or stopping. If it is gone, the lock is free.
                Err(error) if began.elapsed() > HOLDER_PATIENCE => {
                    let error = error.message;
                    return Err(OpenError::Silent { home: home(), holder, error });
                }
                Err(_) => {}
            }
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The gateway that the environment names. It is asked who it is, which also shows whether the
/// token is good.
async fn reach(address: &Address) -> Result<Opened, OpenError> {
    let client = Client::at(address.clone());
    let status = client.status().await?;
    let kind = match status.kind.as_str() {
        "run" => Kind::Run,
        _ => Kind::Gateway,
    };
    let holder = HolderInfo {
        pid: status.pid,
        kind,
        version: status.version,
        started_at: status.started_at,
        socket: status.socket.into(),
    };
    Ok(Opened::Remote { backend: Backend::Remote(client.clone()), client, holder })
}

/// `None`: nobody holds the home, and it is not wanted to hold.
fn take(settings: &Settings, want: Want) -> Result<Option<Taken>, HolderError> {
    let kind = match want {
        Want::Client => return Ok(holder::look(&settings.home)?.map(Taken::HeldBy)),
        Want::Command => Kind::Command,
        Want::ForegroundRun => Kind::Run,
        Want::Gateway => Kind::Gateway,
    };
    let version = env!("CARGO_PKG_VERSION");
    let info = HolderInfo::this_process(kind, version, &settings.gateway.socket);
    holder::take(&settings.home, info).map(Some)
}

/// Starts what a holder does. The lock is free again if that fails.
fn hold(settings: &Settings, want: Want, guard: Guard) -> Result<Opened, OpenError> {
    let store = SqliteStore::open(&settings.home)?;
    let scope = match want {
        Want::Gateway => Scope::All,
        Want::ForegroundRun => Scope::Driven,
        Want::Command | Want::Client => Scope::Nothing,
    };
    let serves = scope != Scope::Nothing;
    let routes = Routes::read(&settings.delivery.routes)?;
    let engine_settings = engine_settings(settings, routes.for_core())?;
    let engine = Engine::new(Arc::new(store), engine_settings, scope)?;
    let api = Api::new(engine.clone());
    api.keep_for((&settings.retention).into());
    // The socket before the work: a gateway that cannot serve must not start anything.
    let server = match serves {
        true => Some(Server::start(&guard, api.clone(), &server_settings(settings, want))?),
        false => None,
    };
    if serves {
        engine.start()?;
        engine.carry_by(Arc::new(Post::new(routes)));
    }
    let backend = Backend::Local(api.clone());
    Ok(Opened::Holder(Box::new(Holder { backend, api, server, guard })))
}

/// Takes in the reports that came while nobody held the home, and those that will come. A gateway
/// also looks after the ledger.
async fn keep_house(settings: &Settings, opened: &Opened) {
    let Opened::Holder(holder) = opened else { return };
    let api = holder.api.clone();
    match holder.server {
        Some(_) => {
            tokio::spawn(reporter::keep_taking_in(api.clone(), settings.home.clone()));
            if holder.guard.info().kind == Kind::Gateway {
                tokio::spawn(keep_looking_after(api));
            }
        }
        None => {
            if let Err(error) = reporter::take_in(&api, &settings.home).await {
                tracing::warn!(%error, "reports of jobs wait until the store takes them");
            }
        }
    }
}

/// Only a gateway listens on a TCP address: a foreground run comes and goes.
fn server_settings(settings: &Settings, want: Want) -> ServerSettings {
    let gateway = &settings.gateway;
    ServerSettings {
        listen: listen(&gateway.listen).filter(|_| want == Want::Gateway),
        allow_remote: gateway.allow_remote,
        allowed_hosts: gateway.allowed_hosts.clone(),
        allowed_origins: gateway.allowed_origins.clone(),
        rate_limit: gateway.rate_limit,
    }
}

fn spawn_limits(settings: &Settings) -> SpawnLimits {
    let most = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    let limits = &settings.subagents;
    SpawnLimits {
        depth: most(limits.depth),
        children: most(limits.children),
        concurrency: most(limits.concurrency),
    }
}

fn engine_settings(settings: &Settings, routes: Vec<Route>) -> Result<EngineSettings, OpenError> {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    Ok(EngineSettings {
        home: settings.home.clone(),
        shim_exe: std::env::current_exe().map_err(OpenError::Exe)?,
        socket: settings.gateway.socket.clone(),
        shell: settings.run.shell.display().to_string(),
        max_tasks: usize::try_from(settings.gateway.max_tasks).unwrap_or(usize::MAX),
        queues: settings.queues.clone(),
        agents: settings.agents.clone(),
        subagents: spawn_limits(settings),
        grace_ms: u64::try_from(settings.cancel.grace.as_millis()).unwrap_or(u64::MAX),
        log_bytes: settings.limits.log_bytes,
        stdout_bytes: settings.limits.stdout_bytes,
        routes,
        name: format!("{host}:{}", std::process::id()),
    })
}
