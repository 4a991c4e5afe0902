//! What a pipeline would do, without doing it.

use super::args::Flag;
use super::failure::Failure;
use super::parse::{Pipeline, Stage, tokens};
use super::registry;
use crate::lobster::value::{Object, Value, compact};

impl Pipeline {
    /// The names of its commands, and whether there are such.
    pub(crate) fn commands(&self) -> impl Iterator<Item = (&str, bool)> {
        self.stages.iter().map(|stage| (&*stage.name, registry::get(&stage.name).is_some()))
    }

    /// The plan of `run --dry-run`, as it is printed.
    ///
    /// # Errors
    /// A command that there is not.
    pub(crate) fn plan(&self) -> Result<String, Failure> {
        let plural = if self.stages.len() == 1 { "" } else { "s" };
        let mut out = format!("[DRY RUN] Pipeline ({} stage{plural}):\n", self.stages.len());
        for (at, stage) in self.stages.iter().enumerate() {
            if registry::get(&stage.name).is_none() {
                return Err(Failure::new(format!("Unknown command: {}", stage.name)));
            }
            let args = stage.shown()?;
            let args = if args.is_empty() { args } else { format!("  args: {args}") };
            out.push_str(&format!("  {}. {}{args}\n", at + 1, stage.name));
        }
        Ok(out)
    }
}

impl Stage {
    /// The arguments: words first, then flags in the order in which they were written.
    fn shown(&self) -> Result<String, Failure> {
        let mut flags = Object::default();
        for token in tokens(&self.raw)? {
            let name = token.strip_prefix("--").map(|flag| flag.split('=').next().unwrap_or(flag));
            if let Some((name, flag)) = name.and_then(|name| Some((name, self.args.flag(name)?))) {
                let value = match flag {
                    Flag::On(on) => Value::Bool(*on),
                    Flag::Text(text) => Value::Text(text.clone()),
                };
                flags.set(name, value);
            }
        }
        let words = self.args.words.iter().cloned();
        let flags = flags.iter().map(|(name, value)| match value {
            Value::Text(text) => format!("{name}={text}"),
            other => format!("{name}={}", compact(other).unwrap_or_default()),
        });
        Ok(words.chain(flags).collect::<Vec<_>>().join(", "))
    }
}
