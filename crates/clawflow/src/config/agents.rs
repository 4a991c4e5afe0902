//! The configured agents: sections `[agents.NAME]`.

use std::ops::RangeInclusive;
use std::path::Path;

use super::agent_tables;
use super::assign::Problem;
use super::error::{ConfigError, Place};
use super::named::{Named, unknown_key};
use super::origin::Origin;
use super::read::Raw;
use super::settings::Settings;
use super::show::ShownSetting;
use super::value::Value;
use clawflow_core::acp::{AgentConfig, Policy, Protocol, agent, check_agent_name};
use clawflow_core::duration::{format_ms, parse_ms};

/// The section that the agents are in.
pub(super) const SECTION: &str = "agents";

/// More agents than anybody has.
const AGENTS_MAX: usize = 256;
/// Words of a command, and variables.
const WORDS_MAX: usize = 256;
/// Bytes of a word, a model or a path.
const WORD_BYTES_MAX: usize = 4096;
const TIMEOUT_MS: RangeInclusive<u64> = 1000..=30 * 86_400_000;

/// A key of an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    Protocol,
    Command,
    Model,
    Mode,
    Permissions,
    Terminals,
    Env,
    Cwd,
    Auth,
    Timeout,
    Budget,
    Tools,
}

/// What a file says about an agent.
pub(super) type AgentValue = Named<Key>;

impl Key {
    pub(super) const ALL: [Self; 12] = [
        Self::Protocol,
        Self::Command,
        Self::Model,
        Self::Mode,
        Self::Permissions,
        Self::Terminals,
        Self::Env,
        Self::Cwd,
        Self::Auth,
        Self::Timeout,
        Self::Budget,
        Self::Tools,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Protocol => "protocol",
            Self::Command => "command",
            Self::Model => "model",
            Self::Mode => "mode",
            Self::Permissions => "permissions",
            Self::Terminals => "terminals",
            Self::Env => "env",
            Self::Cwd => "cwd",
            Self::Auth => "auth",
            Self::Timeout => "timeout",
            Self::Budget => "budget",
            Self::Tools => "tools",
        }
    }

    pub(super) fn doc(self) -> &'static str {
        match self {
            Self::Protocol => {
                "How it is spoken to: `acp-2` offers it version 2; `stdin` only reads a prompt."
            }
            Self::Command => "Program and arguments; a built-in agent has its usual ones.",
            Self::Model => "The model that it is told to use.",
            Self::Mode => "The mode that it is told to work in.",
            Self::Permissions => "Rules for what it asks permission for.",
            Self::Terminals => "Whether it may have clawflow run commands, in all of its turns.",
            Self::Env => "Variables of its environment, `NAME=value`, or `NAME` for the gateway's.",
            Self::Cwd => "Where it works, unless the step says where.",
            Self::Auth => "The way to log in that it is told to use, if it asks for a login.",
            Self::Timeout => "Limit of one run, unless the step has one.",
            Self::Budget => "What each of its tasks may use; beyond that it is stopped.",
            Self::Tools => "Servers of the Model Context Protocol that its sessions are given.",
        }
    }

    /// What it takes, to follow "must be".
    pub(super) fn expected(self) -> &'static str {
        match self {
            Self::Protocol => "`acp`, `acp-2` or `stdin`",
            Self::Command => "a list of words such as `[\"opencode\", \"acp\"]`",
            Self::Model | Self::Mode | Self::Auth => "a text",
            Self::Permissions => "a list of rules such as `[\"allow read\", \"ask\"]`",
            Self::Terminals => "`true` or `false`",
            Self::Env => "a list of `NAME=value` and `NAME`",
            Self::Cwd => "an absolute path",
            Self::Timeout => "a duration from 1s to 30d",
            Self::Budget => {
                "a table such as `{ tokens = 50000, usd = 2.5, turns = 20, time = \"1h\" }`"
            }
            Self::Tools => "a table such as `{ clawflow = true, notes = [\"notes-mcp\", \"-q\"] }`",
        }
    }

    fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|key| key.word() == word)
    }
}

/// Why this cannot be the name of an agent.
pub(super) fn check_name(name: &str) -> Result<(), Problem> {
    check_agent_name(name).map_err(|why| Problem {
        message: format!("the name of the agent `{}` {why}", name.escape_debug()),
        hint: None,
    })
}

/// The key of this agent.
pub(super) fn key(name: &str, word: &str) -> Result<Key, Problem> {
    Key::of(word).ok_or_else(|| unknown_key(SECTION, name, word, Key::ALL.map(Key::word)))
}

/// Puts what a file says into the settings.
pub(super) fn assign(value: &AgentValue, to: &mut Settings) -> Result<Option<Value>, Problem> {
    if to.agents.len() >= AGENTS_MAX && !to.agents.contains_key(&value.name) {
        let message = format!("there are more than {AGENTS_MAX} agents");
        return Err(Problem { message, hint: None });
    }
    let agent = to.agents.entry(value.name.clone()).or_default();
    let Some((key, raw)) = &value.given else { return Ok(None) };
    match put(agent, *key, raw) {
        Ok(shown) => Ok(Some(shown)),
        Err(reason) => {
            let name = full_name(&value.name, *key);
            let (expected, got) = (key.expected(), raw.describe());
            let message = match reason {
                Some(reason) => format!("`{name}` must be {expected}; {reason}"),
                None => format!("`{name}` must be {expected}, not {got}"),
            };
            let hint = match (key, raw) {
                (Key::Command | Key::Permissions | Key::Env, Raw::Text(_)) => {
                    Some("put it into a list".to_owned())
                }
                _ => None,
            };
            Err(Problem { message, hint })
        }
    }
}

fn put(agent: &mut AgentConfig, key: Key, raw: &Raw) -> Result<Value, Option<String>> {
    Ok(match (key, raw) {
        (Key::Command, Raw::List(words)) if words.first().is_some_and(|word| !word.is_empty()) => {
            each(words)?;
            agent.command.clone_from(words);
            Value::Names(words.clone())
        }
        (Key::Protocol, Raw::Text(word)) => {
            agent.protocol = Some(word.parse().map_err(|_| None)?);
            Value::Text(word.clone())
        }
        (Key::Permissions, Raw::List(rules)) => {
            let policy = Policy::parse(rules).map_err(Some)?;
            let shown = Value::Names(policy.words());
            agent.permissions = Some(policy);
            shown
        }
        (Key::Env, Raw::List(variables)) => {
            each(variables)?;
            let name = |given: &String| given.split('=').next().unwrap_or_default().to_owned();
            if let Some(bad) = variables.iter().find(|given| name(given).is_empty()) {
                return Err(Some(format!("`{}` has no name", bad.escape_debug())));
            }
            agent.env.clone_from(variables);
            // A value may be a secret.
            let shown = |given: &String| match given.contains('=') {
                true => format!("{}=…", name(given)),
                false => given.clone(),
            };
            Value::Names(variables.iter().map(shown).collect())
        }
        (Key::Terminals, Raw::Boolean(on)) => {
            agent.terminals = *on;
            Value::Switch(*on)
        }
        (Key::Cwd, Raw::Text(path)) if Path::new(path).is_absolute() && fits(path) => {
            agent.cwd = Some(path.clone());
            Value::Path(path.into())
        }
        (Key::Timeout, Raw::Text(text)) => {
            let ms = parse_ms(text).map_err(|why| Some(format!("{} {why}", raw.describe())))?;
            let ms = Some(ms).filter(|ms| TIMEOUT_MS.contains(ms)).ok_or(None)?;
            agent.timeout_ms = Some(ms);
            Value::Text(format_ms(ms))
        }
        (Key::Budget, Raw::Table(rows)) => {
            let (budget, shown) = agent_tables::budget(rows).map_err(Some)?;
            agent.budget = Some(budget);
            shown
        }
        (Key::Tools, Raw::Table(rows)) => {
            let (tools, shown) = agent_tables::tools(rows).map_err(Some)?;
            agent.tools = tools;
            shown
        }
        (Key::Model | Key::Mode | Key::Auth, Raw::Text(text)) if fits(text) => {
            let field = match key {
                Key::Model => &mut agent.model,
                Key::Mode => &mut agent.mode,
                _ => &mut agent.auth,
            };
            *field = Some(text.clone());
            Value::Text(text.clone())
        }
        _ => return Err(None),
    })
}

pub(super) fn fits(text: &str) -> bool {
    !text.trim().is_empty() && text.len() <= WORD_BYTES_MAX && !text.contains('\0')
}

pub(super) fn each(words: &[String]) -> Result<(), Option<String>> {
    if words.len() > WORDS_MAX {
        return Err(Some(format!("it has more than {WORDS_MAX} items")));
    }
    match words.iter().find(|word| word.len() > WORD_BYTES_MAX || word.contains('\0')) {
        Some(_) => Err(Some(format!("an item has more than {WORD_BYTES_MAX} bytes, or a NUL"))),
        None => Ok(()),
    }
}

/// An agent that is not built in must have a command; one that only reads a prompt takes no tools
/// and no terminals.
pub(super) fn check(values: &[AgentValue], settings: &Settings, errors: &mut Vec<ConfigError>) {
    let of_talk = |value: &AgentValue| match value.given {
        Some((key @ (Key::Tools | Key::Terminals), _)) => Some(key),
        _ => None,
    };
    for (value, key) in values.iter().filter_map(|value| Some((value, of_talk(value)?))) {
        let found = agent(&settings.agents, &value.name).and_then(|agent| agent.protocol);
        if found == Some(Protocol::Stdin) {
            let place = Place::Line(Box::new(value.excerpt.clone()));
            let name = full_name(&value.name, key);
            let message = format!("`{name}` has no meaning for an agent that only reads a prompt");
            let hint = Some("leave it out, or `protocol = \"stdin\"`".to_owned());
            errors.push(ConfigError::new(place, message).with_hint(hint));
        }
    }
    for value in values.iter().filter(|value| value.given.is_none()) {
        let given = |other: &&AgentValue| {
            other.name == value.name && matches!(other.given, Some((Key::Command, _)))
        };
        let found = agent(&settings.agents, &value.name);
        let lacks = found.is_none_or(|agent| agent.command.is_empty());
        if lacks && values.iter().find(given).is_none() {
            let place = Place::Line(Box::new(value.excerpt.clone()));
            let message = format!("the agent `{}` has no `command`", value.name);
            let hint = Some("write `command = [\"PROGRAM\", …]`".to_owned());
            errors.push(ConfigError::new(place, message).with_hint(hint));
        }
    }
}

/// Notes the value for `config show`, where a stronger file replaces that of a weaker one.
pub(super) fn note(rows: &mut Vec<ShownSetting>, value: &AgentValue, shown: Value, from: Origin) {
    let Some((key, _)) = value.given else { return };
    let name = full_name(&value.name, key);
    match rows.iter_mut().find(|row| row.name == name) {
        Some(row) => row.set(shown, from),
        None => {
            let mut row = ShownSetting::of_named(name, key.doc());
            row.set(shown, from);
            rows.push(row);
        }
    }
}

fn full_name(name: &str, key: Key) -> String {
    format!("{SECTION}.{name}.{}", key.word())
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;
    use clawflow_core::budget::Budget;

    /// The agents of a file, and the first message about it.
    fn read(text: &str) -> (Settings, Option<String>) {
        let found = file::parse(Path::new("f.toml"), text);
        let mut settings = Settings::default();
        let mut errors = found.errors;
        for value in &found.agents {
            if let Err(problem) = assign(value, &mut settings) {
                let place = Place::Line(Box::new(value.excerpt.clone()));
                errors.push(ConfigError::new(place, problem.message));
            }
        }
        check(&found.agents, &settings, &mut errors);
        let first = errors.first().map(|error| error.message.clone());
        (settings, first)
    }

    #[test]
    fn an_agent_is_read() {
        let (settings, error) = read(
            "[agents.mine]\ncommand = ['./agent', '--acp']\nmodel = 'm'\nmode = 'plan'\n\
             permissions = ['reads']\nenv = ['KEY', 'A=b']\ncwd = '/w'\ntimeout = '5m'\n\
             terminals = true\n[agents.claude]\n",
        );
        assert_eq!(error, None);
        let mine = &settings.agents["mine"];
        assert_eq!((mine.command.len(), mine.timeout_ms), (2, Some(300_000)));
        assert!(mine.terminals);
        assert_eq!(mine.permissions, Some(Policy::reads()));
        assert_eq!(settings.agents["claude"], AgentConfig::default());
    }

    #[test]
    fn budgets_and_tools_are_read() {
        let (settings, error) = read(
            "[agents.claude]\nbudget = { tokens = 1_000, usd = 2.5, time = '1h' }\n\
             [agents.claude.tools]\nclawflow = true\nnotes = ['notes', '-q']\n\
             [agents.codex]\nbudget = { usd = 3 }\ntools = { clawflow = false }\n",
        );
        assert_eq!(error, None);
        let claude = &settings.agents["claude"];
        let wanted = Budget {
            tokens: Some(1000),
            cost_usd: Some(2.5),
            turns: None,
            wall_ms: Some(3_600_000),
        };
        assert_eq!(claude.budget, Some(wanted));
        let names: Vec<_> = claude.tools.iter().map(|one| one.name.as_str()).collect();
        assert_eq!(names, ["clawflow", "notes"]);
        assert_eq!((claude.tools[0].command.len(), claude.tools[1].command.len()), (0, 2));
        let codex = &settings.agents["codex"];
        assert_eq!((codex.budget.unwrap().cost_usd, codex.tools.len()), (Some(3.0), 0));
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, wanted) in [
            (
                "[agents.claude]\nbudget = { tokns = 5 }\n",
                "; there is no `tokns` in it (did you mean `tokens`?)",
            ),
            ("[agents.claude]\nbudget = {}\n", "; it limits nothing"),
            ("[agents.claude]\nbudget = 5\n", "must be a table such as `{ tokens = 50000"),
            ("[agents.claude]\nbudget = { turns = 0 }\n", "; a budget has from 1 to 2^53 turns"),
            ("[agents.claude]\nbudget = { turns = 'x' }\n", "; `turns` is no whole number, but"),
            ("[agents.claude]\nbudget = { usd = -1.5 }\n", "is a number above zero"),
            ("[agents.claude]\nbudget = { usd = nan }\n", "is a number above zero"),
            ("[agents.claude]\nbudget = { time = 5 }\n", "; `time` is no duration, but `5`"),
            ("[agents.claude]\nbudget = { time = '0s' }\n", "; a budget of time is from"),
            ("[agents.claude]\ntools = ['clawflow']\n", "must be a table such as `{ clawflow ="),
            ("[agents.claude]\ntools = { notes = true }\n", "; `notes` has no command"),
            ("[agents.claude]\ntools = { clawflw = true }\n", "(did you mean `clawflow`?)"),
            ("[agents.claude]\ntools = { notes = [] }\n", "; `notes` has no command"),
            ("[agents.claude]\ntools = { notes = 'x y' }\n", "; put the command of `notes` into a"),
            ("[agents.claude]\ntools = { clawflow = ['x'] }\n", "; `clawflow` is `true` or"),
            ("[agents.claude]\ntools = { 'a b' = ['x'] }\n", "; the name `a b` must have letters"),
            (
                "[agents.a]\ncommand = ['x']\nprotocol = 'stdin'\ntools = { clawflow = true }\n",
                "`agents.a.tools` has no meaning for an agent that only reads a prompt",
            ),
            (
                "[agents.a]\ncommand = ['x']\nprotocol = 'stdin'\nterminals = true\n",
                "`agents.a.terminals` has no meaning for an agent that only reads a prompt",
            ),
            ("[agents.claude]\nterminals = 'yes'\n", "must be `true` or `false`, not `\"yes\"`"),
            ("[agents.mine]\nmode = 'x'\n", "the agent `mine` has no `command`"),
            (
                "[agents.mine]\ncommand = 'opencode acp'\n",
                "must be a list of words such as `[\"opencode\", \"acp\"]`, not `\"opencode acp\"`",
            ),
            (
                "[agents.claude]\npermissions = ['alow read']\n",
                "`alow` is not `allow`, `reject` or `ask` (did you mean `allow`?)",
            ),
            ("[agents.claude]\ncwd = 'here'\n", "must be an absolute path, not `\"here\"`"),
            ("[agents.claude]\nenv = ['=x']\n", "`=x` has no name"),
            ("[agents.claude]\ntimeout = '0s'\n", "must be a duration from 1s to 30d"),
            ("[agents.claude]\nmodels = 'x'\n", "unknown key `agents.claude.models`"),
            ("[agents.'a b']\n", "the name of the agent `a b` must have letters"),
            ("[agents]\nclaude = 'x'\n", "`agents.claude` is a section, not a setting"),
        ] {
            let message = read(text).1.unwrap_or_default();
            assert!(message.contains(wanted), "{text}: {message}");
        }
    }
}
