//! Tables of an agent: what its tasks may use, and which servers its sessions are given.

use super::agents::{each, fits};
use super::read::Raw;
use super::value::Value;
use clawflow_core::acp::{McpServer, check_agent_name};
use clawflow_core::budget::Budget;
use clawflow_core::duration::{format_ms, parse_ms};
use clawflow_core::suggest::closest;

/// Servers of one agent.
const TOOLS_MAX: usize = 64;
/// Keys of a budget.
const BUDGET: [&str; 4] = ["tokens", "usd", "turns", "time"];

/// A budget, and how it is shown.
pub(super) fn budget(rows: &[(String, Raw)]) -> Result<(Budget, Value), String> {
    let mut budget = Budget::default();
    let mut shown = toml::Table::new();
    for (key, raw) in rows {
        let wrong = |what: &str| format!("`{key}` is no {what}, but {}", raw.describe());
        let value = match (key.as_str(), raw) {
            ("tokens" | "turns", Raw::Integer(number)) => {
                let count = Some(u64::try_from(*number).unwrap_or(0));
                match key.as_str() {
                    "tokens" => budget.tokens = count,
                    _ => budget.turns = count,
                }
                toml::Value::Integer(*number)
            }
            ("tokens" | "turns", _) => return Err(wrong("whole number")),
            ("usd", raw) => {
                let usd = number(raw).ok_or_else(|| wrong("number"))?;
                budget.cost_usd = Some(usd);
                toml::Value::Float(usd)
            }
            ("time", Raw::Text(text)) => {
                let ms = parse_ms(text).map_err(|why| format!("{} {why}", raw.describe()))?;
                budget.wall_ms = Some(ms);
                toml::Value::String(format_ms(ms))
            }
            ("time", _) => return Err(wrong("duration")),
            (other, _) => return Err(unknown(other, &BUDGET)),
        };
        shown.insert(key.clone(), value);
    }
    if budget.is_empty() {
        return Err("it limits nothing".to_owned());
    }
    budget.check().map_err(|refusal| refusal.message)?;
    Ok((budget, Value::Table(shown)))
}

fn number(raw: &Raw) -> Option<f64> {
    match raw {
        // Money is counted in less than 2^32 dollars.
        Raw::Integer(number) => i32::try_from(*number).ok().map(f64::from),
        Raw::Float(text) => text.replace('_', "").parse().ok(),
        _ => None,
    }
}

/// Servers by their names, and how they are shown: clawflow's own, on or off, others by command.
pub(super) fn tools(rows: &[(String, Raw)]) -> Result<(Vec<McpServer>, Value), String> {
    if rows.len() > TOOLS_MAX {
        return Err(format!("it has more than {TOOLS_MAX} servers"));
    }
    let mut tools = Vec::new();
    let mut shown = toml::Table::new();
    for (name, raw) in rows {
        let value = match (name.as_str(), raw) {
            (McpServer::OWN, Raw::Boolean(on)) => {
                let own = McpServer { name: name.clone(), ..McpServer::default() };
                tools.extend(on.then_some(own));
                toml::Value::Boolean(*on)
            }
            (McpServer::OWN, _) => return Err(format!("`{name}` is `true` or `false`")),
            (_, Raw::List(words)) if words.first().is_some_and(|word| fits(word)) => {
                check_agent_name(name)
                    .map_err(|why| format!("the name `{}` {why}", name.escape_debug()))?;
                each(words).map_err(Option::unwrap_or_default)?;
                let command = words.clone();
                tools.push(McpServer { name: name.clone(), command, ..McpServer::default() });
                words.iter().cloned().map(toml::Value::String).collect::<Vec<_>>().into()
            }
            (_, Raw::Text(_)) => return Err(format!("put the command of `{name}` into a list")),
            (_, Raw::Boolean(_)) if closest(name, [McpServer::OWN]).is_some() => {
                return Err(unknown(name, &[McpServer::OWN]));
            }
            _ => return Err(format!("`{}` has no command", name.escape_debug())),
        };
        shown.insert(name.clone(), value);
    }
    Ok((tools, Value::Table(shown)))
}

fn unknown(word: &str, known: &[&'static str]) -> String {
    let near = closest(word, known.iter().copied());
    let near = near.map_or_else(String::new, |near| format!(" (did you mean `{near}`?)"));
    format!("there is no `{}` in it{near}", word.escape_debug())
}
