//! Checks a written value and puts it into its field.

use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};

use super::bytes;
use super::read::Raw;
use super::setting::{Check, Default, Kind, Setting};
use super::settings::{ColorChoice, Settings};
use super::value::Value;
use clawflow_core::duration::parse_ms;
use std::time::Duration;

/// Why a written value is not good. Both parts are fragments.
#[derive(Debug, PartialEq)]
pub(crate) struct Problem {
    /// What is wrong, with the setting's name.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
}

/// A reason beyond "it must be …": empty where the type itself is wrong.
type Reason = Option<String>;

/// What relative paths and defaults are resolved against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Base<'a> {
    /// The user's home, for `~/`.
    pub(crate) user_home: Option<&'a Path>,
    /// The working directory; only for flags, as a file or a variable that means something else
    /// in every directory is a trap.
    pub(crate) current_dir: Option<&'a Path>,
}

impl Setting {
    /// Reads `raw`, checks its range, fills the field, and returns the value for showing.
    pub(crate) fn assign(
        &self,
        raw: &Raw,
        base: Base<'_>,
        to: &mut Settings,
    ) -> Result<Value, Problem> {
        assign_kind(&self.kind, raw, base, to).map_err(|reason| self.problem(raw, reason))
    }

    /// The default as a written value; `home` is the home, absolute.
    pub(crate) fn default_raw(&self, home: &Path) -> Raw {
        match self.default {
            Default::Text(text) => Raw::Loose(text.to_owned()),
            Default::InHome(name) => Raw::Path(home.join(name)),
            Default::PerCore(each) => {
                let cores = std::thread::available_parallelism().map_or(1, usize::from);
                let wanted = u32::try_from(cores).unwrap_or(u32::MAX).saturating_mul(each);
                let Kind::Count { range, .. } = &self.kind else {
                    return Raw::Loose(wanted.to_string());
                };
                Raw::Loose(wanted.clamp(*range.start(), *range.end()).to_string())
            }
        }
    }

    fn problem(&self, raw: &Raw, reason: Reason) -> Problem {
        let (name, expected, got) = (self.name(), self.kind.expected(), raw.describe());
        let message = match reason {
            Some(reason) => format!("`{name}` must be {expected}; {got} {reason}"),
            None => format!("`{name}` must be {expected}, not {got}"),
        };
        Problem { message, hint: self.hint(raw) }
    }

    /// Only where the right spelling is plain from what was written.
    fn hint(&self, raw: &Raw) -> Option<String> {
        let key = self.key;
        match (&self.kind, raw) {
            (Kind::Duration { .. }, Raw::Integer(n)) if *n >= 0 => {
                Some(format!("write a unit: `{key} = \"{n}s\"`"))
            }
            (Kind::Duration { .. }, Raw::Loose(text)) if text.parse::<u64>().is_ok() => {
                Some(format!("write a unit: `{text}s`"))
            }
            (Kind::Count { .. } | Kind::Switch { .. }, Raw::Text(text))
                if text.parse::<i64>().is_ok() || text.parse::<bool>().is_ok() =>
            {
                Some(format!("write it without quotes: `{key} = {text}`"))
            }
            (Kind::EnvNames { .. } | Kind::Texts { .. }, Raw::Text(text)) => {
                Some(format!("write a list: `{key} = [\"{}\"]`", text.escape_debug()))
            }
            (Kind::Path { bytes_max, .. }, Raw::Path(path))
                if path.as_os_str().len() > *bytes_max =>
            {
                Some(format!("set `{}` to a shorter path", self.name()))
            }
            _ => None,
        }
    }
}

fn assign_kind(kind: &Kind, raw: &Raw, base: Base<'_>, to: &mut Settings) -> Result<Value, Reason> {
    Ok(match kind {
        Kind::Count { range, field } => {
            let count = u32::try_from(integer(raw)?).map_err(|_| None)?;
            Value::Count(*put(field(to), within(range, count)?))
        }
        Kind::Switch { field } => Value::Switch(*put(field(to), switch(raw)?)),
        Kind::Duration { range, field } => {
            let length_ms = parse_ms(text(raw)?).map_err(|why| Some(why.to_owned()))?;
            let length = Duration::from_millis(length_ms);
            Value::Duration(*put(field(to), within(range, length)?))
        }
        Kind::Bytes { range, field } => Value::Bytes(*put(field(to), within(range, size(raw)?)?)),
        Kind::Path { bytes_max, field } => {
            let path = path(raw, base)?;
            let bytes = path.as_os_str().len();
            if bytes > *bytes_max {
                return Err(Some(format!("has {bytes} bytes")));
            }
            Value::Path(put(field(to), path).clone())
        }
        Kind::Text { check, field, .. } => {
            let text = text(raw)?;
            check(text).map_err(Some)?;
            Value::Text(put(field(to), text.to_owned()).clone())
        }
        Kind::EnvNames { max, field } => {
            Value::Names(put(field(to), env_names(raw, *max)?).clone())
        }
        Kind::Texts { max, check, field, .. } => {
            Value::Names(put(field(to), texts(raw, *max, *check)?).clone())
        }
        Kind::Color { field } => Value::Text(put(field(to), color(raw)?).word().to_owned()),
    })
}

fn put<T>(field: &mut T, value: T) -> &T {
    *field = value;
    field
}

fn within<T: PartialOrd>(range: &RangeInclusive<T>, value: T) -> Result<T, Reason> {
    if range.contains(&value) { Ok(value) } else { Err(None) }
}

fn text(raw: &Raw) -> Result<&str, Reason> {
    match raw {
        Raw::Loose(text) | Raw::Text(text) => Ok(text),
        _ => Err(None),
    }
}

fn integer(raw: &Raw) -> Result<i64, Reason> {
    match raw {
        Raw::Integer(number) => Ok(*number),
        Raw::Loose(text) => text.parse().map_err(|_| None),
        _ => Err(None),
    }
}

fn switch(raw: &Raw) -> Result<bool, Reason> {
    match raw {
        Raw::Boolean(on) => Ok(*on),
        Raw::Loose(text) => text.parse().map_err(|_| None),
        _ => Err(None),
    }
}

fn size(raw: &Raw) -> Result<u64, Reason> {
    match raw {
        Raw::Integer(number) => u64::try_from(*number).map_err(|_| None),
        _ => bytes::parse(text(raw)?).map_err(|why| Some(why.to_owned())),
    }
}

fn color(raw: &Raw) -> Result<ColorChoice, Reason> {
    let word = text(raw)?;
    ColorChoice::ALL.into_iter().find(|choice| choice.word() == word).ok_or(None)
}

fn path(raw: &Raw, base: Base<'_>) -> Result<PathBuf, Reason> {
    let path = match raw {
        Raw::Path(path) => path.clone(),
        _ => PathBuf::from(text(raw)?),
    };
    if path.as_os_str().as_encoded_bytes().contains(&0) {
        return Err(Some("has a NUL byte".to_owned()));
    }
    if let Ok(below_home) = path.strip_prefix("~") {
        let user_home = base.user_home.ok_or(Some("needs `HOME` to be set".to_owned()))?;
        return Ok(user_home.join(below_home));
    }
    if path.is_absolute() {
        return Ok(path);
    }
    let current_dir = base.current_dir.ok_or(None)?;
    if path.as_os_str().is_empty() { Err(None) } else { Ok(current_dir.join(path)) }
}

/// What a list has, or a text that separates it with commas.
fn listed(raw: &Raw) -> Result<Vec<&str>, Reason> {
    match raw {
        Raw::List(texts) => Ok(texts.iter().map(String::as_str).collect()),
        Raw::Loose(text) => Ok(text.split(',').map(str::trim).filter(|n| !n.is_empty()).collect()),
        _ => Err(None),
    }
}

/// Reads texts that pass a check. Those that come twice are kept once.
fn texts(raw: &Raw, max: usize, check: Check) -> Result<Vec<String>, Reason> {
    let mut texts: Vec<String> = Vec::new();
    for text in listed(raw)? {
        let contains = |why| Some(format!("contains `{}`, which {why}", text.escape_debug()));
        check(text).map_err(contains)?;
        if !texts.iter().any(|known| known == text) {
            texts.push(text.to_owned());
        }
    }
    if texts.len() > max { Err(Some(format!("has {}", texts.len()))) } else { Ok(texts) }
}

/// Reads names of variables. Names that come twice are kept once.
fn env_names(raw: &Raw, max: usize) -> Result<Vec<String>, Reason> {
    let mut names: Vec<String> = Vec::new();
    for name in listed(raw)? {
        let good = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if name.is_empty()
            || name.starts_with(|c: char| c.is_ascii_digit())
            || !name.chars().all(good)
        {
            return Err(Some(format!("contains `{}`, which is no name", name.escape_debug())));
        }
        // A step gets its own; a stored one would be that of another attempt.
        if name.starts_with("CLAWFLOW_") {
            return Err(Some(format!("contains `{name}`, which clawflow itself gives to steps")));
        }
        if !names.iter().any(|known| known == name) {
            names.push(name.to_owned());
        }
    }
    if names.len() > max { Err(Some(format!("has {}", names.len()))) } else { Ok(names) }
}

#[cfg(test)]
mod tests {
    use super::super::table;
    use super::*;

    const BASE: Base<'_> = Base { user_home: None, current_dir: None };

    fn good(setting: &Setting, raw: Raw) -> String {
        let base = Base { user_home: Some(Path::new("/home/u")), ..BASE };
        setting.assign(&raw, base, &mut Settings::default()).unwrap().to_string()
    }

    fn bad(setting: &Setting, raw: Raw) -> String {
        let problem = setting.assign(&raw, BASE, &mut Settings::default()).unwrap_err();
        // Broken into lines for the snapshots only.
        let message = problem.message.replace("; ", ";\n").replace(", not ", ",\nnot ");
        match problem.hint {
            Some(hint) => format!("{message}\nhint: {hint}"),
            None => message,
        }
    }

    fn loose(text: &str) -> Raw {
        Raw::Loose(text.into())
    }

    fn quoted(text: &str) -> Raw {
        Raw::Text(text.into())
    }

    #[test]
    fn counts_keep_their_range() {
        assert_eq!(good(&table::GATEWAY_MAX_TASKS, Raw::Integer(1)), "1");
        assert_eq!(good(&table::GATEWAY_MAX_TASKS, loose("10000")), "10000");
        let bad = |raw| bad(&table::GATEWAY_MAX_TASKS, raw);
        insta::assert_snapshot!(bad(Raw::Integer(0)), @r"
        `gateway.max_tasks` must be a whole number from 1 to 10000,
        not `0`
        ");
        insta::assert_snapshot!(bad(loose("10001")), @r"
        `gateway.max_tasks` must be a whole number from 1 to 10000,
        not `10001`
        ");
        insta::assert_snapshot!(bad(loose("many")), @r"
        `gateway.max_tasks` must be a whole number from 1 to 10000,
        not `many`
        ");
        insta::assert_snapshot!(bad(quoted("4")), @r#"
        `gateway.max_tasks` must be a whole number from 1 to 10000,
        not `"4"`
        hint: write it without quotes: `max_tasks = 4`
        "#);
        insta::assert_snapshot!(bad(Raw::Integer(1 << 40)), @r"
        `gateway.max_tasks` must be a whole number from 1 to 10000,
        not `1099511627776`
        ");
    }

    #[test]
    fn switches_are_true_or_false() {
        assert_eq!(good(&table::GATEWAY_AUTOSTART, loose("false")), "false");
        insta::assert_snapshot!(bad(&table::GATEWAY_AUTOSTART, loose("1")), @r"
        `gateway.autostart` must be `true` or `false`,
        not `1`
        ");
        insta::assert_snapshot!(bad(&table::GATEWAY_AUTOSTART, quoted("true")), @r#"
        `gateway.autostart` must be `true` or `false`,
        not `"true"`
        hint: write it without quotes: `autostart = true`
        "#);
    }

    #[test]
    fn durations_need_a_unit_and_keep_their_range() {
        assert_eq!(good(&table::CANCEL_GRACE, quoted("10m")), "\"10m\"");
        let bad = |raw| bad(&table::CANCEL_GRACE, raw);
        insta::assert_snapshot!(bad(Raw::Integer(5)), @r#"
        `cancel.grace` must be a duration from 0s to 10m,
        not `5`
        hint: write a unit: `grace = "5s"`
        "#);
        insta::assert_snapshot!(bad(loose("5")), @r"
        `cancel.grace` must be a duration from 0s to 10m;
        `5` has no unit
        hint: write a unit: `5s`
        ");
        insta::assert_snapshot!(bad(quoted("601s")), @r#"
        `cancel.grace` must be a duration from 0s to 10m,
        not `"601s"`
        "#);
        insta::assert_snapshot!(bad(Raw::Boolean(true)), @r"
        `cancel.grace` must be a duration from 0s to 10m,
        not `true`
        ");
    }

    #[test]
    fn sizes_are_numbers_or_have_a_unit() {
        assert_eq!(good(&table::LIMITS_LOG_BYTES, Raw::Integer(1 << 20)), "\"1MiB\"");
        assert_eq!(good(&table::LIMITS_LOG_BYTES, quoted("1GiB")), "\"1GiB\"");
        insta::assert_snapshot!(bad(&table::LIMITS_LOG_BYTES, quoted("64MB")), @r#"
        `limits.log_bytes` must be a size from 64KiB to 64GiB;
        `"64MB"` has a unit that is none of `B`, `KiB`, `MiB`, `GiB`, `TiB`
        "#);
        insta::assert_snapshot!(bad(&table::LIMITS_LOG_BYTES, Raw::Integer(-1)), @r"
        `limits.log_bytes` must be a size from 64KiB to 64GiB,
        not `-1`
        ");
    }

    #[test]
    fn paths_are_absolute_and_short_enough() {
        assert_eq!(good(&table::GATEWAY_SOCKET, quoted("~/s")), "\"/home/u/s\"");
        let bad = |raw| bad(&table::GATEWAY_SOCKET, raw);
        insta::assert_snapshot!(bad(quoted("a/b")), @r#"
        `gateway.socket` must be an absolute path of at most 107 bytes,
        not `"a/b"`
        "#);
        insta::assert_snapshot!(bad(quoted("~/s")), @r#"
        `gateway.socket` must be an absolute path of at most 107 bytes;
        `"~/s"` needs `HOME` to be set
        "#);
        let long = format!("/{}", "x".repeat(107));
        assert!(bad(quoted(&long)).ends_with("has 108 bytes"));
        assert!(
            bad(Raw::Path(long.into())).ends_with("hint: set `gateway.socket` to a shorter path")
        );
    }

    #[test]
    fn a_relative_path_in_a_flag_is_below_the_working_directory() {
        let base = Base { current_dir: Some(Path::new("/w")), ..BASE };
        let mut to = Settings::default();
        table::RUN_SHELL.assign(&loose("bin/sh"), base, &mut to).unwrap();
        assert_eq!(to.run.shell, Path::new("/w/bin/sh"));
        assert!(table::RUN_SHELL.assign(&loose(""), base, &mut to).is_err());
    }

    #[test]
    fn names_of_variables_are_checked() {
        assert_eq!(good(&table::RUN_PASS_ENV, loose("A, B,A")), "[\"A\", \"B\"]");
        let bad = |raw| bad(&table::RUN_PASS_ENV, raw);
        insta::assert_snapshot!(bad(quoted("A")), @r#"
        `run.pass_env` must be a list of at most 256 names of environment variables,
        not `"A"`
        hint: write a list: `pass_env = ["A"]`
        "#);
        insta::assert_snapshot!(bad(Raw::List(vec!["A=1".into()])), @r"
        `run.pass_env` must be a list of at most 256 names of environment variables;
        a list contains `A=1`, which is no name
        ");
        insta::assert_snapshot!(bad(loose("CLAWFLOW_TOKEN")), @r"
        `run.pass_env` must be a list of at most 256 names of environment variables;
        `CLAWFLOW_TOKEN` contains `CLAWFLOW_TOKEN`, which clawflow itself gives to steps
        ");
        let many = (0..257).map(|i| format!("V{i}")).collect();
        insta::assert_snapshot!(bad(Raw::List(many)), @r"
        `run.pass_env` must be a list of at most 256 names of environment variables;
        a list has 257
        ");
    }

    #[test]
    fn names_of_hosts_and_pages_are_checked() {
        let hosts = loose("flows.example.org, a:8080,a:8080");
        assert_eq!(
            good(&table::GATEWAY_ALLOWED_HOSTS, hosts),
            "[\"flows.example.org\", \"a:8080\"]"
        );
        insta::assert_snapshot!(bad(&table::GATEWAY_ALLOWED_HOSTS, loose("http://a")), @r"
        `gateway.allowed_hosts` must be a list of at most 64 host names, `name` or `name:port`;
        `http://a` contains `http://a`, which is no host name
        ");
        let page = loose("https://app.example.org");
        assert_eq!(good(&table::GATEWAY_ALLOWED_ORIGINS, page), "[\"https://app.example.org\"]");
        insta::assert_snapshot!(bad(&table::GATEWAY_ALLOWED_ORIGINS, quoted("https://a")), @r#"
        `gateway.allowed_origins` must be a list of at most 64 origins of web pages such as `https://app.example.org`,
        not `"https://a"`
        hint: write a list: `allowed_origins = ["https://a"]`
        "#);
        for origin in ["*", "null", "app.example.org", "https://a/path", "file:///x"] {
            let written = bad(&table::GATEWAY_ALLOWED_ORIGINS, loose(origin));
            assert!(written.contains("which is no origin"), "{written}");
        }
    }

    #[test]
    fn addresses_are_checked() {
        assert_eq!(good(&table::GATEWAY_LISTEN, loose("127.0.0.1:7117")), "\"127.0.0.1:7117\"");
        assert_eq!(good(&table::GATEWAY_LISTEN, loose("[::1]:0")), "\"[::1]:0\"");
        assert_eq!(good(&table::GATEWAY_LISTEN, loose("")), "\"\"");
        insta::assert_snapshot!(bad(&table::GATEWAY_LISTEN, loose("localhost:7117")), @r"
        `gateway.listen` must be an address with a port such as `127.0.0.1:7117`;
        `localhost:7117` is no IP address with a port
        ");
    }

    #[test]
    fn colors_are_one_of_three_words() {
        assert_eq!(good(&table::OUTPUT_COLOR, loose("never")), "\"never\"");
        insta::assert_snapshot!(bad(&table::OUTPUT_COLOR, loose("yes\u{1b}")), @r"
        `output.color` must be `auto`, `always` or `never`,
        not `yes\u{1b}`
        ");
    }
}
