//! Whose session a command acts in.

use super::args::person;
use super::input::Input;
use crate::cli::{CliError, Ctx};
use clap::Args;
use clawflow_core::flow::Origin;
use clawflow_engine::api::{Ancestry, Caller, Session};
use serde_json::Value;

/// The variable that binds where no flag does.
const SESSION_VARIABLE: &str = "CLAWFLOW_SESSION";

/// The owner that the command acts for.
#[derive(Debug, Default, Args)]
pub(crate) struct BindingArgs {
    /// session key of the owner to act for; only its flows are there then [env: CLAWFLOW_SESSION]
    #[arg(long, visible_alias = "owner", value_name = "KEY")]
    session: Option<String>,
}

impl BindingArgs {
    /// The caller of the session that is named; without one, the operator of the home.
    pub(crate) fn caller(&self, ctx: &Ctx) -> Result<Caller, CliError> {
        let session_key = match (&self.session, ctx.env.get(SESSION_VARIABLE)) {
            (Some(key), _) => key.clone(),
            (None, Some(key)) => match key.to_str() {
                Some(key) => key.to_owned(),
                None => return Err(CliError::usage(format!("{SESSION_VARIABLE} is not UTF-8"))),
            },
            (None, None) => return Ok(operator(ctx)),
        };
        let session = Session { session_key, requester_origin: None };
        let Caller { actor, from, .. } = operator(ctx);
        Ok(Caller { actor, from, ..session.caller()? })
    }

    /// The same, but a session must be named: what the command makes belongs to somebody.
    pub(crate) fn owner(&self, ctx: &Ctx) -> Result<Caller, CliError> {
        let caller = self.caller(ctx)?;
        if caller.owner.is_none() {
            let error = CliError::usage("no session is bound: the command needs an owner");
            return Err(error.hint(format!("--session KEY, or set {SESSION_VARIABLE}")));
        }
        Ok(caller)
    }

    /// The same, but without a session that of the flows that are run from this terminal.
    pub(crate) fn owner_or_own(&self, ctx: &Ctx) -> Result<Caller, CliError> {
        let mut caller = self.caller(ctx)?;
        caller.owner.get_or_insert_with(|| ctx.settings.run.owner.clone());
        Ok(caller)
    }
}

/// The user at this terminal, who sees all of the home.
pub(super) fn operator(ctx: &Ctx) -> Caller {
    let from = Ancestry::of(Some(std::process::id()));
    Caller { actor: Some(person(None, &ctx.env)), from, ..Caller::default() }
}

/// Where the request came from, so that the answer can go back there.
#[derive(Debug, Default, Args)]
pub(crate) struct OriginArgs {
    /// where the request came from, as JSON: channel, to, accountId, threadId; or @FILE
    #[arg(long, value_name = "JSON")]
    origin: Option<String>,
}

impl OriginArgs {
    /// The origin, if one is named.
    pub(crate) fn origin(&self, input: &mut Input) -> Result<Option<Origin>, CliError> {
        let Some(given) = &self.origin else { return Ok(None) };
        let Value::Object(members) = input.json("--origin", given)? else {
            return Err(CliError::usage("--origin is not a JSON object"));
        };
        let known = ["channel", "to", "accountId", "threadId"];
        if let Some(name) = members.keys().find(|name| !known.contains(&name.as_str())) {
            let made = CliError::usage(format!("--origin has no member {name}"));
            return Err(made.hint(format!("it has {}", known.join(", "))));
        }
        let origin = serde_json::from_value(Value::Object(members));
        origin.map(Some).map_err(|error| CliError::usage(format!("--origin: {error}")))
    }
}
