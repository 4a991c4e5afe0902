//! Tests of loading from all sources together.

use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::time::Duration;

use super::super::{ColorChoice, table};
use super::*;

/// A user's home in a temporary directory, with the two places for a file.
struct User {
    dir: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl User {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().to_str().unwrap().to_owned();
        Self { dir, variables: vec![("HOME".to_owned(), home)] }
    }

    fn file(&self, path: &str, text: &str) {
        let path = self.dir.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn user_file(&self, text: &str) {
        self.file(".config/clawflow/config.toml", text);
    }

    fn home_file(&self, text: &str) {
        self.file(".local/state/clawflow/config.toml", text);
    }

    fn variable(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    fn load(&self, flags: &Flags) -> Result<Settings, ConfigErrors> {
        Settings::load(flags, &EnvMap::new("/w", self.variables.clone()))
    }

    /// What `load` complains about, without the temporary directory.
    fn errors(&self, flags: &Flags) -> String {
        let text = self.load(flags).unwrap_err().to_string();
        let text = text.replace(self.dir.path().to_str().unwrap(), "~");
        // Shorter names keep the snapshots' lines short.
        text.replace("~/.config/clawflow/", "user/").replace("~/.local/state/clawflow/", "home/")
    }

    fn origin(&self, settings: &Settings, name: &str) -> String {
        let row = settings.show().iter().find(|row| row.name == name).unwrap();
        row.origin.to_string().replace(self.dir.path().to_str().unwrap(), "~")
    }
}

#[test]
fn without_any_source_every_setting_has_its_default() {
    let user = User::new();
    let settings = user.load(&Flags::default()).unwrap();
    assert!((1..=10_000).contains(&settings.gateway.max_tasks));
    let home = user.dir.path().join(".local/state/clawflow");
    assert_eq!(settings.home, home);
    assert_eq!(settings.gateway.socket, home.join("gateway.sock"));
    assert!(settings.gateway.autostart);
    assert_eq!(settings.gateway.log, "info");
    assert_eq!(settings.cancel.grace, Duration::from_secs(5));
    assert!(settings.run.pass_env.is_empty());
    assert_eq!(settings.run.owner, "agent:main:main");
    assert_eq!(settings.run.shell, Path::new("/bin/sh"));
    assert_eq!(settings.limits.log_bytes, 64 << 20);
    assert_eq!(settings.limits.stdout_bytes, 16 << 20);
    assert_eq!(settings.output.color, ColorChoice::Auto);
    assert!(settings.show().iter().all(|row| row.origin == Origin::Default));
}

#[test]
fn flag_wins_over_variable_over_home_over_user_file() {
    let mut user = User::new();
    let mut flags = Flags::default();
    let name = "gateway.max_tasks";
    user.user_file("[gateway]\nmax_tasks = 1\n[run]\nowner = 'user'\n");
    let settings = user.load(&flags).unwrap();
    assert_eq!(settings.gateway.max_tasks, 1);
    assert_eq!(user.origin(&settings, name), "~/.config/clawflow/config.toml:2");

    user.home_file("\n\ngateway.max_tasks = 2\n");
    let settings = user.load(&flags).unwrap();
    assert_eq!(settings.gateway.max_tasks, 2);
    assert_eq!(user.origin(&settings, name), "~/.local/state/clawflow/config.toml:3");
    assert_eq!(settings.run.owner, "user", "the files are merged");

    user.variable("CLAWFLOW_GATEWAY_MAX_TASKS", "3");
    let settings = user.load(&flags).unwrap();
    assert_eq!(settings.gateway.max_tasks, 3);
    assert_eq!(user.origin(&settings, name), "CLAWFLOW_GATEWAY_MAX_TASKS");

    flags.set("--max-tasks", &table::GATEWAY_MAX_TASKS, "4");
    let settings = user.load(&flags).unwrap();
    assert_eq!(settings.gateway.max_tasks, 4);
    assert_eq!(user.origin(&settings, name), "--max-tasks");
}

#[test]
fn a_named_file_replaces_both() {
    let mut user = User::new();
    user.home_file("[gateway]\nmax_tasks = 2\n");
    user.file("other.toml", "[run]\nowner = 'other'\n");
    let path = user.dir.path().join("other.toml");
    user.variable("CLAWFLOW_CONFIG", path.to_str().unwrap());
    let settings = user.load(&Flags::default()).unwrap();
    assert_eq!(settings.run.owner, "other");
    assert_eq!(user.origin(&settings, "gateway.max_tasks"), "default");
    let flags = Flags { config: Some(user.dir.path().join("none.toml")), ..Flags::default() };
    assert_eq!(user.errors(&flags), "~/none.toml: no such file");
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let mut user = User::new();
    user.user_file("# mine\n[gateway]\nmax_task = 4\nautostart = 'yes'\n[cancel]\ngrace = '1w'\n");
    user.home_file("[limits\n");
    user.variable("CLAWFLOW_CANCEL_GRACE", "24");
    user.variable("CLAWFLOW_CANCEL_GRCE", "1d");
    let mut flags = Flags::default();
    flags.set("--color", &table::OUTPUT_COLOR, "red");
    insta::assert_snapshot!(user.errors(&flags), @r#"
    user/config.toml:3:1: unknown key `gateway.max_task`
      3 | max_task = 4
        | ^^^^^^^^
    hint: did you mean `max_tasks`?

    user/config.toml:4:13: `gateway.autostart` must be `true` or `false`, not `"yes"`
      4 | autostart = 'yes'
        |             ^^^^^

    user/config.toml:6:9: `cancel.grace` must be a duration from 0s to 10m; `"1w"` has no such unit
      6 | grace = '1w'
        |         ^^^^

    home/config.toml:1:8: unclosed table, expected `]`
      1 | [limits
        |        ^

    CLAWFLOW_CANCEL_GRCE: unknown setting
    hint: did you mean `CLAWFLOW_CANCEL_GRACE`?

    CLAWFLOW_CANCEL_GRACE: `cancel.grace` must be a duration from 0s to 10m; `24` has no unit
    hint: write a unit: `24s`

    --color: `output.color` must be `auto`, `always` or `never`, not `red`
    "#);
}

#[test]
fn a_bad_value_is_an_error_even_where_it_is_overridden() {
    let mut user = User::new();
    user.user_file("[gateway]\nmax_tasks = 0\n");
    user.variable("CLAWFLOW_GATEWAY_MAX_TASKS", "3");
    insta::assert_snapshot!(user.errors(&Flags::default()), @r"
    user/config.toml:2:13: `gateway.max_tasks` must be a whole number from 1 to 10000, not `0`
      2 | max_tasks = 0
        |             ^
    ");
}

#[test]
fn a_home_too_long_for_a_socket_says_what_to_set() {
    let home = format!("/{}", "x".repeat(120));
    let load = |more: &[(&str, &str)]| {
        let variables = [("CLAWFLOW_HOME", home.as_str())].into_iter().chain(more.iter().copied());
        Settings::load(&Flags::default(), &EnvMap::new("/", variables))
    };
    let error = load(&[]).unwrap_err().to_string();
    insta::assert_snapshot!(error.replace(&home, "~"), @r"
    `gateway.socket` must be an absolute path of at most 107 bytes; `~/gateway.sock` has 134 bytes
    hint: set `gateway.socket` to a shorter path
    ");
    let short = load(&[("CLAWFLOW_GATEWAY_SOCKET", "/run/c.sock")]).unwrap();
    assert_eq!(short.gateway.socket, Path::new("/run/c.sock"));
}

#[test]
fn a_value_that_is_not_utf8_is_refused() {
    let bad = std::ffi::OsString::from_vec(vec![0xff]);
    let variables = [("HOME".into(), "/h".into()), ("CLAWFLOW_RUN_OWNER".into(), bad)];
    let variables: [(std::ffi::OsString, std::ffi::OsString); 2] = variables;
    let errors = Settings::load(&Flags::default(), &EnvMap::new("/", variables)).unwrap_err();
    assert_eq!(errors.to_string(), "CLAWFLOW_RUN_OWNER: the value is not UTF-8");
    assert_eq!(errors.iter().count(), 1);
}
