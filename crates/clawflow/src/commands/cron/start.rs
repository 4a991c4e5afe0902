//! What a schedule starts, as flags. Everything about the place and the file is taken as it is now.

use super::agent::AgentArgs;
use crate::cli::{CliError, Ctx};
use crate::commands::input::Input;
use crate::commands::run::{chosen_env, definition, files};
use crate::commands::tasks::chosen_dir;
use clap::Args;
use clawflow_core::definition::{Dialect, Files};
use clawflow_core::json::Object;
use clawflow_core::schedule::{AgentTurn, Payload, PayloadKind};
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
    #[command(flatten)]
    agent: AgentArgs,
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
        self.start_with(ctx, &Object::new())
    }

    /// As [`StartArgs::start`]; a flow has these arguments already.
    fn start_with(&self, ctx: &Ctx, was: &Object) -> Result<Option<ScheduleStart>, CliError> {
        if self.agent.said() {
            return self.asked(ctx, None).map(Some);
        }
        if let Some(path) = &self.file {
            return self.flow(ctx, path, was).map(Some);
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

    fn asked(&self, ctx: &Ctx, was: Option<&Payload>) -> Result<ScheduleStart, CliError> {
        let place = (self.cwd.as_ref(), self.env.as_slice());
        self.agent.start(ctx, was, place)
    }

    /// The flow of this file, with the arguments that it has already.
    fn flow(&self, ctx: &Ctx, path: &Path, was: &Object) -> Result<ScheduleStart, CliError> {
        let (file, definition) = definition(ctx, path)?;
        let mut env = chosen_env(ctx, &self.env)?;
        let cwd = chosen_dir(ctx, self.cwd.clone())?;
        let named = self.args()?;
        let strict = definition.dialect == Dialect::Strict;
        let is_known = |name: &String| !strict || definition.args.contains_key(name);
        if let Some(name) = named.keys().find(|name| !is_known(name)) {
            return Err(CliError::usage(format!("the flow has no argument {name}")));
        }
        // What the file has no longer is forgotten.
        let kept = was.iter().filter(|(name, _)| is_known(name));
        let mut args: Object = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
        args.extend(named);
        let (absolute, files) = files(&definition, &file, path, &args)?;
        if let Some(dir) = Path::new(&absolute).parent().and_then(Path::to_str) {
            env.insert("CLAWFLOW_FLOW_DIR".to_owned(), dir.to_owned());
        }
        Ok(ScheduleStart {
            source: Some(definition.source.clone()),
            path: Some(absolute),
            files,
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
        if self.agent.said() {
            return self.asked(ctx, Some(was)).map(Some);
        }
        let none = Object::new();
        let args = if let Payload::Flow { args, .. } = was { args } else { &none };
        if let Some(mut start) = self.start_with(ctx, args)? {
            // A renewed file keeps what nothing new is said about.
            if let (PayloadKind::Flow, Payload::Flow { key, auto_approve, .. }) = (start.kind, was)
            {
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
            PayloadKind::Command | PayloadKind::Flow | PayloadKind::Agent => "",
        };
        if !what.is_empty() {
            let message = format!("{what} has no directory, environment or arguments");
            return Err(CliError::usage(message));
        }
        let for_flow = !self.args.is_empty() || self.key.is_some();
        if start.kind != PayloadKind::Flow && for_flow {
            return Err(CliError::usage("--arg, --key and --yes are for flows"));
        }
        if start.kind == PayloadKind::Agent {
            return self.asked(ctx, Some(was)).map(Some);
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
        path: None,
        files: Files::new(),
        file: String::new(),
        args: Object::new(),
        key: None,
        auto_approve: false,
        agent: String::new(),
        prompt: String::new(),
        anywhere: false,
        model: None,
        mode: None,
        permissions: None,
        content: String::new(),
        data: Value::Null,
        goal: None,
        members: Vec::new(),
        deadline: None,
    }
}

/// What is started now, as a request would say it.
pub(super) fn started(was: &Payload) -> ScheduleStart {
    let blank = blank(was.kind());
    match was.clone() {
        Payload::Command(command) => {
            ScheduleStart { argv: command.argv, cwd: command.cwd, env: command.env, ..blank }
        }
        Payload::Flow { file, path, args, cwd, env, key, auto_approve, .. } => {
            let path = Some(path);
            ScheduleStart { file, path, args, cwd, env, key, auto_approve, ..blank }
        }
        Payload::Agent(turn) => {
            let AgentTurn { agent, prompt, cwd, anywhere, env, model, mode, permissions } = turn;
            let start = ScheduleStart { agent, prompt, cwd, anywhere, env, ..blank };
            ScheduleStart { model, mode, permissions, ..start }
        }
        Payload::Message { content, data } => ScheduleStart { content, data, ..blank },
        Payload::Mirror { goal, members, deadline } => {
            ScheduleStart { goal, members, deadline, ..blank }
        }
    }
}
