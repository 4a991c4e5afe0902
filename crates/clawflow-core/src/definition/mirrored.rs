//! Mirrored files: what belongs together of what others start.
//!
//! Such a file has `mode: mirrored` and `members`; it starts nothing, so that a step or a command
//! in it is a mistake, which is said as such.

use super::decode::{Decoder, Fields, choice, expected, label, not_long, text};
use super::error::{DefinitionError, Fault, Report};
use super::model::Dialect;
use super::node::{Kind, Node};
use super::read::{NOTIFY, tree};
use super::source::Source;
use super::template::Names;
use crate::schedule::limits::MEMBERS_MAX;
use crate::schedule::{Deadline, Member, MemberBy};

/// Keys of a mirrored file.
pub(crate) const FILE: [&str; 9] =
    ["name", "description", "goal", "mode", "owner", "notify", "window", "deadline", "members"];
/// Keys of a member.
pub(crate) const MEMBER: [&str; 5] = ["id", "label", "flow", "schedule", "deadline"];
/// Keys of a window.
pub(crate) const WINDOW: [&str; 2] = ["cron", "zone"];
/// Keys of a flow that starts things.
const STARTS: [&str; 12] = [
    "steps", "finally", "args", "env", "cwd", "run", "command", "argv", "pipeline", "workflow",
    "acp", "subagent",
];
const STARTS_NOTHING: &str = "a mirrored file starts nothing: its members are started by others";
const EACH_DAY: &str = "0 0 * * *";

/// A mirrored file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirrored {
    /// What the group is called.
    pub name: String,
    /// What it is for.
    pub goal: Option<String>,
    /// Session key of the owner.
    pub owner: Option<String>,
    /// What the owner is told.
    pub notify: Option<String>,
    /// When windows begin: a cron expression.
    pub cron: String,
    /// The zone of the expression and of deadlines; the machine's, if absent.
    pub zone: Option<String>,
    /// The deadline of members that name none.
    pub deadline: Option<String>,
    /// What is watched.
    pub members: Vec<Member>,
}

impl Mirrored {
    /// Reads a mirrored file; `None` for one that has no `mode`.
    ///
    /// # Errors
    /// What is wrong with the file, at most twenty mistakes in the order of the file.
    pub fn parse(file: &str, bytes: &[u8]) -> Result<Option<Self>, Vec<DefinitionError>> {
        // What is no text, or no YAML, is told by who reads it as a workflow.
        let Ok(text) = std::str::from_utf8(bytes) else { return Ok(None) };
        let Ok(root) = tree(bytes) else { return Ok(None) };
        let Some(root) = root.filter(|root| entry(root, "mode").is_some()) else {
            return Ok(None);
        };
        let source = Source::new(file, text);
        let mut report = Report::new(&source);
        let names = Names::default();
        let mut decoder = Decoder { report: &mut report, dialect: Dialect::Strict, names };
        let read = decode(&mut decoder, &root);
        match read {
            Some(read) if !report.failed() => Ok(Some(read)),
            _ => Err(report.errors()),
        }
    }
}

/// Refuses what belongs to a mirrored file, in one that is read as a workflow.
pub(super) fn refuse(report: &mut Report<'_>, root: &Node) -> bool {
    if let Some(mode) = entry(root, "mode") {
        let fault = Fault::new(mode.span, STARTS_NOTHING).code("mirrored");
        report.error(fault.hint("to have it watch its members: clawflow flows mirror FILE"));
        return true;
    }
    let Some(members) = entry(root, "members") else { return false };
    let message = "`members` belong to a file with `mode: mirrored`";
    report.error(Fault::new(members.span, message).code("mirrored"));
    true
}

fn entry<'n>(root: &'n Node, key: &str) -> Option<&'n Node> {
    let Kind::Map(entries) = &root.kind else { return None };
    entries.iter().find(|entry| entry.key == key).map(|entry| &entry.value)
}

fn decode(decoder: &mut Decoder<'_, '_>, root: &Node) -> Option<Mirrored> {
    refuse_starts(decoder, root, "the file");
    let known = [&FILE[..], &STARTS[..]].concat();
    let fields = decoder.fields(root, "the file", &known, &[])?;
    decoder.optional(&fields, "mode", |node, place| choice(node, place, &[("mirrored", ())]));
    decoder.optional(&fields, "description", label);
    let notify = |node: &Node, place: &str| choice(node, place, &NOTIFY);
    let name = match fields.get("name") {
        Some(_) => decoder.optional(&fields, "name", short),
        None => {
            let fault = Fault::new(root.span, "a mirrored file has a `name`");
            decoder.report.error(fault.hint("for example `name: morning-operations`"));
            None
        }
    };
    let goal = decoder.optional(&fields, "goal", short);
    let owner = decoder.optional(&fields, "owner", short);
    let notify = decoder.optional(&fields, "notify", notify).map(str::to_owned);
    let deadline = decoder.optional(&fields, "deadline", deadline);
    let (cron, zone) = window(decoder, &fields)?;
    let members = members(decoder, &fields, root)?;
    Some(Mirrored { name: name?, goal, owner, notify, cron, zone, deadline, members })
}

/// Says of each key that would start something that nothing is started here.
fn refuse_starts(decoder: &mut Decoder<'_, '_>, node: &Node, place: &str) {
    let Kind::Map(entries) = &node.kind else { return };
    for entry in entries.iter().filter(|entry| STARTS.contains(&entry.key.as_str())) {
        let message = format!("`{}` in {place}: {STARTS_NOTHING}", entry.key);
        let fault = Fault::new(entry.key_span, message).code("mirrored");
        decoder.report.error(fault.hint(match entry.key.as_str() {
            "steps" | "finally" => "write `members`, or leave `mode` out to have steps run",
            _ => "leave it out, and say with `label`, `flow` or `schedule` what is watched",
        }));
    }
}

fn short(node: &Node, place: &str) -> Result<String, Fault> {
    not_long(label(node, place)?, node, place)
}

fn deadline(node: &Node, place: &str) -> Result<String, Fault> {
    let text = text(node, place)?;
    match Deadline::parse(&text) {
        Ok(_) => Ok(text),
        Err(refusal) => Err(Fault::new(node.span, refusal.message)),
    }
}

/// When windows begin: each day, if nothing is said.
fn window(decoder: &mut Decoder<'_, '_>, fields: &Fields<'_>) -> Option<(String, Option<String>)> {
    let Some(node) = fields.get("window") else { return Some((EACH_DAY.to_owned(), None)) };
    if let Kind::Text(cron) = &node.kind {
        return Some((cron.clone(), None));
    }
    let inner = decoder.fields(node, "`window`", &WINDOW, &[])?;
    let cron = decoder.optional(&inner, "cron", text);
    let zone = decoder.optional(&inner, "zone", short);
    Some((cron.unwrap_or_else(|| EACH_DAY.to_owned()), zone))
}

fn members(decoder: &mut Decoder<'_, '_>, fields: &Fields<'_>, root: &Node) -> Option<Vec<Member>> {
    let Some(node) = fields.get("members") else {
        let fault = Fault::new(root.span, "a mirrored file has `members`");
        decoder.report.error(fault.hint("for example `members: [{ id: backup, label: backup }]`"));
        return None;
    };
    let Kind::List(items) = &node.kind else {
        decoder.report.error(expected("a list", node, "`members`"));
        return None;
    };
    if items.is_empty() || items.len() > MEMBERS_MAX {
        let message = format!("a group has 1 to {MEMBERS_MAX} members");
        decoder.report.error(Fault::new(node.span, message));
        return None;
    }
    let mut found: Vec<Member> = Vec::with_capacity(items.len());
    for item in items {
        let Some(member) = member(decoder, item) else { continue };
        if found.iter().any(|other| other.id == member.id) {
            let message = format!("two members are called `{}`", member.id);
            decoder.report.error(Fault::new(item.span, message));
        }
        found.push(member);
    }
    Some(found)
}

fn member(decoder: &mut Decoder<'_, '_>, node: &Node) -> Option<Member> {
    refuse_starts(decoder, node, "a member");
    let known = [&MEMBER[..], &STARTS[..]].concat();
    let fields = decoder.fields(node, "a member", &known, &[])?;
    if fields.get("id").is_none() {
        decoder.report.error(Fault::new(node.span, "a member has an `id`"));
    }
    let id = decoder.optional(&fields, "id", super::decode::name);
    let all =
        [("label", MemberBy::Label), ("flow", MemberBy::Flow), ("schedule", MemberBy::Schedule)];
    let mut said = all.into_iter().filter(|(key, _)| fields.get(key).is_some());
    let first = said.next();
    let (Some((key, by)), None) = (first, said.next()) else {
        let message = "a member is known by one of `label`, `flow` and `schedule`";
        decoder.report.error(Fault::new(node.span, message));
        return None;
    };
    let value = decoder.optional(&fields, key, short)?;
    let deadline = decoder.optional(&fields, "deadline", deadline);
    Some(Member { id: id?, by, value, deadline })
}
