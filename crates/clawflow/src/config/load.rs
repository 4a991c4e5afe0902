//! Collects the values from all sources and makes [`Settings`] of them.

use std::path::PathBuf;

use super::agents;
use super::assign::{Base, Problem};
use super::env::EnvMap;
use super::env_names;
use super::error::{ConfigError, ConfigErrors, Place};
use super::excerpt::Excerpt;
use super::file::{self, Parsed};
use super::named::Named;
use super::origin::Origin;
use super::places::{self, Places};
use super::queues;
use super::read::Raw;
use super::remote;
use super::setting::Setting;
use super::settings::Settings;
use super::show::ShownSetting;
use super::table::SETTINGS;
use super::value::Value;

/// What the command line says about the configuration.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flags {
    /// `--home`
    pub(crate) home: Option<PathBuf>,
    /// `--config`
    pub(crate) config: Option<PathBuf>,
    /// Flags that stand for a setting.
    pub(super) settings: Vec<(&'static str, &'static Setting, String)>,
}

impl Flags {
    /// Notes that `flag` (as it is typed, `--color`) gives `value` to a setting. Of two flags for
    /// one setting the later one wins.
    pub(crate) fn set(
        &mut self,
        flag: &'static str,
        setting: &'static Setting,
        value: impl Into<String>,
    ) {
        self.settings.push((flag, setting, value.into()));
    }
}

/// One source's value for one setting.
struct Assignment {
    setting: &'static Setting,
    raw: Raw,
    origin: Origin,
    /// Where the value stands, for a value from a file.
    excerpt: Option<Excerpt>,
}

impl Assignment {
    fn place(&self) -> Place {
        match (&self.excerpt, &self.origin) {
            (Some(excerpt), _) => Place::Line(Box::new(excerpt.clone())),
            (None, Origin::Env { name } | Origin::Flag { name }) => Place::Name(name.clone()),
            (None, Origin::Default | Origin::File { .. }) => Place::Nowhere,
        }
    }
}

impl Settings {
    /// Reads files, environment and flags.
    ///
    /// A value is checked even where another source overrides it: a file that is wrong must not
    /// wait for the day on which the variable above it goes away. All errors come at once.
    pub(crate) fn load(flags: &Flags, env: &EnvMap) -> Result<Self, ConfigErrors> {
        let mut errors = Vec::new();
        let places = places::find(flags, env).map_err(|error| ConfigErrors(vec![error]))?;
        let mut settings = Self {
            home: places.home.clone(),
            home_origin: Some(places.home_origin.clone()),
            named_config: flags.config.clone(),
            ..Self::default()
        };
        // In rising order of precedence: a later assignment replaces an earlier one.
        let mut named = Parsed::default();
        let mut assignments = from_files(&places, &mut settings.files, &mut named, &mut errors);
        errors.extend(env_names::unknown(env));
        match remote::find(env) {
            Ok(remote) => settings.remote = remote,
            Err(error) => errors.push(error),
        }
        assignments.extend(from_env(env, &mut errors));
        assignments.extend(from_flags(flags));
        assignments.extend(defaults(&places, &assignments));

        settings.shown = SETTINGS.iter().map(|setting| ShownSetting::new(setting)).collect();
        let user_home = env.user_home();
        for assignment in &assignments {
            let is_flag = matches!(assignment.origin, Origin::Flag { .. });
            let current_dir = env.current_dir().filter(|_| is_flag);
            let base = Base { user_home: user_home.as_deref(), current_dir };
            match assignment.setting.assign(&assignment.raw, base, &mut settings) {
                Ok(value) => {
                    let name = assignment.setting.name();
                    let row = settings.shown.iter_mut().find(|row| row.name == name);
                    // A setting outside the table has no row; its field is filled all the same.
                    if let Some(row) = row {
                        row.set(value, assignment.origin.clone());
                    }
                }
                Err(problem) => {
                    let error = ConfigError::new(assignment.place(), problem.message);
                    errors.push(error.with_hint(problem.hint));
                }
            }
        }
        for value in &named.queues {
            let assigned = queues::assign(value, &mut settings);
            settings.note_named(value, assigned, queues::note, &mut errors);
        }
        for value in &named.agents {
            let assigned = agents::assign(value, &mut settings);
            settings.note_named(value, assigned, agents::note, &mut errors);
        }
        agents::check(&named.agents, &settings, &mut errors);
        if errors.is_empty() { Ok(settings) } else { Err(sorted(errors)) }
    }
}

impl Settings {
    /// Notes what became of a value of a section with a name of the user's.
    fn note_named<K>(
        &mut self,
        value: &Named<K>,
        assigned: Result<Option<Value>, Problem>,
        note: fn(&mut Vec<ShownSetting>, &Named<K>, Value, Origin),
        errors: &mut Vec<ConfigError>,
    ) {
        let at = &value.excerpt;
        let origin = Origin::File { path: at.path.clone(), line: value.line };
        match assigned {
            Ok(Some(shown)) => note(&mut self.shown, value, shown, origin),
            Ok(None) => {}
            Err(problem) => {
                let error = ConfigError::new(Place::Line(Box::new(at.clone())), problem.message);
                errors.push(error.with_hint(problem.hint));
            }
        }
    }
}

/// Files before names, and a file's errors by their place, however they were found.
fn sorted(mut errors: Vec<ConfigError>) -> ConfigErrors {
    errors.sort_by_key(|error| match &error.place {
        Place::Nowhere => (0, PathBuf::new(), 0, 0),
        Place::File(path) => (1, path.clone(), 0, 0),
        Place::Line(at) => (1, at.path.clone(), at.line, at.column),
        Place::Name(_) => (2, PathBuf::new(), 0, 0),
    });
    ConfigErrors(errors)
}

/// Defaults for the settings that nobody `said` anything about. Only for those: the default of the
/// socket is too long below a deep home, and setting another one must help.
fn defaults(places: &Places, said: &[Assignment]) -> Vec<Assignment> {
    let silent = |s: &&&'static Setting| !said.iter().any(|a| std::ptr::eq(a.setting, **s));
    let assignment = |setting: &&'static Setting| Assignment {
        setting,
        raw: setting.default_raw(&places.home),
        origin: Origin::Default,
        excerpt: None,
    };
    SETTINGS.iter().filter(silent).map(assignment).collect()
}

/// Notes each file that was read in `read`, the one that wins first.
fn from_files(
    places: &Places,
    read: &mut Vec<PathBuf>,
    named: &mut Parsed,
    errors: &mut Vec<ConfigError>,
) -> Vec<Assignment> {
    let mut assignments = Vec::new();
    for config in &places.files {
        let text = match file::read(config) {
            Ok(Some(text)) => text,
            Ok(None) => continue,
            Err(error) => {
                errors.push(error);
                continue;
            }
        };
        let found = file::parse(&config.path, &text);
        errors.extend(found.errors);
        read.insert(0, config.path.clone());
        named.queues.extend(found.queues);
        named.agents.extend(found.agents);
        assignments.extend(found.values.into_iter().map(|value| Assignment {
            setting: value.setting,
            raw: value.raw,
            origin: Origin::File { path: config.path.clone(), line: value.line },
            excerpt: Some(value.excerpt),
        }));
    }
    assignments
}

fn from_env(env: &EnvMap, errors: &mut Vec<ConfigError>) -> Vec<Assignment> {
    let mut assignments = Vec::new();
    for setting in SETTINGS {
        let name = setting.env_name();
        let Some(value) = env.get(&name) else { continue };
        match value.to_str() {
            Some(text) => assignments.push(Assignment {
                setting,
                raw: Raw::Loose(text.to_owned()),
                origin: Origin::Env { name },
                excerpt: None,
            }),
            None => errors.push(ConfigError::new(Place::Name(name), "the value is not UTF-8")),
        }
    }
    assignments
}

fn from_flags(flags: &Flags) -> Vec<Assignment> {
    let assignment =
        |(flag, setting, value): &(&'static str, &'static Setting, String)| Assignment {
            setting,
            raw: Raw::Loose(value.clone()),
            origin: Origin::Flag { name: (*flag).to_owned() },
            excerpt: None,
        };
    flags.settings.iter().map(assignment).collect()
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
