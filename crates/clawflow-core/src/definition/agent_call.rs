//! Turns of coding agents, as a file asks for them.

use super::schema::Schema;
use super::template::{Template, ValueTemplate};
use crate::acp::{FileAccess, McpServer, OnStop, Policy};

/// A turn of an agent.
#[derive(Debug, Clone, PartialEq)]
pub struct AgentCall {
    /// Name of the agent, configured or built in.
    pub agent: Template,
    /// What it is asked to do.
    pub prompt: ValueTemplate,
    /// What it is given to work on: a text, or anything else as JSON.
    pub stdin: Option<ValueTemplate>,
    /// Files that it is pointed to.
    pub files: Vec<Template>,
    /// What its answer must be like, as JSON.
    pub schema: Option<Schema>,
    /// How often it is asked again for an answer that fits.
    pub corrections: u64,
    /// The mode that it works in.
    pub mode: Option<Template>,
    /// The model that it uses.
    pub model: Option<Template>,
    /// The session that it goes on with; a new one without it.
    pub session: Option<Template>,
    /// What it may do without being asked about.
    pub permissions: Option<Policy>,
    /// Servers of the Model Context Protocol that it is given.
    pub mcp: Vec<McpServer>,
    /// Which files it may reach by way of clawflow.
    pub file_access: FileAccess,
    /// Whether it may have clawflow run commands.
    pub terminals: bool,
    /// What it means that it stops early.
    pub on_stop: OnStop,
}

impl AgentCall {
    pub(crate) fn each<'a>(&'a self, visit: &mut dyn FnMut(&'a Template)) {
        visit(&self.agent);
        self.prompt.each(visit);
        self.stdin.iter().for_each(|stdin| stdin.each(visit));
        let texts = self.files.iter().chain(&self.mode).chain(&self.model).chain(&self.session);
        texts.for_each(visit);
    }
}
