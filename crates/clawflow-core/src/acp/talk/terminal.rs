//! Commands that an agent has clawflow run: the methods of the protocol whose names begin with
//! `terminal/`, from the request to the answer. What a command is run by is not known here.

use super::super::limits::{
    TERMINAL_OUTPUT_BYTES_MAX, TERMINAL_REQUESTS_MAX, TERMINALS_MAX, WORD_BYTES_MAX,
};
use super::super::policy::{Tool, Verdict};
use super::super::wire::{self, INTERNAL, INVALID_PARAMS};
use super::{Act, Talk, Waits};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// How the ids of terminals begin; a number follows.
const NAME: &str = "term-";

/// Something that the agent wants of a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TerminalRequest {
    /// Key of the answer: the same for the same request.
    pub key: String,
    /// Number of the terminal, unique in the conversation.
    pub terminal: u64,
    /// What it wants.
    pub action: TerminalAction,
}

/// What an agent wants of a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TerminalAction {
    /// Run a command in it.
    Create(TerminalCommand),
    /// Tell what it has printed; at most so many bytes, the newest.
    Output {
        /// The bytes.
        max: usize,
    },
    /// Tell how it ended, once it has.
    Wait,
    /// End it, and tell once it has ended.
    Kill,
    /// End it, forget it, and tell once nothing of it is left.
    Release,
}

/// A command of a terminal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TerminalCommand {
    /// The program, or a line for a shell.
    pub command: String,
    /// Its arguments; `None` for a line for a shell.
    pub args: Option<Vec<String>>,
    /// Variables beside those that the agent itself has.
    pub env: BTreeMap<String, String>,
    /// Where it runs, as the agent names it; where the agent works without it.
    pub cwd: Option<String>,
}

/// How the command of a terminal ended.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TerminalExit {
    /// Its exit code.
    pub code: Option<i32>,
    /// Name of the signal that ended it.
    pub signal: Option<String>,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TerminalDone {
    /// The command executes; or it was ended, or the terminal is gone, as it was asked for.
    Yes,
    /// What it has printed.
    Output {
        /// The newest of it.
        text: String,
        /// There was more before that.
        truncated: bool,
        /// How it ended, if it has.
        exit: Option<TerminalExit>,
    },
    /// It has ended.
    Exited(TerminalExit),
}

/// The terminals of a conversation.
#[derive(Clone, Debug, Default)]
pub(super) struct Terminals {
    /// How many there were.
    pub(super) made: u64,
    /// Those that there are, and how many bytes each keeps for the agent.
    open: BTreeMap<u64, usize>,
    /// Keys of requests that are not answered.
    pending: BTreeSet<String>,
}

impl Talk {
    /// The agent wants something of a terminal; `false` if that is no method of terminals.
    pub(super) fn terminal(
        &mut self,
        (key, id): (&str, &Value),
        method: &str,
        params: &Value,
        acts: &mut Vec<Act>,
    ) -> bool {
        let request = match method {
            "terminal/create" => self.create(params),
            "terminal/output" => {
                self.known(params).map(|(number, max)| (number, TerminalAction::Output { max }))
            }
            "terminal/wait_for_exit" => self.known(params).map(|(n, _)| (n, TerminalAction::Wait)),
            "terminal/kill" => self.known(params).map(|(n, _)| (n, TerminalAction::Kill)),
            "terminal/release" => self.known(params).map(|(n, _)| (n, TerminalAction::Release)),
            _ => return false,
        };
        match request {
            Ok(_) if self.terminals.pending.len() >= TERMINAL_REQUESTS_MAX => {
                let why = format!("more than {TERMINAL_REQUESTS_MAX} requests are not answered");
                acts.push(refusal(key, id, why));
            }
            Ok((terminal, action)) => {
                if let TerminalAction::Create(_) = &action {
                    self.terminals.made += 1;
                    self.terminals.open.insert(terminal, kept(params));
                }
                self.terminals.pending.insert(key.to_owned());
                self.open.insert(key.to_owned(), id.clone());
                let key = key.to_owned();
                acts.push(Act::Terminal(TerminalRequest { key, terminal, action }));
            }
            Err(why) => acts.push(refusal(key, id, why)),
        }
        true
    }

    fn create(&self, params: &Value) -> Result<(u64, TerminalAction), String> {
        let command = command(params)?;
        if !matches!(self.waits, Some((_, Waits::Prompt))) || self.is_over() {
            return Err("nothing runs outside of a turn".to_owned());
        }
        if self.stopping.is_some() {
            return Err("the turn is being broken off".to_owned());
        }
        if self.terminals.open.len() >= TERMINALS_MAX {
            return Err(format!("there are {TERMINALS_MAX} terminals: release one"));
        }
        // That commands are run is a permission; what a rule forbids is not run.
        if self.plan.policy.decide(&tool(&command), &self.plan.cwd) == Verdict::Reject {
            return Err("a rule forbids it".to_owned());
        }
        // Of all that was heard, so that whoever hears it again finds the same.
        Ok((self.asked.len() as u64, TerminalAction::Create(command)))
    }

    /// The terminal that a request names.
    fn known(&self, params: &Value) -> Result<(u64, usize), String> {
        let number = params["terminalId"].as_str().and_then(|id| id.strip_prefix(NAME));
        let number = number.and_then(|number| {
            let plain = number.bytes().all(|digit| digit.is_ascii_digit());
            number.parse::<u64>().ok().filter(|_| plain && !number.starts_with('0'))
        });
        let open = number.and_then(|number| self.terminals.open.get_key_value(&number));
        open.map(|(number, max)| (*number, *max)).ok_or_else(|| "no such terminal".to_owned())
    }

    /// What became of a request, or why it cannot be.
    pub fn terminal_done(
        &mut self,
        request: &TerminalRequest,
        done: Result<TerminalDone, String>,
    ) -> Vec<Act> {
        let made = done.is_ok();
        self.terminal_settled(request, made);
        let Some(id) = self.open.remove(&request.key) else { return Vec::new() };
        let result = done.map(|done| match (done, &request.action) {
            (TerminalDone::Yes, TerminalAction::Create(_)) => {
                json!({ "terminalId": format!("{NAME}{}", request.terminal) })
            }
            (TerminalDone::Yes, _) => json!({}),
            (TerminalDone::Output { text, truncated, exit }, _) => {
                let exit = exit.as_ref().map(status);
                json!({ "output": text, "truncated": truncated, "exitStatus": exit })
            }
            (TerminalDone::Exited(exit), TerminalAction::Wait) => status(&exit),
            (TerminalDone::Exited(_), _) => json!({}),
        });
        let line = wire::answer(&id, result.map_err(|why| (INTERNAL, why)));
        vec![Act::Say { key: request.key.clone(), line }]
    }

    /// A request is known to be answered; `there`: the terminal that it asked for is there.
    pub fn terminal_told(&mut self, request: &TerminalRequest, there: bool) {
        self.open.remove(&request.key);
        self.terminal_settled(request, there);
    }

    fn terminal_settled(&mut self, request: &TerminalRequest, there: bool) {
        self.terminals.pending.remove(&request.key);
        let over = match request.action {
            TerminalAction::Create(_) => !there,
            TerminalAction::Release => true,
            _ => false,
        };
        if over {
            self.terminals.open.remove(&request.terminal);
        }
    }
}

fn refusal(key: &str, id: &Value, why: String) -> Act {
    let line = wire::answer(id, Err((INVALID_PARAMS, why)));
    Act::Say { key: key.to_owned(), line }
}

fn status(exit: &TerminalExit) -> Value {
    json!({ "exitCode": exit.code, "signal": exit.signal })
}

/// The use of a tool that the command is, for the rules.
fn tool(command: &TerminalCommand) -> Tool {
    let args = command.args.iter().flatten();
    let line = args.fold(command.command.clone(), |line, word| format!("{line} {word}"));
    // A line that is too long to be looked at is one that no rule may let pass.
    let line = if line.len() > WORD_BYTES_MAX { String::new() } else { line };
    let title = command.command.chars().take(WORD_BYTES_MAX / 4).collect();
    Tool { kind: "execute".to_owned(), title, command: Some(line), paths: Vec::new() }
}

/// Bytes of output that the agent wants to have kept.
fn kept(params: &Value) -> usize {
    let asked = params["outputByteLimit"].as_u64().and_then(|max| usize::try_from(max).ok());
    asked.unwrap_or(TERMINAL_OUTPUT_BYTES_MAX).min(TERMINAL_OUTPUT_BYTES_MAX)
}

/// Reads the command. One with arguments is a program; one without is a line for a shell, which is
/// how agents send what their model wrote.
fn command(params: &Value) -> Result<TerminalCommand, String> {
    let command = text(&params["command"], "command")?.unwrap_or_default();
    if command.trim().is_empty() {
        return Err("`command` is missing".to_owned());
    }
    let mut args = Vec::new();
    for arg in list(&params["args"], "args")? {
        args.extend(text(arg, "args")?);
    }
    let mut env = BTreeMap::new();
    for pair in list(&params["env"], "env")? {
        let name = text(&pair["name"], "env")?.unwrap_or_default();
        if name.is_empty() || name.contains('=') {
            return Err("`env` has a variable without a name".to_owned());
        }
        env.insert(name, text(&pair["value"], "env")?.unwrap_or_default());
    }
    let limit = &params["outputByteLimit"];
    if !limit.is_null() && limit.as_u64().is_none() {
        return Err("`outputByteLimit` is no number of bytes".to_owned());
    }
    let cwd = text(&params["cwd"], "cwd")?;
    Ok(TerminalCommand { command, args: Some(args).filter(|args| !args.is_empty()), env, cwd })
}

fn list<'a>(value: &'a Value, name: &str) -> Result<&'a [Value], String> {
    match value {
        Value::Null => Ok(&[]),
        Value::Array(items) => Ok(items),
        _ => Err(format!("`{name}` is no list")),
    }
}

fn text(value: &Value, name: &str) -> Result<Option<String>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) if text.contains('\0') => Err(format!("`{name}` contains a NUL byte")),
        Value::String(text) => Ok(Some(text.clone())),
        _ => Err(format!("`{name}` is no text")),
    }
}
