//! What the server knows beside the engine: who it is, and whether it is to stop.

use crate::endpoint::HostCall;
use crate::holder::{HolderInfo, Kind};
use clawflow_engine::api::{Api, ApiError, Nothing, StatusResponse};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

/// The server's side of every request.
pub(crate) struct Host {
    pub(crate) api: Api,
    pub(crate) info: HolderInfo,
    /// Somebody asked over the wire that the program end.
    pub(crate) stop_asked: watch::Sender<bool>,
    /// The server is stopping.
    pub(crate) stopping: watch::Sender<bool>,
}

/// What the gateway says before it stops.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

    fn run(host: &Host, _: Nothing) -> Result<StatusResponse, ApiError> {
        let engine = host.api.engine();
        Ok(StatusResponse {
            listen: None,
            version: host.info.version.clone(),
            pid: host.info.pid,
            kind: host.info.kind.word().to_owned(),
            home: engine.settings().home.display().to_string(),
            socket: host.info.socket.display().to_string(),
            started_at: host.info.started_at,
            epoch: engine.epoch(),
            running: running(&host.api),
            flows: engine.store().count_flows(None)?.by_status,
        })
    }
}

/// `gateway.stop`
pub(crate) struct GatewayStop;

impl HostCall for GatewayStop {
    const NAME: &'static str = "gateway.stop";
    type Request = Nothing;
    type Response = StopResponse;

    fn run(host: &Host, _: Nothing) -> Result<StopResponse, ApiError> {
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
