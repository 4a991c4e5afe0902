//! Reads one configuration file into assignments, and finds everything that is wrong in it.

use std::io::{ErrorKind, Read};
use std::ops::Range;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::agents::{self, AgentValue};
use super::assign::Problem;
use super::error::{ConfigError, Place};
use super::excerpt::Excerpt;
use super::named::Named;
use super::places::ConfigFile;
use super::queues::{self, QueueValue};
use super::read::Raw;
use super::setting::Setting;
use super::table::SETTINGS;
use clawflow_core::suggest::closest;

/// A file is read whole into memory, and nobody writes this much by hand.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Sections that have sections with names of the user's.
const NAMED: [&str; 2] = [queues::SECTION, agents::SECTION];

/// The section, which names there may be in it, and which keys below one.
type Law<K> = (&'static str, fn(&str) -> Result<(), Problem>, fn(&str, &str) -> Result<K, Problem>);

/// A value that a file gives to a setting.
#[derive(Debug)]
pub(super) struct FileValue {
    /// The setting.
    pub(super) setting: &'static Setting,
    /// What was written.
    pub(super) raw: Raw,
    /// Where the key stands, for its origin.
    pub(super) line: usize,
    /// Where the value stands, for messages.
    pub(super) excerpt: Excerpt,
}

/// Reads a file's text; `None` when it is not there and need not be.
pub(super) fn read(file: &ConfigFile) -> Result<Option<String>, ConfigError> {
    let path = &file.path;
    let fail = |message: String| ConfigError::new(Place::File(path.clone()), message);
    match std::fs::File::open(path) {
        Ok(opened) => text_of(opened, path).map(Some),
        Err(error) if !file.required && is_absent(&error) => Ok(None),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(fail("no such file".to_owned())),
        Err(error) => Err(fail(format!("cannot open the file: {error}"))),
    }
}

/// A file below something that is not a directory is as absent as one that is missing.
fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

fn text_of(opened: std::fs::File, path: &Path) -> Result<String, ConfigError> {
    let fail = |message: String| ConfigError::new(Place::File(path.to_owned()), message);
    let mut bytes = Vec::new();
    // One byte beyond the limit tells a file at the limit from a larger one, also for a pipe.
    match opened.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes) {
        Err(error) if error.kind() == ErrorKind::IsADirectory => {
            return Err(fail("is a directory, not a file".to_owned()));
        }
        Err(error) => return Err(fail(format!("cannot read the file: {error}"))),
        Ok(count) if count as u64 > FILE_BYTES_MAX => {
            return Err(fail("is larger than the 1 MiB a configuration may have".to_owned()));
        }
        Ok(_) => {}
    }
    String::from_utf8(bytes).map_err(|error| {
        let (good, bad) = error.as_bytes().split_at(error.utf8_error().valid_up_to());
        let line = good.iter().filter(|b| **b == b'\n').count() + 1;
        let byte = bad.first().copied().unwrap_or_default();
        fail(format!("is not UTF-8: byte 0x{byte:02x} in line {line}"))
    })
}

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    /// Settings, in the order of the file.
    pub(super) values: Vec<FileValue>,
    /// Queues, in the order of the file.
    pub(super) queues: Vec<QueueValue>,
    /// Agents, in the order of the file.
    pub(super) agents: Vec<AgentValue>,
    /// What is wrong.
    pub(super) errors: Vec<ConfigError>,
}

/// Takes the values out of a file's text. Every error is found, also beside good values.
pub(super) fn parse(path: &Path, text: &str) -> Parsed {
    let (document, syntax) = DeTable::parse_recoverable(text);
    let found = Parsed::default();
    let mut scan = Scan { path, text, found };
    let mut unreadable = false;
    for error in syntax {
        let span = error.span().unwrap_or(text.len()..text.len());
        unreadable |= error.message() != "duplicate key";
        scan.error(span, error.message().to_owned(), None);
    }
    // One slip often makes several errors in its line; only the first one helps.
    scan.found.errors.dedup_by_key(|error| match &error.place {
        Place::Line(at) => at.line,
        _ => 0,
    });
    // After a syntax error the keys may sit in the wrong table: what they say is noise.
    if !unreadable {
        for (key, value) in document.get_ref() {
            scan.section(key, value);
        }
        scan.found.values.sort_by_key(|value| value.line);
        scan.found.queues.sort_by_key(|value| value.line);
        scan.found.agents.sort_by_key(|value| value.line);
    }
    scan.found
}

/// Walks over a parsed file.
struct Scan<'a> {
    path: &'a Path,
    text: &'a str,
    found: Parsed,
}

impl Scan<'_> {
    fn error(&mut self, span: Range<usize>, message: String, hint: Option<String>) {
        let place = Place::Line(Box::new(Excerpt::new(self.path, self.text, span)));
        self.found.errors.push(ConfigError::new(place, message).with_hint(hint));
    }

    fn section(&mut self, key: &Spanned<impl AsRef<str>>, value: &Spanned<DeValue<'_>>) {
        let name = key.get_ref().as_ref();
        let known = NAMED.contains(&name) || SETTINGS.iter().any(|s| s.section == name);
        match value.get_ref().as_table() {
            Some(table) if name == queues::SECTION => {
                for (key, value) in table {
                    let law: Law<_> = (queues::SECTION, queues::check_name, queues::key);
                    let mut found = self.named(law, key, value);
                    self.found.queues.append(&mut found);
                }
            }
            Some(table) if name == agents::SECTION => {
                for (key, value) in table {
                    let law: Law<_> = (agents::SECTION, agents::check_name, agents::key);
                    let mut found = self.named(law, key, value);
                    self.found.agents.append(&mut found);
                }
            }
            Some(table) if known => {
                for (key, value) in table {
                    self.setting(name, key, value);
                }
            }
            Some(_) => {
                let sections = SETTINGS.iter().map(|s| s.section).chain(NAMED);
                let hint = closest(name, sections);
                let hint = hint.map(|section| format!("did you mean `[{section}]`?"));
                self.error(key.span(), format!("unknown section `{}`", name.escape_debug()), hint);
            }
            None if known => {
                let message = format!("`{name}` is a section, not a setting");
                let hint = format!("write `[{name}]` on a line of its own, its keys below it");
                self.error(key.span(), message, Some(hint));
            }
            None => {
                let hint = elsewhere(name).map(|at| format!("it belongs into a section: `{at}`"));
                self.error(key.span(), format!("unknown key `{}`", name.escape_debug()), hint);
            }
        }
    }

    /// What one section with a name of the user's says, by its law: the section that it is in,
    /// which names there may be, and which keys.
    fn named<K>(
        &mut self,
        (section, check_name, key_of): Law<K>,
        key: &Spanned<impl AsRef<str>>,
        value: &Spanned<DeValue<'_>>,
    ) -> Vec<Named<K>> {
        let name = key.get_ref().as_ref();
        if let Err(problem) = check_name(name) {
            self.error(key.span(), problem.message, problem.hint);
            return Vec::new();
        }
        let Some(table) = value.get_ref().as_table() else {
            let message = format!("`{section}.{name}` is a section, not a setting");
            let hint =
                format!("write `[{section}.{name}]` on a line of its own, its keys below it");
            self.error(key.span(), message, Some(hint));
            return Vec::new();
        };
        let line = |span| Excerpt::new(self.path, self.text, span).line;
        let mut found = vec![Named {
            name: name.to_owned(),
            given: None,
            line: line(key.span()),
            excerpt: Excerpt::new(self.path, self.text, key.span()),
        }];
        let mut wrong = Vec::new();
        for (key, value) in table {
            match key_of(name, key.get_ref().as_ref()) {
                Ok(word) => found.push(Named {
                    name: name.to_owned(),
                    given: Some((word, Raw::from_toml(value.get_ref()))),
                    line: line(key.span()),
                    excerpt: Excerpt::new(self.path, self.text, value.span()),
                }),
                Err(problem) => wrong.push((key.span(), problem)),
            }
        }
        for (span, problem) in wrong {
            self.error(span, problem.message, problem.hint);
        }
        found
    }

    fn setting(
        &mut self,
        section: &str,
        key: &Spanned<impl AsRef<str>>,
        value: &Spanned<DeValue<'_>>,
    ) {
        let name = key.get_ref().as_ref();
        let in_section = || SETTINGS.iter().filter(|setting| setting.section == section);
        if let Some(setting) = in_section().find(|setting| setting.key == name) {
            self.found.values.push(FileValue {
                setting,
                raw: Raw::from_toml(value.get_ref()),
                line: Excerpt::new(self.path, self.text, key.span()).line,
                excerpt: Excerpt::new(self.path, self.text, value.span()),
            });
            return;
        }
        let near = closest(name, in_section().map(|setting| setting.key));
        let hint = near.map(str::to_owned).or_else(|| elsewhere(name));
        let hint = hint.map(|name| format!("did you mean `{name}`?"));
        let message = format!("unknown key `{section}.{}`", name.escape_debug());
        self.error(key.span(), message, hint);
    }
}

/// The whole name of a setting whose key is this one, in whatever section.
fn elsewhere(key: &str) -> Option<String> {
    SETTINGS.iter().find(|setting| setting.key == key).map(|setting| setting.name())
}

#[cfg(test)]
#[path = "file_tests.rs"]
mod tests;
