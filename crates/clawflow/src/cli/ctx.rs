//! What every command is given.

use super::error::CliError;
use super::out::Mode;
use super::tree::Globals;
use crate::config::{ColorChoice, EnvMap, Flags, Settings, table};

/// The command line before the configuration is read: enough for commands that need none, or that
/// are there to say what is wrong with it.
#[derive(Debug)]
pub(crate) struct Start {
    /// What the command line says about the configuration.
    pub(crate) flags: Flags,
    /// The environment.
    pub(crate) env: EnvMap,
    /// What output looks like.
    pub(crate) mode: Mode,
}

/// Settings, output and environment of one command.
#[derive(Debug)]
pub(crate) struct Ctx {
    /// Every setting, checked.
    pub(crate) settings: Settings,
    /// The environment.
    pub(crate) env: EnvMap,
    /// What output looks like.
    pub(crate) mode: Mode,
}

impl Start {
    pub(crate) fn new(globals: &Globals, env: EnvMap) -> Self {
        let mut flags = Flags::default();
        flags.home.clone_from(&globals.home);
        flags.config.clone_from(&globals.config);
        if let Some(word) = &globals.color {
            flags.set("--color", &table::OUTPUT_COLOR, word.clone());
        }
        let word = globals.color.as_deref();
        let choice = ColorChoice::ALL.into_iter().find(|choice| Some(choice.word()) == word);
        let mode = Mode::of_process(globals.json, choice.unwrap_or_default(), &env);
        Self { flags, env, mode }
    }

    /// Reads the configuration.
    pub(crate) fn ctx(self) -> Result<Ctx, CliError> {
        let Self { flags, env, mode } = self;
        let settings = Settings::load(&flags, &env)?;
        let mode = Mode::of_process(mode.json, settings.output.color, &env);
        Ok(Ctx { settings, env, mode })
    }
}
