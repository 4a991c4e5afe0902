//! The tools that an agent uses, as far as it tells of them.

use super::limits::{PATHS_MAX, PREVIEW_BYTES_MAX, TOOLS_MAX, WORD_BYTES_MAX};
use super::policy::Tool;
use crate::limits::cut_bytes;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};

/// The recent uses of tools, by their ids.
#[derive(Clone, Debug, Default)]
pub(super) struct Tools {
    known: BTreeMap<String, Tool>,
    order: VecDeque<String>,
    /// How many there were.
    pub(super) count: u64,
}

impl Tools {
    /// Takes in what an update or a request says of a use, and gives all that is known of it.
    pub(super) fn learn(&mut self, said: &Value) -> Tool {
        let id =
            cut_bytes(said["toolCallId"].as_str().unwrap_or_default(), WORD_BYTES_MAX).to_owned();
        if !self.known.contains_key(&id) {
            self.count += 1;
            self.order.push_back(id.clone());
            if self.order.len() > TOOLS_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.known.remove(&oldest);
            }
        }
        let tool = self.known.entry(id).or_insert_with(unknown);
        take_in(tool, said);
        tool.clone()
    }
}

/// A tool of which nothing is known.
fn unknown() -> Tool {
    Tool { kind: "other".to_owned(), ..Tool::default() }
}

/// A tool of which this is all that is known.
pub(super) fn alone(said: &Value) -> Tool {
    let mut tool = unknown();
    take_in(&mut tool, said);
    tool
}

fn take_in(tool: &mut Tool, said: &Value) {
    if let Some(kind) = said["kind"].as_str() {
        tool.kind = cut_bytes(kind, WORD_BYTES_MAX).to_owned();
    }
    if let Some(title) = said["title"].as_str() {
        tool.title = cut_bytes(title, WORD_BYTES_MAX).to_owned();
    }
    let input = &said["rawInput"];
    if let Some(command) = command(input) {
        tool.command = Some(command);
    }
    let paths = paths(said);
    if !paths.is_empty() {
        tool.paths = paths;
    }
}

/// The command line in what is given to a tool.
fn command(input: &Value) -> Option<String> {
    let found = ["command", "cmd"].into_iter().map(|key| &input[key]).find(|v| !v.is_null())?;
    let line = match found {
        Value::String(line) => line.clone(),
        Value::Array(words) => {
            let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
            words.join(" ")
        }
        _ => return None,
    };
    let args = input["args"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let line = args.fold(line, |line, word| format!("{line} {word}"));
    // A command that is too long to be kept is one that no rule permits.
    Some(if line.len() > WORD_BYTES_MAX { String::new() } else { line })
}

/// The files that are named anywhere.
fn paths(said: &Value) -> Vec<String> {
    let located = said["locations"].as_array().into_iter().flatten().map(|at| &at["path"]);
    let changed = said["content"].as_array().into_iter().flatten();
    let changed = changed.filter(|part| part["type"] == "diff");
    // Version 2 has several files in a difference, and where they were before.
    let changed = changed.flat_map(|part| {
        let several = part["changes"].as_array().into_iter().flatten();
        several.chain([part]).flat_map(|one| [&one["path"], &one["oldPath"]])
    });
    let keys = ["path", "file_path", "filePath", "file", "abs_path", "notebook_path"];
    let given = keys.into_iter().map(|key| &said["rawInput"][key]);
    let mut paths: Vec<String> = Vec::new();
    for path in located.chain(changed).chain(given).filter_map(Value::as_str) {
        if paths.iter().any(|known| known == path) {
            continue;
        }
        // Of what is not kept nobody knows where it is: as far as rules go, it is anywhere.
        let kept = path.len() <= WORD_BYTES_MAX && paths.len() < PATHS_MAX;
        paths.push(if kept { path.to_owned() } else { "/".to_owned() });
        if paths.len() > PATHS_MAX {
            break;
        }
    }
    paths
}

/// What a person is shown of a request: the command or the files, else what the tool is given.
pub(super) fn preview(tool: &Tool, said: &Value) -> Option<String> {
    let mut shown: Vec<String> = Vec::new();
    shown.extend(tool.command.clone().filter(|command| !command.is_empty()));
    shown.extend(tool.paths.iter().cloned());
    for part in said["content"].as_array().into_iter().flatten() {
        if part["type"] == "diff" {
            let text = |key: &str| part[key].as_str().unwrap_or_default().to_owned();
            let signed = |sign: char, text: &str| {
                text.lines().map(|line| format!("{sign} {line}\n")).collect::<String>()
            };
            let patch = part["patch"]["text"].as_str().unwrap_or_default();
            shown.push(signed('-', &text("oldText")) + &signed('+', &text("newText")) + patch);
        } else if let Some(text) = part["content"]["text"].as_str() {
            shown.push(text.to_owned());
        }
    }
    if shown.is_empty() && !said["rawInput"].is_null() {
        shown.push(said["rawInput"].to_string());
    }
    let text = shown.join("\n");
    (!text.is_empty()).then(|| cut_bytes(&text, PREVIEW_BYTES_MAX).to_owned())
}
