//! What the server knows beside the engine: who it is, and whether it is to stop.

use crate::endpoint::HostCall;
use crate::guests::Guests;
use crate::holder::{HolderInfo, Kind};
use crate::limits::{COMMANDS_MAX, PING_RATE};
use crate::rate::Rates;
use crate::settings::ServerSettings;
use crate::streams::Streams;
use clawflow_engine::api::{Api, ApiError, Caller, Nothing, StatusResponse};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::{Semaphore, watch};

/// The server's side of every request.
pub(crate) struct Host {
    /// The calls, on behalf of nobody in particular.
    pub(crate) api: Api,
    pub(crate) info: HolderInfo,
    /// Somebody asked over the wire that the program end.
    pub(crate) stop_asked: watch::Sender<bool>,
    /// The server is stopping.
    pub(crate) stopping: watch::Sender<bool>,
    /// Where it listens beside its socket.
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) guests: Guests,
    pub(crate) rates: Rates,
    /// How often each job may be told of.
    pub(crate) pings: Rates,
    /// Places for commands at once.
    pub(crate) commands: Arc<Semaphore>,
    /// Places for streams of events.
    pub(crate) streams: Arc<Streams>,
}

impl Host {
    pub(crate) fn new(
        api: Api,
        info: HolderInfo,
        settings: &ServerSettings,
        listen: Option<SocketAddr>,
    ) -> Self {
        Self {
            api,
            info,
            stop_asked: watch::Sender::new(false),
            stopping: watch::Sender::new(false),
            listen,
            guests: Guests::new(&settings.allowed_hosts, &settings.allowed_origins),
            rates: Rates::new(settings.rate_limit),
            pings: Rates::new(PING_RATE),
            commands: Arc::new(Semaphore::new(COMMANDS_MAX)),
            streams: Arc::default(),
        }
    }
}

/// What the gateway says before it stops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StopResponse {
    /// Its process id.
    pub pid: u32,
    /// Tasks that go on without it.
    pub running: u64,
}

/// `gateway.status`
pub(crate) struct GatewayStatus;

impl HostCall for GatewayStatus {
    const NAME: &'static str = "gateway.status";
    type Request = Nothing;
    type Response = StatusResponse;

    fn run(host: &Host, caller: &Caller, _: Nothing) -> Result<StatusResponse, ApiError> {
        let engine = host.api.engine();
        Ok(StatusResponse {
            version: host.info.version.clone(),
            pid: host.info.pid,
            kind: host.info.kind.word().to_owned(),
            home: engine.settings().home.display().to_string(),
            socket: host.info.socket.display().to_string(),
            listen: host.listen.map(|address| address.to_string()),
            started_at: host.info.started_at,
            epoch: engine.epoch(),
            running: match caller.owner.as_deref() {
                None => running(&host.api),
                Some(owner) => u64::try_from(engine.running_of(owner)?).unwrap_or(u64::MAX),
            },
            flows: engine.store().count_flows(caller.owner.as_deref())?.by_status,
        })
    }
}

/// `gateway.stop`
pub(crate) struct GatewayStop;

impl HostCall for GatewayStop {
    const NAME: &'static str = "gateway.stop";
    type Request = Nothing;
    type Response = StopResponse;

    fn run(host: &Host, caller: &Caller, _: Nothing) -> Result<StopResponse, ApiError> {
        if caller.owner.is_some() {
            return Err(ApiError::new("forbidden", "a bound caller cannot stop the gateway"));
        }
        if host.info.kind != Kind::Gateway {
            let why = format!("process {} is a foreground run, not a gateway", host.info.pid);
            return Err(ApiError::new("invalid_state", why).hint("end it with Ctrl-C"));
        }
        host.stop_asked.send_replace(true);
        Ok(StopResponse { pid: host.info.pid, running: running(&host.api) })
    }
}

fn running(api: &Api) -> u64 {
    u64::try_from(api.engine().running()).unwrap_or(u64::MAX)
}
