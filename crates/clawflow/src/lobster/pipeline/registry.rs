//! The table of commands.

use super::command::Command;
use super::commands::{
    approve, ask, commands_list, dedupe, diff_last, email_triage, exec, group_by, head, json, map,
    openclaw_agent, openclaw_invoke, pick, sort, state, table, template, where_, workflows_list,
    workflows_run,
};
use super::llm;

/// Every command, in order of their names.
pub(super) static COMMANDS: [&Command; 25] = [
    &approve::COMMAND,
    &ask::COMMAND,
    &openclaw_invoke::LEGACY,
    &commands_list::COMMAND,
    &dedupe::COMMAND,
    &diff_last::COMMAND,
    &email_triage::COMMAND,
    &exec::COMMAND,
    &group_by::COMMAND,
    &head::COMMAND,
    &json::COMMAND,
    &llm::INVOKE,
    &llm::TASK,
    &map::COMMAND,
    &openclaw_agent::COMMAND,
    &openclaw_invoke::COMMAND,
    &pick::COMMAND,
    &sort::COMMAND,
    &state::GET,
    &state::SET,
    &table::COMMAND,
    &template::COMMAND,
    &where_::COMMAND,
    &workflows_list::COMMAND,
    &workflows_run::COMMAND,
];

/// The command of a name.
pub(super) fn get(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().copied().find(|command| command.name == name)
}

/// What a command does and which flags it has, for people.
pub(crate) fn describe(name: &str) -> Option<String> {
    let command = get(name)?;
    let mut text = format!("{} — {}\n", command.name, command.about);
    if !command.flags.is_empty() {
        text.push_str("\nFlags:\n");
    }
    let widest = command.flags.iter().map(|(name, ..)| name.len()).max().unwrap_or_default();
    for (flag, _, about) in command.flags {
        text.push_str(&format!("  --{flag:widest$}  {about}\n"));
    }
    Some(text)
}
