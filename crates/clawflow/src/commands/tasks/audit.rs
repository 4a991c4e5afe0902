//! `clawflow tasks audit`.

use crate::cli::{CliError, Ctx, Exit, escape};
use crate::commands::args::word;
use crate::commands::client::ask;
use crate::show::{Paint, duration};
use clap::Args;
use clawflow_core::audit::{AuditCode, AuditCounts, Finding, Severity};
use clawflow_engine::api::{AuditRequest, AuditResponse, AuditRun};

/// What to look for.
#[derive(Debug, Args)]
#[command(after_help = "\
A wait is late by its own deadline, and a task runs as long as its process lives: age alone is asked
only where nothing else can be known. It changes nothing.")]
pub(crate) struct AuditArgs {
    /// only these: warn, error
    #[arg(long, value_name = "SEVERITY", value_parser = word::<Severity>)]
    severity: Option<Severity>,
    /// only these codes, as `in_doubt`
    #[arg(long, value_name = "CODE", value_delimiter = ',', value_parser = word::<AuditCode>)]
    code: Vec<AuditCode>,
    /// at most so many [default: 50]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    limit: Option<u16>,
    /// exit with 1 if there is a finding of this severity or a worse one: warn, error
    #[arg(long, value_name = "SEVERITY", value_parser = word::<Severity>)]
    fail_on: Option<Severity>,
}

/// Looks, and tells of it.
pub(crate) async fn run(ctx: &Ctx, args: AuditArgs) -> Result<Exit, CliError> {
    let limit = args.limit.map(usize::from);
    let request = AuditRequest { severity: args.severity, code: args.code, limit };
    let found = ask::<AuditRun>(ctx, &request).await?;
    match ctx.mode.json {
        true => ctx.mode.print_json(&found)?,
        false => tell(ctx, &found)?,
    }
    let AuditCounts { errors, warnings, .. } = found.matching;
    let bad = match args.fail_on {
        None => 0,
        Some(Severity::Error) => errors,
        Some(Severity::Warn) => errors + warnings,
    };
    Ok(if bad > 0 { Exit::Failed } else { Exit::Done })
}

fn tell(ctx: &Ctx, found: &AuditResponse) -> Result<(), CliError> {
    let AuditResponse { counts, matching, findings, .. } = found;
    let mut out = format!("{}\n", head(counts));
    if matching.total < counts.total {
        out.push_str(&format!("shown: {}\n", head(matching)));
    }
    for finding in findings {
        out.push_str(&text(finding, Paint(ctx.mode.color)));
    }
    ctx.mode.print(&out)?;
    if (findings.len() as u64) < matching.total {
        let more = matching.total - findings.len() as u64;
        ctx.mode.note(&format!("hint: there are {more} more: raise --limit"));
    }
    Ok(())
}

/// Findings in numbers.
pub(super) fn head(counts: &AuditCounts) -> String {
    match counts.total {
        0 => "no findings".to_owned(),
        1 => format!("1 finding · {} errors · {} warnings", counts.errors, counts.warnings),
        all => format!("{all} findings · {} errors · {} warnings", counts.errors, counts.warnings),
    }
}

fn text(finding: &Finding, paint: Paint) -> String {
    let Finding { scope, severity, code, id, detail, age_ms, hint, .. } = finding;
    let severity = paint.status(&format!("{severity:5}"));
    let age = age_ms.and_then(|age| i64::try_from(age).ok());
    let age = age.map_or_else(String::new, |age| format!(", for {}", duration(age)));
    let id = id.as_deref().map_or_else(String::new, |id| format!(" {}", escape(id)));
    let detail = escape(detail);
    let hint = escape(hint);
    format!("{severity}  {code}  {scope}{id}{age}\n       {detail}\n       hint: {hint}\n")
}
