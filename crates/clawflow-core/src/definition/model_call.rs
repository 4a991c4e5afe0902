//! Questions to servers, as a file asks them.

use super::model::Action;
use super::schema::Schema;
use super::template::{Template, ValueTemplate};

/// A request by HTTP.
#[derive(Debug, Clone, PartialEq)]
pub struct HttpCall {
    /// How.
    pub method: Method,
    /// Where to.
    pub url: Template,
    /// What is added to the address, encoded as it needs to be.
    pub query: Vec<(String, ValueTemplate)>,
    /// Headers by their names in small letters, each name once.
    pub headers: Vec<(String, HeaderValue)>,
    /// What is sent: a text as it is, anything else as JSON.
    pub body: Option<ValueTemplate>,
    /// What a good answer is.
    pub expect: Expect,
}

impl HttpCall {
    pub(crate) fn each<'a>(&'a self, visit: &mut dyn FnMut(&'a Template)) {
        visit(&self.url);
        self.query.iter().for_each(|(_, value)| value.each(visit));
        for (_, value) in &self.headers {
            if let HeaderValue::Text(text) = value {
                visit(text);
            }
        }
        self.body.iter().for_each(|body| body.each(visit));
    }
}

/// A method of HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Reads the headers.
    Head,
    /// Does something.
    Post,
    /// Puts something in its place.
    Put,
    /// Changes something.
    Patch,
    /// Removes something.
    Delete,
    /// Asks what may be done.
    Options,
}

impl Method {
    /// Its name on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Head => "HEAD",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
            Self::Options => "OPTIONS",
        }
    }

    /// Whether twice has the effect of once, as RFC 9110 has it.
    #[must_use]
    pub fn is_idempotent(self) -> bool {
        !matches!(self, Self::Post | Self::Patch)
    }
}

/// The value of a header.
#[derive(Debug, Clone, PartialEq)]
pub enum HeaderValue {
    /// A text.
    Text(Template),
    /// A secret, which only the process that sends it reads.
    Secret {
        /// Where it is.
        from: Secret,
        /// What is sent before it.
        prefix: String,
    },
}

/// Where a secret is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Secret {
    /// In a variable of the step's environment.
    Env(String),
    /// In a file, relative to the step's folder.
    File(String),
}

/// What a good answer is.
#[derive(Debug, Clone, PartialEq)]
pub struct Expect {
    /// From which status to which, both included; at least one.
    pub statuses: Vec<(u16, u16)>,
    /// What the body must be like, as JSON.
    pub schema: Option<Schema>,
}

impl Default for Expect {
    fn default() -> Self {
        Self { statuses: vec![(200, 299)], schema: None }
    }
}

/// A question to a model.
#[derive(Debug, Clone, PartialEq)]
pub struct LlmCall {
    /// An address, or a name of `llm.toml`.
    pub endpoint: Template,
    /// Which model; that of the endpoint without it.
    pub model: Option<Template>,
    /// What the model is told about itself.
    pub system: Option<Template>,
    /// The question.
    pub prompt: ValueTemplate,
    /// How free the answer may be.
    pub temperature: Option<f64>,
    /// How long the answer may be.
    pub max_tokens: Option<u64>,
    /// What the answer must be like, as JSON.
    pub schema: Option<Schema>,
    /// How often it is asked again for an answer that fits.
    pub corrections: u64,
}

impl LlmCall {
    pub(crate) fn each<'a>(&'a self, visit: &mut dyn FnMut(&'a Template)) {
        visit(&self.endpoint);
        self.model.iter().chain(&self.system).for_each(&mut *visit);
        self.prompt.each(visit);
    }
}

impl Action {
    /// Whether an attempt whose end nobody knows may be made again without being asked for.
    pub(crate) fn may_run_twice(&self) -> bool {
        match self {
            Self::Http(call) => call.method.is_idempotent(),
            Self::Llm(_) => true,
            _ => false,
        }
    }
}
