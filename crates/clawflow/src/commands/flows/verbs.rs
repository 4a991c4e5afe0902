//! The verbs of `clawflow flows`.

use super::{
    answer, cancel, events, graph, lint, list, logs, pause, purge, retry, settle, show, why,
};
use crate::cli::{CliError, Ctx, Exit};
use crate::commands::args::FlowArg;
use clap::Subcommand;

/// What to do with flows.
#[derive(Debug, Subcommand)]
pub(crate) enum FlowsCommand {
    /// list live flows and those that ended in the last 24 hours
    List(list::ListArgs),
    /// show a flow: its steps, what it waits for, its outputs
    Show(show::ShowArgs),
    /// cancel a flow: stop its tasks, then let it unwind
    Cancel(cancel::CancelArgs),
    /// give an approval that a flow waits for
    Approve(answer::AnswerArgs),
    /// refuse an approval that a flow waits for
    Deny(answer::AnswerArgs),
    /// hold back every start of a flow; what runs goes on
    Pause(pause::PauseArgs),
    /// allow starts again
    Unpause(pause::PauseArgs),
    /// try an ended flow again, as a new flow with the recorded results
    Retry(FlowArg),
    /// say why a flow stands where it stands, and what would move it
    Why(FlowArg),
    /// list the history of a flow, or of all flows
    Events(events::EventsArgs),
    /// print what the steps of a flow wrote
    Logs(logs::LogsArgs),
    /// draw the steps of a workflow file or of a flow
    Graph(graph::GraphArgs),
    /// check workflow files
    Lint(lint::LintArgs),
    /// decide about a step whose outcome is unknown
    Settle(settle::SettleArgs),
    /// delete ended flows for good
    Purge(purge::PurgeArgs),
}

/// Does it.
pub(crate) async fn run(ctx: &Ctx, command: FlowsCommand) -> Result<Exit, CliError> {
    use FlowsCommand as C;
    match command {
        C::List(args) => list::run(ctx, args).await,
        C::Show(args) => show::run(ctx, args).await,
        C::Cancel(args) => cancel::run(ctx, args).await,
        C::Approve(args) => answer::run(ctx, args, true).await,
        C::Deny(args) => answer::run(ctx, args, false).await,
        C::Pause(args) => pause::run(ctx, args, true).await,
        C::Unpause(args) => pause::run(ctx, args, false).await,
        C::Retry(args) => retry::run(ctx, args).await,
        C::Why(args) => why::run(ctx, args).await,
        C::Events(args) => events::run(ctx, args).await,
        C::Logs(args) => logs::run(ctx, args).await,
        C::Graph(args) => graph::run(ctx, args).await,
        C::Lint(args) => lint::run(ctx, args),
        C::Settle(args) => settle::run(ctx, args).await,
        C::Purge(args) => purge::run(ctx, args).await,
    }
}
