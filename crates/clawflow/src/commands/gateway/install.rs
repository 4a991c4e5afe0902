//! `clawflow gateway install`

use crate::cli::{CliError, Ctx, Exit};
use crate::config::unit_directory;
use crate::systemd::{self, Change};
use serde_json::json;

pub(super) fn run(ctx: &Ctx, dry_run: bool) -> Result<Exit, CliError> {
    let exe = std::env::current_exe()
        .map_err(|error| CliError::io("cannot tell the path of this program", error))?;
    let dir = unit_directory(&ctx.env).ok_or_else(|| {
        CliError::usage("no directory for systemd's units: HOME is not set").hint("set HOME")
    })?;
    let installed = systemd::install(&exe, &ctx.settings.home, &dir, dry_run)
        .map_err(|error| CliError::new(Exit::Failed, "io", error.to_string()))?;
    let path = installed.path.display();
    let change = match installed.change {
        Change::Created => "created",
        Change::Replaced => "replaced",
        Change::Unchanged => "unchanged",
    };
    if ctx.mode.json {
        ctx.mode.print_json(&json!({
            "ok": true,
            "path": path.to_string(),
            "change": change,
            "dryRun": dry_run,
            "unit": installed.unit,
            "next": installed.next,
        }))?;
        return Ok(Exit::Done);
    }
    if dry_run {
        ctx.mode.note(&format!("would be {path} ({change})"));
        ctx.mode.print(&installed.unit)?;
        return Ok(Exit::Done);
    }
    ctx.mode.print(&format!("{path} {change}\n"))?;
    ctx.mode.note("next:");
    for command in &installed.next {
        ctx.mode.note(&format!("  {command}"));
    }
    Ok(Exit::Done)
}
