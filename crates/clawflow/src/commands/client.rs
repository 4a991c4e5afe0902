//! The home as a command sees it: opened, asked, closed.

use super::binding::operator;
use super::gateway::spawn_background;
use crate::cli::{CliError, Ctx, Exit};
use crate::open::{Opened, Want, open};
use clawflow_core::flow::Flow;
use clawflow_engine::api::{Call, Caller, FlowRef, FlowWhy};
use clawflow_gateway::{Backend, Kind};

/// The calls, at the holder of the home or in this process.
pub(crate) struct Client {
    opened: Opened,
    backend: Backend,
}

impl Client {
    /// Opens the home for one command.
    pub(crate) async fn open(ctx: &Ctx) -> Result<Self, CliError> {
        Self::open_for(ctx, Want::Command).await
    }

    /// Opens the home.
    pub(crate) async fn open_for(ctx: &Ctx, want: Want) -> Result<Self, CliError> {
        let opened = open(&ctx.settings, want).await?;
        let backend = opened.backend().as_caller(operator(ctx));
        Ok(Self { opened, backend })
    }

    /// Opens the home for one command, on behalf of this caller.
    pub(crate) async fn open_as(ctx: &Ctx, caller: Caller) -> Result<Self, CliError> {
        Ok(Self::open(ctx).await?.acting_as(caller))
    }

    /// From here on calls are made on behalf of this caller.
    pub(crate) fn acting_as(self, caller: Caller) -> Self {
        let backend = self.opened.backend().as_caller(caller);
        Self { backend, ..self }
    }

    /// Opens a gateway: the one that runs, else one that is started now.
    pub(crate) async fn at_gateway(ctx: &Ctx, otherwise: &str) -> Result<Self, CliError> {
        let client = match Self::open_for(ctx, Want::Client).await {
            Err(_) if ctx.settings.gateway.autostart => {
                ctx.mode.note("no gateway runs: starting one in the background");
                spawn_background(&ctx.settings).await?;
                Self::open_for(ctx, Want::Client).await?
            }
            other => other?,
        };
        let Some(pid) = client.foreground_run() else { return Ok(client) };
        let message = format!("a foreground run (pid {pid}) holds the home, and no gateway runs");
        Err(CliError::new(Exit::Unavailable, "unavailable", message).hint(otherwise))
    }

    /// Whether somebody else holds the home: then a call may wait, and others can change things.
    pub(crate) fn is_remote(&self) -> bool {
        self.opened.is_remote()
    }

    /// The process id of a holder that is a foreground run: it goes when its own flows end.
    pub(crate) fn foreground_run(&self) -> Option<u32> {
        match &self.opened {
            Opened::Remote { holder, .. } if holder.kind == Kind::Run => Some(holder.pid),
            Opened::Remote { .. } | Opened::Holder(_) => None,
        }
    }

    /// Carries out a call.
    pub(crate) async fn call<C: Call>(
        &self,
        request: &C::Request,
    ) -> Result<C::Response, CliError> {
        Ok(self.backend.call::<C>(request).await?)
    }

    /// Gives the home back, then passes the outcome on.
    pub(crate) async fn close<T>(self, outcome: Result<T, CliError>) -> Result<T, CliError> {
        let Self { opened, backend } = self;
        drop(backend);
        opened.close().await;
        outcome
    }

    /// Says so where a live flow has work that nobody will do.
    pub(crate) async fn hint_if_undriven(&self, ctx: &Ctx, flow: &Flow) {
        if flow.is_terminal() || self.is_driven(flow).await {
            return;
        }
        let name = flow.flow_id.as_str();
        ctx.mode.note(&format!(
            "hint: nothing drives this flow now: clawflow run --continue {name}, \
             or start a gateway"
        ));
    }

    /// Says so where nobody is there to wake a flow when its time has come.
    pub(crate) fn hint_if_nobody_wakes(&self, ctx: &Ctx) {
        if !self.opened.is_remote() {
            ctx.mode.note("hint: nobody watches the time now: clawflow gateway run");
        }
    }

    async fn is_driven(&self, flow: &Flow) -> bool {
        if !self.opened.is_remote() {
            return false;
        }
        let request = FlowRef { flow: flow.flow_id.0.clone() };
        // Where this cannot be told, a wrong hint would only confuse.
        match self.call::<FlowWhy>(&request).await {
            Ok(why) => !why.reasons.iter().any(|reason| reason.kind == "driver"),
            Err(_) => true,
        }
    }
}

/// Opens the home, asks one question and gives the home back.
pub(crate) async fn ask<C: Call>(ctx: &Ctx, request: &C::Request) -> Result<C::Response, CliError> {
    let client = Client::open(ctx).await?;
    let answer = client.call::<C>(request).await;
    client.close(answer).await
}

/// As [`ask`], on behalf of this caller.
pub(crate) async fn ask_as<C: Call>(
    ctx: &Ctx,
    caller: Caller,
    request: &C::Request,
) -> Result<C::Response, CliError> {
    let client = Client::open_as(ctx, caller).await?;
    let answer = client.call::<C>(request).await;
    client.close(answer).await
}
