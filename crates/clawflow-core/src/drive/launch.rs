//! What the process of a step's attempt is started with.

use super::agent;
use super::call;
use super::pipeline;
use super::scope::FlowScope;
use super::state::FlowState;
use crate::definition::{
    Action, Dialect, EvalError, EvalErrorCode, Phase, StepDef, arg_text, json_text,
};
use crate::ids::TaskId;
use crate::limits::{CALL_MS_DEFAULT, FINALLY_MS_DEFAULT};
use crate::task::{TaskCommand, within};
use serde_json::Value;
use std::collections::BTreeMap;

/// A command, ready to execute.
#[derive(Clone, Debug, PartialEq)]
pub struct Launch {
    /// Program, arguments, directory, environment, timeout. A shell line is given as
    /// `[shell, "-c", line]` with [`Launch::SHELL`] in the shell's place.
    pub command: TaskCommand,
    /// Bytes for standard input.
    pub stdin: Option<Vec<u8>>,
    /// What people are shown in place of the command.
    pub shown: Option<String>,
    /// Stable over the attempts of the step: a receiver can make a doubled effect one.
    pub idempotency_key: String,
    /// Bytes that it may write to each stream; beyond that it is stopped, and has failed.
    pub output_max: Option<u64>,
}

impl Launch {
    /// Stands for the configured shell.
    pub const SHELL: &'static str = "$SHELL";
    /// Stands for clawflow's own program.
    pub const SELF: &'static str = "$SELF";
}

/// The command of a task of this flow, from the recorded results. The same each time it is asked,
/// because results never change. `None` for a task that is not one of the flow's newest attempts.
///
/// # Errors
/// A reference that has no usable value.
pub fn launch(state: &FlowState, task_id: &TaskId) -> Option<Result<Launch, EvalError>> {
    let at = state.steps.iter().position(|s| s.task_id.as_ref() == Some(task_id))?;
    let scope = FlowScope {
        state,
        at,
        attempt: state.steps[at].attempt,
        by_id: None,
        parsed: Default::default(),
    };
    Some(prepare(&scope, at))
}

/// The command of the step at `at` in the attempt of the scope.
pub(super) fn prepare(scope: &FlowScope<'_>, at: usize) -> Result<Launch, EvalError> {
    let state = scope.state;
    let def = state.def(at);
    let outer = state.steps[at].of.map(|of| state.def(of.step as usize));
    let rest = match def.action {
        Action::Pipeline(_) => pipeline::rest(state.steps[at].result.as_ref()),
        _ => None,
    };
    let call = match &def.action {
        Action::Http(call) => Some(call::http(call, scope)?),
        Action::Llm(call) => Some(call::llm(call, scope)?),
        _ => None,
    };
    let acp = match &def.action {
        Action::Acp(call) => Some(Box::new(agent::request(call, scope, at)?)),
        _ => None,
    };
    let spec = &state.spec;
    let mut env = spec.env.clone();
    for (name, value) in &spec.args {
        let text = match state.definition.dialect {
            Dialect::Lobster => arg_text(value, false),
            Dialect::Strict => text(value),
        };
        env.insert(format!("LOBSTER_ARG_{}", arg_name(name)), text);
    }
    env.insert("LOBSTER_ARGS_JSON".to_owned(), json_text(&spec.args));
    for (name, value) in
        state.definition.env.iter().chain(outer.iter().flat_map(|o| &o.env)).chain(&def.env)
    {
        env.insert(name.clone(), value.render(scope)?);
    }
    let argv = words(scope, at, rest.is_some())?;
    let argv = with_own_shell(argv, &env, state.definition.dialect);
    let output_max = output_max(&env, state, def)?;
    let outer_cwd = outer.and_then(|outer| outer.cwd.as_ref());
    let cwd = match def.cwd.as_ref().or(outer_cwd).or(state.definition.cwd.as_ref()) {
        Some(cwd) => join(&spec.cwd, &cwd.render(scope)?),
        None => spec.cwd.clone(),
    };
    let timeout_ms = match def.phase {
        Phase::Forward if call.is_some() => Some(def.timeout_ms.unwrap_or(CALL_MS_DEFAULT)),
        Phase::Forward => def.timeout_ms,
        Phase::Finally => Some(def.timeout_ms.unwrap_or(FINALLY_MS_DEFAULT)),
    };
    Ok(Launch {
        shown: match (&call, &def.action, &rest) {
            _ if acp.is_some() => acp.as_deref().map(agent::shown),
            (Some(call), _, _) => Some(call::shown(call)),
            (None, Action::Pipeline(line), Some(_)) => Some(line.render(scope)?),
            _ => None,
        },
        stdin: match (call, rest) {
            // invariant: its names are texts and its numbers finite, so it can be written.
            (Some(call), _) => serde_json::to_vec(&call).ok(),
            (None, Some(rest)) => Some(rest.to_string().into_bytes()),
            (None, None) => given(def, scope)?,
        },
        idempotency_key: format!("{}/{}", spec.key_root, state.steps[at].step_id),
        output_max,
        command: within(
            TaskCommand { argv, cwd, env, timeout_ms, acp, earlier: None },
            def.budget.as_ref(),
        ),
    })
}

/// Program and arguments. `resumes`: an answer of a pipeline is there, and it goes on.
fn words(scope: &FlowScope<'_>, at: usize, resumes: bool) -> Result<Vec<String>, EvalError> {
    let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
    Ok(match &scope.state.def(at).action {
        Action::Shell(line) => {
            // Lobster runs a login shell, which resets the PATH that the caller chose.
            let flag = match scope.state.definition.dialect {
                Dialect::Lobster => "-lc",
                Dialect::Strict => "-c",
            };
            vec![Launch::SHELL.to_owned(), flag.to_owned(), line.render(scope)?]
        }
        Action::Pipeline(_) if resumes => own(&[Launch::SELF, "__pipeline", "resume"]),
        Action::Pipeline(line) => {
            let mut words = own(&[Launch::SELF, "__pipeline", "run"]);
            if !pipeline::may_ask(scope.state, at) {
                words.push("--unattended".to_owned());
            }
            words.push(line.render(scope)?);
            words
        }
        Action::Http(_) | Action::Llm(_) => own(&[Launch::SELF, "__call"]),
        Action::Argv(items) => items
            .iter()
            .map(|item| Ok(text(&item.resolve(scope)?)))
            .collect::<Result<_, EvalError>>()?,
        _ => Vec::new(),
    })
}

/// What the `stdin` of the file says.
fn given(def: &StepDef, scope: &FlowScope<'_>) -> Result<Option<Vec<u8>>, EvalError> {
    let stdin = def.stdin.as_ref().map(|v| v.resolve(scope)).transpose()?;
    let given = match &def.action {
        // Items of a pipeline are JSON, a text too.
        Action::Pipeline(_) => |value: &Value| value.to_string(),
        _ => text,
    };
    Ok(stdin.filter(|v| !v.is_null()).map(|v| given(&v).into_bytes()))
}

/// In Lobster the environment names the shell, and how it is given a line.
fn with_own_shell(
    mut argv: Vec<String>,
    env: &BTreeMap<String, String>,
    dialect: Dialect,
) -> Vec<String> {
    let named = env.get("LOBSTER_SHELL").map(|shell| shell.trim());
    let named = named.filter(|shell| !shell.is_empty() && dialect == Dialect::Lobster);
    let (Some(shell), Some(Launch::SHELL)) = (named, argv.first().map(String::as_str)) else {
        return argv;
    };
    let lower = shell.to_lowercase();
    let is = |names: &[&str]| names.iter().any(|name| lower.ends_with(name));
    let flags: &[&str] = if is(&["powershell", "powershell.exe", "pwsh", "pwsh.exe"]) {
        &["-NoProfile", "-Command"]
    } else if is(&["cmd", "cmd.exe"]) {
        &["/d", "/s", "/c"]
    } else {
        &["-lc"]
    };
    let line = argv.pop().unwrap_or_default();
    let words = [shell].into_iter().chain(flags.iter().copied()).chain([line.as_str()]);
    words.map(str::to_owned).collect()
}

/// What Lobster's variable allows a shell step to write; its pipelines look at it themselves.
fn output_max(
    env: &BTreeMap<String, String>,
    state: &FlowState,
    def: &StepDef,
) -> Result<Option<u64>, EvalError> {
    const NAME: &str = "LOBSTER_MAX_OUTPUT_BYTES";
    // The largest whole number that JavaScript counts with.
    const MOST: u64 = (1 << 53) - 1;
    let is_lobster = state.definition.dialect == Dialect::Lobster;
    let shell = is_lobster && matches!(def.action, Action::Shell(_));
    let text = env.get(NAME).map(|text| text.trim()).filter(|text| shell && !text.is_empty());
    let Some(text) = text else { return Ok(None) };
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let bytes = text.parse().ok().filter(|bytes| digits && (1..=MOST).contains(bytes));
    bytes.map(Some).ok_or_else(|| {
        let message = format!("{NAME} must be a positive safe integer (bytes)");
        EvalError::new(EvalErrorCode::BadVariable, message)
    })
}

/// A value as a program is given it: a string as it is, anything else as JSON.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// An argument's name in the environment, as in Lobster: upper case, runs of other characters as
/// one `_`, none at the ends.
fn arg_name(name: &str) -> String {
    let upper = name.to_ascii_uppercase();
    let words = upper.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_")
}

/// `path` below `base`, unless it is absolute.
fn join(base: &str, path: &str) -> String {
    if path.starts_with('/') {
        path.to_owned()
    } else {
        format!("{}/{path}", base.trim_end_matches('/'))
    }
}
