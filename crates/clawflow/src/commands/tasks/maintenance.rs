//! `clawflow tasks maintenance`.

use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::client::ask;
use clap::Args;
use clawflow_engine::api::{
    MaintenanceAction, MaintenanceRequest, MaintenanceResponse, MaintenanceSweep, StoreCheck,
    StoreState,
};
use serde_json::json;

/// Whether to do it.
#[derive(Debug, Args)]
#[command(after_help = "\
A gateway does it every minute by itself, but for a check and a vacuum. How long records are kept:
retention.* in the settings.")]
pub(crate) struct MaintenanceArgs {
    /// do it, instead of only showing what would be done
    #[arg(long)]
    apply: bool,
    /// also check the ledger: quick, or full with every index
    #[arg(long, value_name = "HOW", num_args = 0..=1, default_missing_value = "quick")]
    #[arg(value_parser = check)]
    check: Option<StoreCheck>,
    /// also give back what is free in the file; all writers wait until it is done
    #[arg(long, requires = "apply")]
    vacuum: bool,
}

fn check(word: &str) -> Result<StoreCheck, String> {
    match word {
        "quick" => Ok(StoreCheck::Quick),
        "full" => Ok(StoreCheck::Full),
        _ => Err("write `quick` or `full`".to_owned()),
    }
}

/// Looks after the ledger, or shows what would be done.
pub(crate) async fn run(ctx: &Ctx, args: MaintenanceArgs) -> Result<Exit, CliError> {
    let MaintenanceArgs { apply, check, vacuum } = args;
    let request = MaintenanceRequest { apply, retention: None, vacuum, check };
    let done = ask::<MaintenanceSweep>(ctx, &request).await?;
    match ctx.mode.json {
        true => json(ctx, &done, apply)?,
        false => tell(ctx, &done, &request)?,
    }
    let broken = done.problems.is_some_and(|problems| !problems.is_empty());
    Ok(if broken { Exit::Failed } else { Exit::Done })
}

fn json(ctx: &Ctx, done: &MaintenanceResponse, apply: bool) -> Result<(), CliError> {
    let MaintenanceResponse { pruned, actions, actions_total, store, problems } = done;
    let mode = if apply { "apply" } else { "preview" };
    let mut all = json!({
        "mode": mode, "pruned": pruned, "actions": actions, "actionsTotal": actions_total,
        "store": store,
    });
    if let Some(problems) = problems {
        all["problems"] = json!(problems);
    }
    ctx.mode.print_json(&all)
}

fn tell(
    ctx: &Ctx,
    done: &MaintenanceResponse,
    request: &MaintenanceRequest,
) -> Result<(), CliError> {
    let mut out = String::new();
    for MaintenanceAction { kind, id, text, .. } in &done.actions {
        out.push_str(&format!("{}  {}: {}\n", escape(kind), escape(id), escape(text)));
    }
    let verb = if request.apply { "deleted" } else { "would be deleted" };
    out.push_str(&format!("{} flows and {} tasks {verb}\n", done.pruned.flows, done.pruned.tasks));
    if request.vacuum || request.check.is_some() || done.store.vacuum_advised {
        out.push_str(&figures(&done.store));
    }
    match done.problems.as_deref() {
        None => {}
        Some([]) => out.push_str("the ledger is whole\n"),
        Some(problems) => {
            problems.iter().for_each(|problem| out.push_str(&format!("{}\n", escape(problem))));
        }
    }
    ctx.mode.print(&out)?;
    let shown = done.actions.len() as u64;
    if shown < done.actions_total {
        ctx.mode.note(&format!("there are {} more", done.actions_total - shown));
    }
    if done.problems.as_ref().is_some_and(|problems| !problems.is_empty()) {
        ctx.mode.note("hint: keep a copy of the home before anything else");
    }
    if done.store.vacuum_advised {
        ctx.mode
            .note("hint: much of the file is free: clawflow tasks maintenance --apply --vacuum");
    }
    if !request.apply {
        ctx.mode.note("hint: nothing was changed: add --apply");
    }
    Ok(())
}

fn figures(store: &StoreState) -> String {
    let mib = |bytes: u64| format!("{}.{} MiB", bytes >> 20, ((bytes & 0xf_ffff) * 10) >> 20);
    let StoreState { bytes_before, bytes, free_bytes, log_bytes, .. } = *store;
    let was = match bytes_before == bytes {
        true => String::new(),
        false => format!(" (it was {})", mib(bytes_before)),
    };
    format!("file {}{was}, free {}, log {}\n", mib(bytes), mib(free_bytes), mib(log_bytes))
}
