//! Runs all checks and tells of them.

use super::finding::{Finding, Level};
use super::{holder, home, listener, machine, reports, service};
use crate::cli::{CliError, Exit, Start, escape, escape_lines};
use crate::config::Settings;
use crate::show::Paint;
use serde_json::json;

/// Looks at everything.
pub(crate) async fn run(start: Start) -> Result<Exit, CliError> {
    let mut findings = Vec::new();
    match Settings::load(&start.flags, &start.env) {
        Ok(settings) => {
            findings.push(Finding::ok("config", "no problems"));
            findings.extend(home::examine(&settings.home));
            findings.extend(holder::examine(&settings).await);
            findings.extend(reports::examine(&settings.home));
            findings.extend(listener::examine(&settings.gateway));
            findings.extend(machine::examine());
            findings.extend(service::examine(&start.env));
        }
        Err(errors) => {
            let hint = "the home is not looked at until the configuration is good";
            findings.push(Finding::fail("config", errors.to_string(), hint));
            findings.extend(machine::examine());
        }
    }
    let ok = findings.iter().all(|finding| finding.level != Level::Fail);
    match start.mode.json {
        true => start.mode.print_json(&json!({ "ok": ok, "findings": findings }))?,
        false => start.mode.print(&text(&findings, Paint(start.mode.color)))?,
    }
    Ok(if ok { Exit::Done } else { Exit::Failed })
}

fn text(findings: &[Finding], paint: Paint) -> String {
    let mut out = String::new();
    for Finding { name, level, message, hint } in findings {
        let level = paint.status(&format!("{:4}", level.word()));
        let message = escape_lines(message).replace('\n', "\n      ");
        out.push_str(&format!("{level}  {name}: {message}\n"));
        if let Some(hint) = hint {
            out.push_str(&format!("      hint: {}\n", escape(hint)));
        }
    }
    out
}
