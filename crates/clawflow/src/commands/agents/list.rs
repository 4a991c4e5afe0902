//! `clawflow agents`.

use crate::cli::{CliError, Ctx, Exit};
use crate::show::{Cell, Table};
use clawflow_core::acp::{BUILTIN_AGENTS, Policy, Protocol, agent};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::env::split_paths;
use std::path::{Path, PathBuf};

/// Lists the agents that steps and tasks can name.
pub(super) fn run(ctx: &Ctx) -> Result<Exit, CliError> {
    let configured = &ctx.settings.agents;
    let names: BTreeSet<&str> = configured
        .keys()
        .map(String::as_str)
        .chain(BUILTIN_AGENTS.iter().map(|(name, _)| *name))
        .collect();
    let path: Vec<PathBuf> = ctx.env.get("PATH").into_iter().flat_map(split_paths).collect();
    let mut table = Table::new(["AGENT", "PROTOCOL", "COMMAND", "FOUND", "PERMISSIONS"]);
    let mut listed: Vec<Value> = Vec::new();
    for name in names {
        let Some(agent) = agent(configured, name) else { continue };
        let found = agent.command.first().and_then(|program| find(program, &path));
        let own = agent.permissions.clone();
        let protocol = agent.protocol.unwrap_or(Protocol::Acp);
        let rules = own.clone().unwrap_or_else(Policy::reads).words();
        table.row([
            Cell::text(name),
            Cell::text(protocol.as_str()),
            Cell::text(agent.command.join(" ")),
            Cell::text(if found.is_some() { "yes" } else { "no" }),
            Cell::text(own.map_or_else(|| "reads".to_owned(), |_| rules.join("; "))),
        ]);
        listed.push(json!({
            "name": name, "protocol": protocol, "command": agent.command, "found": found.is_some(),
            "path": found, "configured": configured.contains_key(name), "permissions": rules,
            "model": agent.model, "mode": agent.mode,
        }));
    }
    if ctx.mode.json {
        ctx.mode.print_json(&json!({ "agents": listed }))?;
    } else {
        ctx.mode.print(&table.render(ctx.mode))?;
    }
    Ok(Exit::Done)
}

/// The program, as a shell would find it.
fn find(program: &str, path: &[PathBuf]) -> Option<PathBuf> {
    use rustix::fs::{Access, access};
    let runs = |file: &Path| file.is_file() && access(file, Access::EXEC_OK).is_ok();
    if program.contains('/') {
        return Some(PathBuf::from(program)).filter(|file| runs(file));
    }
    path.iter().map(|dir| dir.join(program)).find(|file| runs(file))
}
