//! `clawflow cron show`, and how schedules look.

use super::list::goes_on;
use super::verbs::ScheduleArg;
use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::client::ask;
use crate::show::{Paint, ago, now, until};
use clawflow_core::Millis;
use clawflow_core::duration::format_ms;
use clawflow_core::limits::cut;
use clawflow_core::schedule::{
    AgentTurn, DisabledReason, Member, MissedPolicy, Payload, Policies, Schedule,
};
use clawflow_engine::api::{ScheduleRef, ScheduleShow, ScheduleView};
use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Shows it.
pub(crate) async fn run(ctx: &Ctx, args: ScheduleArg) -> Result<Exit, CliError> {
    let view = ask::<ScheduleShow>(ctx, &ScheduleRef { schedule: args.schedule }).await?;
    match ctx.mode.json {
        true => ctx.mode.print_json(&view)?,
        false => ctx.mode.print(&text(&view, Paint(ctx.mode.color)))?,
    }
    Ok(Exit::Done)
}

fn text(view: &ScheduleView, paint: Paint) -> String {
    let row = &view.schedule;
    let now = now();
    let name = paint.bold(&escape(&row.name));
    let (id, owner) = (&row.schedule_id, escape(&row.owner_key));
    let mut out = format!("schedule {name} ({id})  version {} · owner {owner}\n", row.version);
    let mut line = |what: &str, text: Option<String>| {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            out.push_str(&format!("{what}: {}\n", escape(&text)));
        }
    };
    line("when", Some(row.spec.to_string()));
    line("next", Some(fires_at(row)));
    line("what", Some(cut(&row.payload.title(), 200)));
    line("file", file(&row.payload));
    for (path, hash) in &view.files {
        line("names", Some(format!("{path}, sha256 {}", short(hash))));
    }
    line("directory", directory(&row.payload));
    if let Payload::Agent(turn) = &row.payload {
        line("agent", Some(agent(turn)));
    }
    members(&row.payload).into_iter().for_each(|member| line("member", Some(member)));
    line("policies", Some(policies(&row.policies)));
    line("last slot", row.last_slot.map(|slot| clock(slot, row.spec.zone())));
    let ended = |at: Millis| format!(" {} ago", ago(at, now));
    let last = row
        .last_status
        .map(|status| format!("{status}{}", row.last_ended_at.map(ended).unwrap_or_default()));
    line("last run", last);
    line("last error", row.last_error.clone());
    let errors = row.consecutive_errors;
    line("errors in a row", (errors > 0).then(|| errors.to_string()));
    line("now", Some(goes_on(view)).filter(|_| !view.open.is_empty()));
    out
}

fn file(payload: &Payload) -> Option<String> {
    let Payload::Flow { file, definition_hash, args, .. } = payload else { return None };
    let args = match args.is_empty() {
        true => String::new(),
        false => format!(", arguments {}", serde_json::Value::Object(args.clone())),
    };
    Some(format!("{file}, sha256 {}{args}", short(definition_hash)))
}

fn short(hash: &str) -> String {
    format!("{}…", hash.get(..12).unwrap_or(hash))
}

/// The agent and what it is told of how to work; the prompt is the title.
fn agent(turn: &AgentTurn) -> String {
    let mut all = vec![turn.agent.clone()];
    all.extend(turn.model.as_ref().map(|model| format!("model {model}")));
    all.extend(turn.mode.as_ref().map(|mode| format!("mode {mode}")));
    if let Some(policy) = &turn.permissions {
        let rules: Vec<String> = policy.rules().iter().map(ToString::to_string).collect();
        all.push(format!("permissions {}", rules.join("; ")));
    }
    if turn.anywhere {
        all.push("in its own directory, if one is configured".to_owned());
    }
    all.join(", ")
}

fn members(payload: &Payload) -> Vec<String> {
    let Payload::Mirror { members, deadline, .. } = payload else { return Vec::new() };
    let one = |member: &Member| {
        let by = member.deadline.as_ref().or(deadline.as_ref());
        let by = by.map_or_else(|| "the window's end".to_owned(), |by| escape(by));
        format!("{}: {}, by {by}", escape(&member.id), escape(&member.title()))
    };
    members.iter().map(one).collect()
}

fn directory(payload: &Payload) -> Option<String> {
    match payload {
        Payload::Command(command) => Some(command.cwd.clone()),
        Payload::Flow { cwd, .. } => Some(cwd.clone()),
        Payload::Agent(turn) => Some(turn.cwd.clone()).filter(|cwd| !cwd.is_empty()),
        Payload::Message { .. } | Payload::Mirror { .. } => None,
    }
}

fn policies(p: &Policies) -> String {
    let mut all = vec![format!("missed {}", p.missed)];
    if p.missed == MissedPolicy::All {
        let spacing = format_ms(p.missed_spacing_ms);
        all.push(format!("at most {}, {spacing} apart", p.missed_cap));
    }
    all.extend(p.missed_window_ms.map(|ms| format!("within {}", format_ms(ms))));
    all.push(format!("overlap {}", p.overlap));
    if p.retries > 0 {
        all.push(format!("{} retries after {}", p.retries, format_ms(p.retry_pause_ms)));
    }
    all.extend(p.timeout_ms.map(|ms| format!("timeout {}", format_ms(ms))));
    if p.jitter_ms > 0 {
        all.push(format!("jitter {}", format_ms(p.jitter_ms)));
    }
    all.extend(p.starts_at.map(|at| format!("from {}", clock(at, None))));
    all.extend(p.ends_at.map(|at| format!("to {}", clock(at, None))));
    all.push(match p.disable_after {
        0 => "never disabled by errors".to_owned(),
        n => format!("disabled after {n} errors"),
    });
    if p.delete_after_run {
        all.push("deleted after its last run".to_owned());
    }
    all.join(", ")
}

/// A point in time by the clock of a zone, or of this machine.
pub(super) fn clock(at: Millis, zone: Option<&str>) -> String {
    let tz = zone.and_then(|name| TimeZone::get(name).ok()).unwrap_or_else(TimeZone::system);
    match Timestamp::from_millisecond(at) {
        Ok(at) if zone.is_some() => at.to_zoned(tz).strftime("%Y-%m-%d %H:%M:%S %Z").to_string(),
        Ok(at) => at.to_zoned(tz).strftime("%Y-%m-%d %H:%M:%S").to_string(),
        Err(_) => format!("{at} ms"),
    }
}

/// When it fires next, or why it does not.
pub(super) fn fires_at(row: &Schedule) -> String {
    let Some(at) = row.next_at else { return next_of(row) };
    let there = match (row.spec.zone(), row.next_slot) {
        (Some(zone), Some(slot)) => format!(", {} there", clock(slot, Some(zone))),
        _ => String::new(),
    };
    format!("{}{there}", until(at, now()))
}

/// When it fires next by the clock of this machine, or why it does not.
pub(super) fn next_of(row: &Schedule) -> String {
    match (row.next_at, row.disabled_reason) {
        (Some(at), _) => until(at, now()),
        (None, Some(DisabledReason::Finished)) => "finished".to_owned(),
        (None, Some(DisabledReason::Errors)) => "disabled: too many errors".to_owned(),
        (None, Some(DisabledReason::Broken)) => "disabled: it cannot be read".to_owned(),
        (None, _) => "disabled".to_owned(),
    }
}
