//! `acp`: a turn of a coding agent.

use super::agent_call::AgentCall;
use super::call::{mapping, pairs, schema, some_text};
use super::decode::{Decoder, Fields, boolean, choice, expected, integer, text};
use super::error::Fault;
use super::keys;
use super::limits::CORRECTIONS_MAX;
use super::model::Action;
use super::node::{Kind, Node};
use crate::acp::{FileAccess, McpServer, OnStop, Policy};
use std::collections::BTreeMap;

/// How often an agent is asked to correct its answer where the file does not say.
const CORRECTIONS: u64 = 1;
/// Files, servers and words of one of them.
const ITEMS_MAX: usize = 256;

/// Decodes the action.
pub(crate) fn acp(
    decoder: &mut Decoder<'_, '_>,
    node: &Node,
    place: &str,
) -> Result<Action, Fault> {
    let fields = mapping(decoder, node, place, &keys::ACP)?;
    let missing = |key: &str| Fault::new(node.span, format!("{place} has no `{key}`"));
    let Some(agent) = some_text(decoder, &fields, "agent", place)? else {
        return Err(missing("agent").hint("`clawflow agents` lists those that there are"));
    };
    let prompt = fields.get("prompt").ok_or_else(|| missing("prompt"))?;
    let prompt = decoder.inside(prompt);
    let shape = schema(decoder, &fields, place)?;
    let times = |node: &Node, place: &str| integer(node, place, 0, CORRECTIONS_MAX);
    let corrections = decoder.optional(&fields, "corrections", times);
    if let (None, Some(entry)) = (&shape, fields.entry("corrections")) {
        let message = format!("`corrections` of {place} has no meaning without `schema`");
        decoder.report.error(Fault::new(entry.key_span, message));
    }
    let access =
        [("off", FileAccess::Off), ("read", FileAccess::Read), ("write", FileAccess::Write)];
    let stops = [("fail", OnStop::Fail), ("block", OnStop::Block)];
    let choose = |node: &Node, place: &str| choice(node, place, &access);
    let file_access = decoder.optional(&fields, "file_access", choose).unwrap_or(FileAccess::Off);
    let terminals = decoder.optional(&fields, "terminals", boolean).unwrap_or(false);
    let choose = |node: &Node, place: &str| choice(node, place, &stops);
    let on_stop = decoder.optional(&fields, "on_stop", choose).unwrap_or(OnStop::Fail);
    let files = match fields.get("files") {
        None => Vec::new(),
        Some(node) => {
            let place = format!("`files` of {place}");
            let files = items(node, &place)?.iter();
            files.map(|file| decoder.template(file, &place)).collect::<Result<_, _>>()?
        }
    };
    Ok(Action::Acp(Box::new(AgentCall {
        agent,
        prompt,
        stdin: fields.get("stdin").map(|stdin| decoder.inside(stdin)),
        files,
        corrections: if shape.is_some() { corrections.unwrap_or(CORRECTIONS) } else { 0 },
        schema: shape,
        mode: some_text(decoder, &fields, "mode", place)?,
        model: some_text(decoder, &fields, "model", place)?,
        session: some_text(decoder, &fields, "session", place)?,
        permissions: permissions(&fields, place)?,
        mcp: servers(decoder, &fields, place)?,
        file_access,
        terminals,
        on_stop,
    })))
}

fn items<'n>(node: &'n Node, place: &str) -> Result<&'n [Node], Fault> {
    match &node.kind {
        Kind::List(items) if items.len() <= ITEMS_MAX => Ok(items),
        Kind::List(_) => {
            Err(Fault::new(node.span, format!("{place} has more than {ITEMS_MAX} items")))
        }
        _ => Err(expected("a list", node, place)),
    }
}

/// One rule, or a list of them.
fn permissions(fields: &Fields<'_>, place: &str) -> Result<Option<Policy>, Fault> {
    let Some(node) = fields.get("permissions") else { return Ok(None) };
    let place = format!("`permissions` of {place}");
    let rules = match &node.kind {
        Kind::List(_) => {
            let rules = items(node, &place)?.iter();
            rules.map(|rule| text(rule, &place)).collect::<Result<Vec<_>, _>>()?
        }
        _ => vec![text(node, &place)?],
    };
    let policy = Policy::parse(&rules);
    policy.map(Some).map_err(|why| Fault::new(node.span, format!("{place}: {why}")))
}

fn servers(
    decoder: &mut Decoder<'_, '_>,
    fields: &Fields<'_>,
    place: &str,
) -> Result<Vec<McpServer>, Fault> {
    let Some(node) = fields.get("mcp") else { return Ok(Vec::new()) };
    let place = format!("`mcp` of {place}");
    items(node, &place)?.iter().map(|server| one(decoder, server, &place)).collect()
}

/// The word `clawflow`, or a server with its command.
fn one(decoder: &mut Decoder<'_, '_>, node: &Node, place: &str) -> Result<McpServer, Fault> {
    if !matches!(node.kind, Kind::Map(_)) {
        let name = text(node, place)?;
        if name != McpServer::OWN {
            let fault = Fault::new(node.span, format!("{place} has no command for `{name}`"));
            return Err(fault.hint("write `clawflow`, or `{ name: NAME, command: [PROGRAM] }`"));
        }
        return Ok(McpServer { name, ..McpServer::default() });
    }
    let fields = mapping(decoder, node, place, &keys::MCP_SERVER)?;
    let missing =
        |key: &str| Fault::new(node.span, format!("{place} has a server without `{key}`"));
    let name = text(fields.get("name").ok_or_else(|| missing("name"))?, place)?;
    let command = fields.get("command").ok_or_else(|| missing("command"))?;
    let words = items(command, place)?.iter().map(|word| text(word, place));
    let command: Vec<String> = words.collect::<Result<_, _>>()?;
    if name.trim().is_empty() || command.first().is_none_or(String::is_empty) {
        return Err(missing(if name.trim().is_empty() { "name" } else { "command" }));
    }
    let env = match fields.get("env") {
        None => BTreeMap::new(),
        Some(env) => {
            let variables = pairs(env, place)?.iter();
            variables
                .map(|entry| Ok((entry.key.clone(), text(&entry.value, place)?)))
                .collect::<Result<_, Fault>>()?
        }
    };
    Ok(McpServer { name, command, env })
}
