//! `clawflow flows set-output` and `clawflow flows append-output`.

use super::steer::{self, Target};
use crate::cli::{CliError, Ctx, Exit};
use crate::commands::input::Input;
use clap::Args;
use clawflow_engine::api::{
    FlowAppendOutput, FlowAppendOutputRequest, FlowSetOutput, FlowSetOutputRequest,
};
use serde_json::Value;

/// Which output, and its value.
#[derive(Debug, Args)]
#[command(after_help = "\
`clawflow flows show FLOW --output NAME` prints an output. Prints the flow's id, its revision and
its status. For example:
  clawflow flows set-output \"$flow\" report --text @report.md
  clawflow flows append-output \"$flow\" sources '{\"name\": \"tickets\", \"rows\": 12}'")]
pub(crate) struct OutputArgs {
    #[command(flatten)]
    target: Target,
    /// name of the output
    #[arg(value_name = "NAME")]
    name: String,
    /// its value: JSON, @FILE that has it, or @- for standard input
    #[arg(value_name = "VALUE")]
    value: String,
    /// the value is text, not JSON
    #[arg(long)]
    text: bool,
}

impl OutputArgs {
    fn value(&self) -> Result<Value, CliError> {
        match self.text {
            true => Input::default().text("VALUE", &self.value).map(Value::String),
            false => Input::default().json("VALUE", &self.value),
        }
    }
}

/// Replaces it.
pub(crate) async fn set(ctx: &Ctx, args: OutputArgs) -> Result<Exit, CliError> {
    let value = args.value()?;
    let request = FlowSetOutputRequest {
        flow: args.target.flow.flow,
        expected_revision: args.target.expected_revision,
        name: args.name,
        value,
    };
    steer::run::<FlowSetOutput>(ctx, &args.target.binding, &request).await
}

/// Makes it an array, or extends the array.
pub(crate) async fn append(ctx: &Ctx, args: OutputArgs) -> Result<Exit, CliError> {
    let value = args.value()?;
    let request = FlowAppendOutputRequest {
        flow: args.target.flow.flow,
        expected_revision: args.target.expected_revision,
        name: args.name,
        value,
    };
    steer::run::<FlowAppendOutput>(ctx, &args.target.binding, &request).await
}
