//! One tool: a row of the table of endpoints as a model sees it.

use super::asker::Asker;
use super::door::Boxed;
use super::schema;
use crate::endpoint::{Access, Endpoint};
use crate::endpoints::by_name;
use clawflow_core::flow::Flow;
use clawflow_core::json::Object;
use clawflow_engine::api::ApiError;
use serde_json::{Value, json};

/// What a tool does to the world, as hints for those who decide whether it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing.
    Looks,
    /// It makes something new. Doing it twice makes two, unless it is named.
    Adds,
    /// It moves a flow. Doing it twice does no more than once.
    Moves,
    /// It ends something for good.
    Ends,
}

/// An argument that the row does not have.
pub(super) struct More {
    pub(super) name: &'static str,
    /// A type of JSON, a list `type[]`, or `enum:a|b`.
    pub(super) kind: &'static str,
    pub(super) about: &'static str,
}

/// What a tool has done.
pub(crate) struct Done {
    /// What the model reads.
    pub(crate) value: Value,
    /// The flow that was made or is awaited: what a task is made of.
    pub(crate) flow: Option<Flow>,
}

impl From<Value> for Done {
    fn from(value: Value) -> Self {
        Self { value, flow: None }
    }
}

/// How a tool is carried out.
pub(super) type Run = for<'a> fn(&'a Asker, Object) -> Boxed<'a, Result<Done, ApiError>>;

/// One tool.
pub(super) struct Tool {
    /// Its name.
    pub(super) name: &'static str,
    /// The call behind it.
    pub(super) row: &'static str,
    /// What a model must know beside the row's own summary.
    pub(super) about: &'static str,
    /// The fields of the row that it takes.
    pub(super) fields: &'static [&'static str],
    /// Of those that are objects: the parts that it takes.
    pub(super) parts: &'static [(&'static str, &'static [&'static str])],
    /// Arguments beside them.
    pub(super) more: &'static [More],
    /// What is said of arguments instead of what the row says.
    pub(super) notes: &'static [(&'static str, &'static str)],
    /// Arguments that must be there although the row does not say so.
    pub(super) required: &'static [&'static str],
    /// Those that the row needs and the tool fills in.
    pub(super) optional: &'static [&'static str],
    pub(super) effect: Effect,
    /// Whether it starts programs, which may do anything.
    pub(super) open: bool,
    /// Whether it may be called as a task.
    pub(super) tasks: bool,
    pub(super) run: Run,
}

impl Tool {
    /// The row that it is made from.
    pub(super) fn row(&self) -> &'static Endpoint {
        // invariant: a test looks up the row of each tool.
        by_name(self.row).unwrap_or(&crate::endpoints::ENDPOINTS[0])
    }

    /// Who may call it.
    pub(super) fn access(&self) -> Access {
        self.row().access
    }

    /// Whether it may be broken off because its caller went away.
    pub(super) fn only_looks(&self) -> bool {
        self.effect == Effect::Looks
    }

    /// How it is listed. Clients of 2026-07-28 know no other sign of tasks than the extension.
    pub(super) fn listed(&self, modern: bool) -> Value {
        let row = self.row();
        let looks = self.effect == Effect::Looks;
        let mut listed = json!({
            "name": self.name,
            "description": format!("{} {}", row.summary, self.about).trim_end(),
            "inputSchema": schema::of(self, row),
            "annotations": {
                "readOnlyHint": looks,
                "destructiveHint": self.effect == Effect::Ends,
                "idempotentHint": self.effect != Effect::Adds,
                "openWorldHint": self.open,
            },
        });
        if self.tasks && !modern {
            listed["execution"] = json!({ "taskSupport": "optional" });
        }
        listed
    }

    /// Refuses arguments that the tool does not have: a misspelt one must not go unnoticed.
    ///
    /// # Errors
    /// `bad_request`, with the names of those that it has.
    pub(super) fn check(&self, args: &Object) -> Result<(), ApiError> {
        let known = self.more.iter().map(|more| more.name).chain(self.fields.iter().copied());
        known_only(self.name, args, &known.collect::<Vec<_>>())?;
        for (field, parts) in self.parts {
            if let Some(Value::Object(given)) = args.get(*field) {
                known_only(&format!("`{field}` of {}", self.name), given, parts)?;
            }
        }
        Ok(())
    }
}

fn known_only(what: &str, given: &Object, known: &[&str]) -> Result<(), ApiError> {
    let Some(wrong) = given.keys().find(|name| !known.contains(&name.as_str())) else {
        return Ok(());
    };
    let wrong = clawflow_core::limits::cut(wrong, 80);
    let why = format!("{what} has no argument `{wrong}`");
    Err(ApiError::new("bad_request", why).hint(format!("it has {}", known.join(", "))))
}
