//! The home as a command sees it: opened, asked, closed.

use crate::cli::{CliError, Ctx};
use crate::open::{Opened, Want, open};
use clawflow_core::flow::Flow;
use clawflow_engine::api::{Call, FlowRef, FlowWhy};
use clawflow_gateway::Kind;

/// The calls, at the holder of the home or in this process.
pub(crate) struct Client {
    opened: Opened,
}

impl Client {
    /// Opens the home for one command.
    pub(crate) async fn open(ctx: &Ctx) -> Result<Self, CliError> {
        Self::open_for(ctx, Want::Command).await
    }

    /// Opens the home.
    pub(crate) async fn open_for(ctx: &Ctx, want: Want) -> Result<Self, CliError> {
        Ok(Self { opened: open(&ctx.settings, want).await? })
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
        Ok(self.opened.backend().call::<C>(request).await?)
    }

    /// Gives the home back, then passes the outcome on.
    pub(crate) async fn close<T>(self, outcome: Result<T, CliError>) -> Result<T, CliError> {
        self.opened.close().await;
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
