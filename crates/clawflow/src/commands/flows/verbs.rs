//! The verbs of `clawflow flows`.

use super::{
    answer, budget, cancel, create, emit, events, fail, finish, fork, graph, lint, list, logs,
    mirror, new, output, pause, purge, request_cancel, respond, resume, retry, run_task, schema,
    set_waiting, settle, show, signal, wait, why,
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
    Approve(answer::QuestionArgs),
    /// refuse an approval that a flow waits for
    Deny(answer::QuestionArgs),
    /// answer what a flow asks: yes, no, or any JSON
    Answer(respond::RespondArgs),
    /// hold back every start of a flow; what runs goes on
    Pause(pause::PauseArgs),
    /// allow starts again
    Unpause(pause::PauseArgs),
    /// change what a flow may use; one that is out of its budget goes on
    Budget(budget::BudgetArgs),
    /// try an ended flow again, as a new flow with the recorded results
    Retry(retry::RetryArgs),
    /// make a new flow from a step of another one, maybe with other arguments
    Fork(fork::ForkArgs),
    /// say why a flow stands where it stands, and what would move it
    Why(FlowArg),
    /// list the history of a flow, or of all flows
    Events(events::EventsArgs),
    /// print what the steps of a flow wrote
    Logs(logs::LogsArgs),
    /// draw the steps of a workflow file or of a flow
    Graph(graph::GraphArgs),
    /// watch runs that others start, with one flow for each day
    Mirror(mirror::MirrorArgs),
    /// write a workflow file to begin with
    New(new::NewArgs),
    /// check workflow files
    Lint(lint::LintArgs),
    /// print the JSON Schema of workflow files, for editors
    Schema(schema::SchemaArgs),
    /// decide about a step whose outcome is unknown
    Settle(settle::SettleArgs),
    /// delete ended flows for good
    Purge(purge::PurgeArgs),
    /// make a flow that its caller drives
    Create(create::CreateArgs),
    /// add a child to a flow: launch a command or an agent, or record one that the caller runs
    RunTask(run_task::RunTaskArgs),
    /// park a flow until its controller, or what it waits for, moves it
    SetWaiting(set_waiting::SetWaitingArgs),
    /// go on with a parked flow
    Resume(resume::ResumeArgs),
    /// end a flow well
    Finish(finish::FinishArgs),
    /// end a flow badly
    Fail(fail::FailArgs),
    /// record that a flow is to be cancelled, and let its children be
    RequestCancel(request_cancel::RequestCancelArgs),
    /// replace an output of a flow
    SetOutput(output::OutputArgs),
    /// make an output of a flow an array, or extend the array
    AppendOutput(output::OutputArgs),
    /// send the owner of a flow a message
    Emit(emit::EmitArgs),
    /// tell the flows that wait for it that something has happened
    Signal(signal::SignalArgs),
    /// wait until a flow goes on, or ends
    Wait(wait::WaitArgs),
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
        C::Budget(args) => budget::run(ctx, args).await,
        C::Unpause(args) => pause::run(ctx, args, false).await,
        C::Retry(args) => retry::run(ctx, args).await,
        C::Fork(args) => fork::run(ctx, args).await,
        C::Why(args) => why::run(ctx, args).await,
        C::Events(args) => events::run(ctx, args).await,
        C::Logs(args) => logs::run(ctx, args).await,
        C::Graph(args) => graph::run(ctx, args).await,
        C::Mirror(args) => mirror::run(ctx, args).await,
        C::New(args) => new::run(ctx, args),
        C::Lint(args) => lint::run(ctx, args),
        C::Schema(args) => schema::run(ctx, args),
        C::Settle(args) => settle::run(ctx, args).await,
        C::Purge(args) => purge::run(ctx, args).await,
        C::Answer(args) => respond::run(ctx, args).await,
        C::Create(args) => create::run(ctx, args).await,
        C::RunTask(args) => run_task::run(ctx, args).await,
        C::SetWaiting(args) => set_waiting::run(ctx, args).await,
        C::Resume(args) => resume::run(ctx, args).await,
        C::Finish(args) => finish::run(ctx, args).await,
        C::Fail(args) => fail::run(ctx, args).await,
        C::RequestCancel(args) => request_cancel::run(ctx, args).await,
        C::SetOutput(args) => output::set(ctx, args).await,
        C::AppendOutput(args) => output::append(ctx, args).await,
        C::Emit(args) => emit::run(ctx, args).await,
        C::Signal(args) => signal::run(ctx, args).await,
        C::Wait(args) => wait::run(ctx, args).await,
    }
}
