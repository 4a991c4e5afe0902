//! Questions to servers as a process is given them, and what it says of the answer.
//!
//! An attempt of an `http` or `llm` step is a process of clawflow itself. It reads one [`Call`] as
//! JSON, and prints one [`Called`] as a line of JSON. No secret is in either: the process reads
//! those itself.

use crate::definition::{Dialect, Schema};
use crate::step::StepError;
use crate::task::Usage;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Call {
    /// A server, by HTTP.
    Http(HttpRequest),
    /// A model.
    Llm(LlmRequest),
}

/// A request, with its references filled in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HttpRequest {
    /// `GET` and so on.
    pub method: String,
    /// Where to, with the query.
    pub url: String,
    /// By their names in small letters.
    pub headers: Vec<(String, Header)>,
    /// What is sent.
    pub body: Option<Body>,
    /// Good statuses: from, to.
    pub statuses: Vec<(u16, u16)>,
    /// What the body of the answer must be like.
    pub shape: Option<Shape>,
}

/// The value of a header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Header {
    /// A text.
    Text(String),
    /// A variable of the environment, after a prefix.
    Env(String, String),
    /// What is in a file, after a prefix.
    File(String, String),
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// A text as it is.
    Text(String),
    /// A value as JSON.
    Json(Value),
}

/// A JSON Schema and the rules that it is read by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shape {
    /// The schema.
    pub schema: Value,
    /// Whether it is that of a Lobster file.
    pub lobster: bool,
}

impl Shape {
    /// The schema, to be checked by.
    ///
    /// # Errors
    /// Why it is none.
    pub fn compile(&self) -> Result<Schema, String> {
        let dialect = if self.lobster { Dialect::Lobster } else { Dialect::Strict };
        Schema::new(self.schema.clone(), dialect)
    }
}

/// A question to a model, with its references filled in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LlmRequest {
    /// An address, or a name of `llm.toml`.
    pub endpoint: String,
    /// Which model.
    pub model: Option<String>,
    /// What the model is told about itself.
    pub system: Option<String>,
    /// The question.
    pub prompt: String,
    /// How free the answer may be.
    pub temperature: Option<f64>,
    /// How long the answer may be.
    pub max_tokens: Option<u64>,
    /// What the answer must be like.
    pub shape: Option<Shape>,
    /// How often it is asked again for an answer that fits.
    pub corrections: u64,
}

/// What became of a call.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Called {
    /// The answer as text.
    pub text: Option<String>,
    /// Its status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Its headers, by their names in small letters with `_` for `-`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub headers: Option<BTreeMap<String, String>>,
    /// What it cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    /// Which model answered, where one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Why it is no good.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<StepError>,
    /// How long the server wants to be left alone after that, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
}
