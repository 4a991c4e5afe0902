//! The words of `run`, read as Lobster reads them: a flag without a value is no flag, and what is
//! not known belongs to the pipeline.

/// What `run` is told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RunOptions {
    /// Whether a program reads the outcome.
    pub(super) tool: bool,
    /// `--file`
    pub(super) file: Option<String>,
    /// `--args-json`
    pub(super) args_json: Option<String>,
    /// `--dry-run`, before the first other word.
    pub(super) dry_run: bool,
    /// All other words.
    pub(super) words: Vec<String>,
}

impl RunOptions {
    /// Reads the words.
    pub(super) fn parse(args: &[&str]) -> Self {
        let mut options = Self::default();
        let mut args = args.iter().copied().peekable();
        while let Some(word) = args.next() {
            if word == "--dry-run" && options.words.is_empty() {
                options.dry_run = true;
                continue;
            }
            let (name, joined) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (word, None),
            };
            if !matches!(name, "--mode" | "--file" | "--args-json") {
                options.words.push(word.to_owned());
                continue;
            }
            let value = joined.or_else(|| args.next_if(|next| !next.is_empty()));
            let Some(value) = value else { continue };
            match name {
                "--mode" => options.tool = value == "tool",
                "--file" => options.file = Some(value.to_owned()).filter(|file| !file.is_empty()),
                _ => options.args_json = Some(value.to_owned()).filter(|args| !args.is_empty()),
            }
        }
        options
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> RunOptions {
        RunOptions::parse(&line.split(' ').collect::<Vec<_>>())
    }

    #[test]
    fn flags_may_stand_anywhere() {
        let options = parsed("a.lobster --mode tool --args-json={} b");
        assert_eq!((options.tool, options.args_json.as_deref()), (true, Some("{}")));
        assert_eq!(options.words, ["a.lobster", "b"]);
        assert!(!parsed("--mode=human").tool && !parsed("--mode=odd").tool);
    }

    #[test]
    fn a_flag_without_a_value_is_left_out() {
        assert_eq!(parsed("--mode"), RunOptions::default());
        assert_eq!(parsed("--file="), RunOptions::default());
        assert_eq!(RunOptions::parse(&["--file", ""]).words, [""]);
    }

    #[test]
    fn a_dry_run_is_asked_for_first() {
        assert!(parsed("--dry-run exec x").dry_run);
        let options = parsed("exec --dry-run");
        assert_eq!((options.dry_run, options.words.len()), (false, 2));
    }
}
