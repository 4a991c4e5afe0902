//! What an agent may do without being asked about: rules in words, the first that fits decides.
//!
//! ```text
//! allow read                  by the kind of tool
//! allow execute cargo test*   and by its command
//! reject edit .git/*          or by the files that it touches
//! ask                         all the rest
//! ```
//!
//! An agent says itself which tool it wants to use, on what. The rules hold an honest agent to its
//! bounds; against one that lies only a sandbox helps.

use super::glob::matches;
use crate::suggest::closest;
use crate::text_enum::text_enum;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

text_enum!(
    /// What becomes of a request of an agent.
    Verdict {
        /// It may.
        Allow = "allow",
        /// It may not.
        Reject = "reject",
        /// A person decides.
        Ask = "ask",
    }
);

/// Kinds of tools in the protocol.
const KINDS: [&str; 10] = [
    "read",
    "edit",
    "delete",
    "move",
    "search",
    "execute",
    "think",
    "fetch",
    "switch_mode",
    "other",
];
/// The rules behind the word `reads`.
const READS: [&str; 4] = ["allow read", "allow search", "allow think", "ask"];
/// Rules of one policy.
const RULES_MAX: usize = 256;
/// Bytes of one rule.
const RULE_BYTES_MAX: usize = 1024;
/// What makes more than one command of a line of a shell, or reads or writes files.
const SHELL_SIGNS: [char; 12] = [';', '|', '&', '$', '`', '<', '>', '(', ')', '\n', '\\', '\r'];

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String")]
pub struct Rule {
    verdict: Verdict,
    /// The kind of tool; any without it.
    kind: Option<String>,
    /// What it is used on; anything without it.
    pattern: Option<String>,
}

/// Rules in their order. Where none fits, a person is asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Policy(Vec<Rule>);

/// A use of a tool, as the agent announces it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tool {
    /// Its kind; `other` where the agent says none, or one that is not known.
    pub kind: String,
    /// What people are shown.
    pub title: String,
    /// The command that it runs, where it runs one.
    pub command: Option<String>,
    /// The files that it touches, as the agent names them.
    pub paths: Vec<String>,
}

impl FromStr for Rule {
    type Err = String;

    /// Reads `allow execute git *`. The error is a sentence about the text.
    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.len() > RULE_BYTES_MAX || text.contains('\0') {
            return Err(format!("a rule has at most {RULE_BYTES_MAX} bytes, and no NUL"));
        }
        let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
        let Ok(verdict) = word.parse::<Verdict>() else {
            let near = closest(word, ["allow", "reject", "ask"]);
            let near = near.map(|word| format!(" (did you mean `{word}`?)")).unwrap_or_default();
            return Err(format!("`{word}` is not `allow`, `reject` or `ask`{near}"));
        };
        let rest = rest.trim();
        let (kind, pattern) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        let kind = match kind {
            "" | "*" => None,
            kind if KINDS.contains(&kind) => Some(kind.to_owned()),
            kind => {
                let known = KINDS.join(", ");
                return Err(format!("`{kind}` is no kind of tool: {known}, or `*` for any"));
            }
        };
        let pattern = Some(pattern.trim()).filter(|pattern| !pattern.is_empty());
        Ok(Self { verdict, kind, pattern: pattern.map(str::to_owned) })
    }
}

impl TryFrom<String> for Rule {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<Rule> for String {
    fn from(rule: Rule) -> Self {
        rule.to_string()
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.verdict.as_str())?;
        match (&self.kind, &self.pattern) {
            (Some(kind), _) => write!(f, " {kind}")?,
            (None, Some(_)) => f.write_str(" *")?,
            (None, None) => {}
        }
        self.pattern.iter().try_for_each(|pattern| write!(f, " {pattern}"))
    }
}

impl Policy {
    /// The rules in their order.
    #[must_use]
    pub fn rules(&self) -> &[Rule] {
        &self.0
    }

    /// Reads rules; the one word `reads` stands for those that let an agent look at things.
    ///
    /// # Errors
    /// A sentence about the first that is none, or about too many.
    pub fn parse<T: AsRef<str>>(rules: &[T]) -> Result<Self, String> {
        if rules.len() > RULES_MAX {
            return Err(format!("there are more than {RULES_MAX} rules"));
        }
        let mut all = Vec::new();
        for rule in rules {
            match rule.as_ref().trim() {
                "reads" => all.extend(READS.iter().map(|rule| rule.parse()).collect::<Vec<_>>()),
                rule => all.push(rule.parse()),
            }
        }
        all.into_iter().collect::<Result<_, _>>().map(Self)
    }

    /// Lets an agent look at things, and asks about the rest.
    #[must_use]
    pub fn reads() -> Self {
        // invariant: the rules are constants, and a test reads them.
        Self::parse(&READS).unwrap_or_default()
    }

    /// The rules as they are written.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        self.0.iter().map(Rule::to_string).collect()
    }

    /// What becomes of this use of a tool, in a session with this directory.
    #[must_use]
    pub fn decide(&self, tool: &Tool, cwd: &str) -> Verdict {
        let fits = |rule: &&Rule| rule.fits(tool, cwd);
        self.0.iter().find(fits).map_or(Verdict::Ask, |rule| rule.verdict)
    }
}

impl Rule {
    fn fits(&self, tool: &Tool, cwd: &str) -> bool {
        let kind = if KINDS.contains(&tool.kind.as_str()) { &tool.kind } else { "other" };
        if self.kind.as_deref().is_some_and(|wanted| wanted != kind) {
            return false;
        }
        let Some(pattern) = &self.pattern else { return true };
        match kind {
            "execute" => self.fits_command(pattern, tool.command.as_deref()),
            "read" | "edit" | "delete" | "move" | "search" => {
                let pattern = absolute(pattern, cwd);
                let paths = tool.paths.iter().map(|path| normal(&absolute(path, cwd)));
                self.fits_each(paths.map(|path| matches(&pattern, &path)))
            }
            _ => matches(pattern, &tool.title),
        }
    }

    /// A permission holds for one simple command; a no or a question for each command of a line.
    fn fits_command(&self, pattern: &str, command: Option<&str>) -> bool {
        let Some(command) = command.map(str::trim).filter(|command| !command.is_empty()) else {
            return self.verdict != Verdict::Allow;
        };
        if self.verdict == Verdict::Allow {
            return !command.contains(SHELL_SIGNS) && matches(pattern, command);
        }
        let mut parts = command.split(SHELL_SIGNS).map(str::trim);
        matches(pattern, command) || parts.any(|part| matches(pattern, part))
    }

    /// A permission must hold for all that is touched; a no or a question, for any of it. Where the
    /// agent names nothing there is no permission.
    fn fits_each(&self, mut fits: impl Iterator<Item = bool>) -> bool {
        let Some(first) = fits.next() else { return self.verdict != Verdict::Allow };
        match self.verdict {
            Verdict::Allow => first && fits.all(|fits| fits),
            Verdict::Reject | Verdict::Ask => first || fits.any(|fits| fits),
        }
    }
}

fn absolute(path: &str, cwd: &str) -> String {
    let path = path.strip_prefix("file://").unwrap_or(path);
    match path.starts_with(['/', '*']) {
        true => path.to_owned(),
        false => format!("{}/{path}", cwd.trim_end_matches('/')),
    }
}

/// Without `.` and `..`, so that no path looks as if it were elsewhere. Links are not followed.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(rules: &[&str]) -> Policy {
        Policy::parse(rules).unwrap()
    }

    fn tool(kind: &str, command: &str, paths: &[&str]) -> Tool {
        Tool {
            kind: kind.to_owned(),
            title: "a title".to_owned(),
            command: Some(command.to_owned()).filter(|command| !command.is_empty()),
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }
    }

    #[test]
    fn the_first_rule_that_fits_decides() {
        let p = policy(&["allow read", "reject execute rm *", "allow execute git *", "ask"]);
        let decide = |kind, command| p.decide(&tool(kind, command, &[]), "/w");
        assert_eq!(decide("read", ""), Verdict::Allow);
        assert_eq!(decide("edit", ""), Verdict::Ask);
        assert_eq!(decide("execute", "git status"), Verdict::Allow);
        assert_eq!(decide("execute", "rm -rf x"), Verdict::Reject);
        assert_eq!(decide("nonsense", ""), Verdict::Ask);
        assert_eq!(Policy::default().decide(&tool("read", "", &[]), "/"), Verdict::Ask);
    }

    #[test]
    fn a_permission_for_a_command_is_none_for_a_second_one() {
        let p = policy(&["reject execute rm *", "allow execute git *", "ask"]);
        let decide = |command| p.decide(&tool("execute", command, &[]), "/w");
        for line in ["git status; curl x", "git status && x", "git $(x)", "git a\nb", "git >f"] {
            assert_eq!(decide(line), Verdict::Ask, "{line}");
        }
        assert_eq!(decide("git status; rm -rf x"), Verdict::Reject);
        // What is not said is not permitted.
        assert_eq!(decide(""), Verdict::Reject);
    }

    #[test]
    fn paths_are_those_of_the_session_and_without_detours() {
        let p = policy(&["reject edit .git/*", "allow edit src/*", "allow read /w/*", "ask"]);
        let decide = |kind, paths: &[&str]| p.decide(&tool(kind, "", paths), "/w");
        assert_eq!(decide("edit", &["/w/src/a.rs"]), Verdict::Allow);
        assert_eq!(decide("edit", &["src/a.rs", "file:///w/src/b.rs"]), Verdict::Allow);
        assert_eq!(decide("edit", &["src/a.rs", "/etc/passwd"]), Verdict::Ask);
        assert_eq!(decide("edit", &["src/../.git/config"]), Verdict::Reject);
        assert_eq!(decide("read", &["/w/../etc/passwd"]), Verdict::Ask);
        assert_eq!(decide("read", &[]), Verdict::Ask);
    }

    #[test]
    fn rules_are_written_as_they_are_read() {
        let words = ["allow read", "reject * secret*", "ask execute git  push *", "allow"];
        assert_eq!(policy(&words).words(), words);
        assert_eq!(policy(&["reads"]).words(), READS);
        assert_eq!(Policy::reads().words().len(), READS.len());
        for bad in ["", "alow read", "allow reading", "allow\0", &"x".repeat(2000)] {
            assert!(Policy::parse(&[bad]).is_err(), "{bad:.9}");
        }
        assert!(Policy::parse(&["ask"; 300]).is_err());
    }
}
