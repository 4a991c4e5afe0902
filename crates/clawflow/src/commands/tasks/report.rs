//! `clawflow tasks report`: what a script says of a task that it runs itself.

use super::reported::{self, ReportCommand};
use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::args::{moment, word};
use crate::commands::binding::BindingArgs;
use crate::commands::client::ask_as;
use clap::Args;
use clawflow_core::Millis;
use clawflow_core::task::{Task, TaskStatus, TerminalOutcome, Usage};
use clawflow_engine::api::{TaskReport, TaskReportRequest};

/// What is known of the task.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
#[command(after_help = "\
For tasks that their caller runs: those of `report start`, of `tasks wrap` and of
`flows run-task --record`; of a task that clawflow runs, progress and use. Prints the task's id
and its status. For example:
  task=$(clawflow tasks report start 'import the orders' --label import)
  clawflow tasks report progress '3 of 10 read' --task \"$task\"
  clawflow tasks report done --summary '10 read' --task \"$task\"
and in full, with every field of a task:
  clawflow tasks report \"$task\" --status succeeded --summary '10 read' --usage-tokens 5210")]
pub(crate) struct ReportArgs {
    #[command(subcommand)]
    command: Option<ReportCommand>,
    /// the task: its id, the last 8 or more characters of it, its run id or its session
    #[arg(value_name = "TASK", required = true)]
    task: Option<String>,
    /// where it stands: running, succeeded, failed, timed_out, cancelled or lost
    #[arg(long, value_name = "STATUS", value_parser = word::<TaskStatus>)]
    status: Option<TaskStatus>,
    /// one line of progress
    #[arg(long, value_name = "TEXT")]
    progress: Option<String>,
    /// one line about its end
    #[arg(long, value_name = "TEXT")]
    summary: Option<String>,
    /// what it really reached, with --status succeeded: succeeded or blocked
    #[arg(long, value_name = "OUTCOME", value_parser = word::<TerminalOutcome>)]
    outcome: Option<TerminalOutcome>,
    /// why it failed
    #[arg(long, value_name = "TEXT")]
    error: Option<String>,
    #[command(flatten)]
    times: TimeArgs,
    #[command(flatten)]
    usage: UsageArgs,
    #[command(flatten)]
    binding: BindingArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "times: a duration ago or a date")]
struct TimeArgs {
    /// when it began
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    started_at: Option<Millis>,
    /// its last sign of life
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    last_event_at: Option<Millis>,
    /// when it ended
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    ended_at: Option<Millis>,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "what it has used so far")]
struct UsageArgs {
    /// tokens of a model
    #[arg(long, value_name = "N")]
    usage_tokens: Option<u64>,
    /// cost in US dollars
    #[arg(long, value_name = "USD", value_parser = cost)]
    usage_cost: Option<f64>,
    /// tokens that a model has read
    #[arg(long, value_name = "N")]
    usage_input_tokens: Option<u64>,
    /// tokens that a model has written
    #[arg(long, value_name = "N")]
    usage_output_tokens: Option<u64>,
    /// turns of an agent
    #[arg(long, value_name = "N")]
    usage_turns: Option<u64>,
    /// calls of tools
    #[arg(long, value_name = "N")]
    usage_tool_calls: Option<u64>,
}

impl UsageArgs {
    fn usage(&self) -> Option<Usage> {
        let usage = Usage {
            tokens: self.usage_tokens,
            input_tokens: self.usage_input_tokens,
            output_tokens: self.usage_output_tokens,
            cost_usd: self.usage_cost,
            turns: self.usage_turns,
            tool_calls: self.usage_tool_calls,
        };
        (usage != Usage::default()).then_some(usage)
    }
}

/// Reports it.
pub(crate) async fn run(ctx: &Ctx, args: ReportArgs) -> Result<Exit, CliError> {
    if let Some(command) = args.command {
        return reported::run(ctx, command).await;
    }
    let request = TaskReportRequest {
        task: args.task.unwrap_or_default(),
        status: args.status,
        progress_summary: args.progress,
        terminal_summary: args.summary,
        terminal_outcome: args.outcome,
        error: args.error,
        started_at: args.times.started_at,
        last_event_at: args.times.last_event_at,
        ended_at: args.times.ended_at,
        exit: None,
        usage: args.usage.usage(),
    };
    let task = ask_as::<TaskReport>(ctx, args.binding.caller(ctx)?, &request).await?;
    tell(ctx, &task)
}

/// `TASK STATUS`, or the record.
pub(super) fn tell(ctx: &Ctx, task: &Task) -> Result<Exit, CliError> {
    match ctx.mode.json {
        true => ctx.mode.print_json(task)?,
        false => ctx.mode.print(&format!("{} {}\n", escape(&task.task_id.0), task.status))?,
    }
    Ok(Exit::Done)
}

/// Not every number is an amount of money.
fn cost(text: &str) -> Result<f64, String> {
    let cost = text.parse().ok().filter(|cost: &f64| cost.is_finite() && *cost >= 0.0);
    cost.ok_or_else(|| "write an amount such as `0.12`".to_owned())
}

#[cfg(test)]
mod tests {
    use super::cost;

    #[test]
    fn a_cost_is_finite_and_not_negative() {
        assert_eq!(cost("0.12"), Ok(0.12));
        for bad in ["", "-1", "NaN", "inf", "1 USD"] {
            assert!(cost(bad).is_err(), "{bad}");
        }
    }
}
