//! What a schedule starts, as flags. Everything about the place and the file is taken as it is now.

use crate::cli::{CliError, Ctx, Exit};
use crate::commands::input::Input;
use crate::commands::run::chosen_env;
use crate::commands::tasks::chosen_dir;
use crate::commands::workflow_file;
use clap::Args;
use clawflow_core::definition::{Definition, Dialect};
use clawflow_core::json::Object;
use clawflow_core::schedule::{Payload, PayloadKind};
use clawflow_engine::api::ScheduleStart;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What.
#[derive(Debug, Default, Args)]
pub(super) struct StartArgs {
    /// start a flow from this workflow file, as it is now
    #[arg(long, value_name = "FILE", group = "what", help_heading = "what")]
    file: Option<PathBuf>,
    /// send this message to the owner; @FILE reads it from a file
    #[arg(long, value_name = "TEXT", group = "what", help_heading = "what")]
    message: Option<String>,
    /// an agent's turn: no agent runtime can be used yet
    #[arg(long, value_name = "PROMPT", group = "what", hide = true)]
    agent_turn: Option<String>,
    /// an argument of the flow
    #[arg(long = "arg", value_name = "NAME=VALUE", value_parser = pair, help_heading = "what")]
    args: Vec<(String, String)>,
    /// the name of each flow [default: the file's]
    #[arg(long, value_name = "KEY", help_heading = "what")]
    key: Option<String>,
    /// give every approval of the flow without asking
    #[arg(long, help_heading = "what")]
    yes: bool,
    /// the working directory [default: the current one]
    #[arg(long, value_name = "DIR", help_heading = "what")]
    cwd: Option<PathBuf>,
    /// pass a variable of the environment on, or set one
    #[arg(long = "env", value_name = "NAME[=VALUE]", help_heading = "what")]
    env: Vec<String>,
    /// the program to run, and its arguments
    #[arg(value_name = "CMD", group = "what", last = true, num_args = 1..)]
    argv: Vec<String>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

impl StartArgs {
    /// What the flags say is to be started.
    pub(super) fn start(&self, ctx: &Ctx) -> Result<Option<ScheduleStart>, CliError> {
        if self.agent_turn.is_some() {
            let error =
                CliError::usage("an agent's turn needs an agent runtime, and there is none");
            return Err(error.hint("schedule a command that starts the agent: -- CMD"));
        }
        if let Some(path) = &self.file {
            return self.flow(ctx, path).map(Some);
        }
        if let Some(text) = &self.message {
            let content = Input::default().text("--message", text)?;
            return Ok(Some(ScheduleStart { content, ..blank(PayloadKind::Message) }));
        }
        if self.argv.is_empty() {
            return Ok(None);
        }
        Ok(Some(ScheduleStart {
            argv: self.argv.clone(),
            cwd: chosen_dir(ctx, self.cwd.clone())?,
            env: chosen_env(ctx, &self.env)?,
            ..blank(PayloadKind::Command)
        }))
    }

    fn flow(&self, ctx: &Ctx, path: &Path) -> Result<ScheduleStart, CliError> {
        let bytes = workflow_file::read(path)?;
        let file = path.display().to_string();
        let dialect = Dialect::of_path(path);
        let definition = Definition::parse(&file, &bytes, dialect).map_err(|errors| {
            let all: Vec<String> = errors.iter().map(ToString::to_string).collect();
            CliError::new(Exit::Usage, "bad_file", all.join("\n"))
        })?;
        let mut env = chosen_env(ctx, &self.env)?;
        let cwd = chosen_dir(ctx, self.cwd.clone())?;
        let absolute = std::path::absolute(path).ok();
        let dir = absolute.as_deref().and_then(Path::parent).and_then(Path::to_str);
        if let Some(dir) = dir {
            env.insert("CLAWFLOW_FLOW_DIR".to_owned(), dir.to_owned());
        }
        let args = self.args()?;
        let strict = definition.dialect == Dialect::Strict;
        if let Some(name) = args.keys().find(|name| strict && !definition.args.contains_key(*name))
        {
            return Err(CliError::usage(format!("the flow has no argument {name}")));
        }
        Ok(ScheduleStart {
            source: Some(definition.source.clone()),
            file,
            args,
            cwd,
            env,
            key: self.key.clone(),
            auto_approve: self.yes,
            ..blank(PayloadKind::Flow)
        })
    }

    /// What the flags make of what it starts now; `None`, if they say nothing.
    pub(super) fn edited(
        &self,
        ctx: &Ctx,
        was: &Payload,
    ) -> Result<Option<ScheduleStart>, CliError> {
        if let Some(mut start) = self.start(ctx)? {
            // A renewed file keeps what nothing new is said about.
            if let (PayloadKind::Flow, Payload::Flow { args, key, auto_approve, .. }) =
                (start.kind, was)
            {
                let mut all = args.clone();
                all.extend(std::mem::take(&mut start.args));
                start.args = all;
                start.key = start.key.or_else(|| key.clone());
                start.auto_approve |= auto_approve;
            }
            return Ok(Some(start));
        }
        let said = !self.args.is_empty()
            || self.key.is_some()
            || self.yes
            || self.cwd.is_some()
            || !self.env.is_empty();
        if !said {
            return Ok(None);
        }
        let mut start = started(was);
        let what = match start.kind {
            PayloadKind::Message => "a message",
            PayloadKind::Mirror => "a group",
            PayloadKind::Command | PayloadKind::Flow => "",
        };
        if !what.is_empty() {
            let message = format!("{what} has no directory, environment or arguments");
            return Err(CliError::usage(message));
        }
        if start.kind == PayloadKind::Command && (!self.args.is_empty() || self.key.is_some()) {
            return Err(CliError::usage("--arg, --key and --yes are for flows"));
        }
        start.args.extend(self.args()?);
        start.key = self.key.clone().or(start.key);
        start.auto_approve |= self.yes;
        if self.cwd.is_some() {
            start.cwd = chosen_dir(ctx, self.cwd.clone())?;
        }
        for (name, value) in chosen_env(ctx, &self.env)? {
            let is_named = |item: &String| item.split('=').next() == Some(&name);
            if self.env.iter().any(is_named) {
                start.env.insert(name, value);
            }
        }
        Ok(Some(start))
    }

    fn args(&self) -> Result<Object, CliError> {
        let args = self.args.iter().cloned();
        Ok(args.map(|(name, value)| (name, Value::String(value))).collect())
    }
}

/// What is started, with nothing said of it yet but its kind.
pub(in crate::commands) fn blank(kind: PayloadKind) -> ScheduleStart {
    ScheduleStart {
        kind,
        argv: Vec::new(),
        cwd: String::new(),
        env: BTreeMap::new(),
        source: None,
        file: String::new(),
        args: Object::new(),
        key: None,
        auto_approve: false,
        content: String::new(),
        data: Value::Null,
        goal: None,
        members: Vec::new(),
        deadline: None,
    }
}

/// What is started now, as a request would say it.
fn started(was: &Payload) -> ScheduleStart {
    let blank = blank(was.kind());
    match was.clone() {
        Payload::Command(command) => {
            ScheduleStart { argv: command.argv, cwd: command.cwd, env: command.env, ..blank }
        }
        Payload::Flow { file, args, cwd, env, key, auto_approve, .. } => {
            ScheduleStart { file, args, cwd, env, key, auto_approve, ..blank }
        }
        Payload::Message { content, data } => ScheduleStart { content, data, ..blank },
        Payload::Mirror { goal, members, deadline } => {
            ScheduleStart { goal, members, deadline, ..blank }
        }
    }
}
