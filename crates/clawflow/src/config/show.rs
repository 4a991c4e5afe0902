//! `clawflow config show`: every setting with its value and where it comes from.

use std::fmt::Write;

use serde_json::json;

use super::origin::Origin;
use super::setting::Setting;
use super::settings::Settings;
use super::value::Value;

/// One setting as it is shown.
#[derive(Debug, Clone)]
pub(crate) struct ShownSetting {
    /// The whole name, `gateway.max_tasks`.
    pub(crate) name: String,
    /// The environment variable that sets it, where there is one.
    pub(crate) env_name: Option<String>,
    /// Its value.
    pub(crate) value: Value,
    /// Where the value comes from.
    pub(crate) origin: Origin,
    /// Other sources that gave a value and lost, the strongest first; not the default.
    pub(crate) overridden: Vec<Origin>,
    /// What the setting does.
    pub(crate) doc: &'static str,
}

impl ShownSetting {
    /// A row that waits for its default.
    pub(super) fn new(setting: &Setting) -> Self {
        Self {
            name: setting.name(),
            env_name: Some(setting.env_name()),
            value: Value::Switch(false),
            origin: Origin::Default,
            overridden: Vec::new(),
            doc: setting.doc,
        }
    }

    /// A row of a queue or agent, which has no default and no variable.
    pub(super) fn of_named(name: String, doc: &'static str) -> Self {
        Self {
            name,
            env_name: None,
            value: Value::Switch(false),
            origin: Origin::Default,
            overridden: Vec::new(),
            doc,
        }
    }

    /// Replaces the value by that of a stronger source.
    pub(super) fn set(&mut self, value: Value, origin: Origin) {
        let before = std::mem::replace(&mut self.origin, origin);
        if before != Origin::Default {
            self.overridden.insert(0, before);
        }
        self.value = value;
    }

    /// Where the value comes from, and whom it overrides.
    fn source(&self) -> String {
        let mut text = escaped(&self.origin);
        for (index, loser) in self.overridden.iter().enumerate() {
            text.push_str(if index == 0 { ", over " } else { " and " });
            text.push_str(&escaped(loser));
        }
        text
    }
}

impl Settings {
    /// One row per setting, in the order in which they are documented.
    #[cfg(test)]
    pub(crate) fn show(&self) -> &[ShownSetting] {
        &self.shown
    }

    /// The settings as text that is itself a good configuration file.
    pub(crate) fn show_text(&self) -> String {
        let origin = self.home_origin.as_ref().map(escaped).unwrap_or_default();
        let home = self.home.display().to_string();
        let mut text = format!("# home: {} ({origin})\n", home.escape_debug());
        match self.files.as_slice() {
            [] => text.push_str("# no configuration file\n"),
            [winner, others @ ..] => {
                let path = winner.display().to_string();
                let _ = writeln!(text, "# file: {}", path.escape_debug());
                for other in others {
                    let path = other.display().to_string();
                    let path = path.escape_debug();
                    let _ = writeln!(text, "# file: {path} (merged; the one above wins)");
                }
            }
        }
        let rows = self.shown.iter().map(|row| format!("{} = {}", row.name, row.value));
        let rows: Vec<String> = rows.collect();
        let width = rows.iter().map(|row| row.chars().count()).max().unwrap_or(0).min(60);
        text.push('\n');
        for (row, shown) in rows.iter().zip(&self.shown) {
            let _ = writeln!(text, "{row:width$}  # {}", shown.source());
        }
        text
    }

    /// The answer of `config check` when nothing is wrong: what was read, and how much it sets.
    pub(crate) fn check_text(&self) -> String {
        let set = self.shown.iter().filter(|row| row.origin != Origin::Default).count();
        let files: Vec<String> = self.files.iter().map(|path| path.display().to_string()).collect();
        let files = match files.as_slice() {
            [] => "no file".to_owned(),
            _ => files.join(", ").escape_debug().to_string(),
        };
        format!("configuration is good: {files}; {set} of {} settings set\n", self.shown.len())
    }

    /// The settings as JSON: sizes in bytes, durations as text.
    pub(crate) fn show_json(&self) -> serde_json::Value {
        let rows = self.shown.iter().map(|row| {
            json!({
                "name": row.name,
                "value": row.value.to_json(),
                "origin": origin_json(&row.origin),
                "overridden": row.overridden.iter().map(origin_json).collect::<Vec<_>>(),
                "env": row.env_name,
                "doc": row.doc,
            })
        });
        json!({
            "home": {
                "path": self.home.to_string_lossy(),
                "origin": self.home_origin.as_ref().map(origin_json),
            },
            "files": self.files.iter().map(|path| path.to_string_lossy()).collect::<Vec<_>>(),
            "settings": rows.collect::<Vec<_>>(),
        })
    }
}

/// A path of a file can have any character but NUL, and this goes into a comment on one line.
fn escaped(origin: &Origin) -> String {
    origin.to_string().escape_debug().to_string()
}

/// By hand, as the derived form of a path fails where it is not UTF-8.
fn origin_json(origin: &Origin) -> serde_json::Value {
    match origin {
        Origin::Default => json!({ "kind": "default" }),
        Origin::File { path, line } => {
            json!({ "kind": "file", "path": path.to_string_lossy(), "line": line })
        }
        Origin::Env { name } => json!({ "kind": "env", "name": name }),
        Origin::Flag { name } => json!({ "kind": "flag", "name": name }),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::{EnvMap, Flags, table};
    use super::*;

    /// Settings from every kind of source, with the temporary directory they were read in.
    fn settings(dir: &Path) -> Settings {
        let dir = dir.to_str().unwrap();
        let (home, xdg) = (format!("{dir}/home"), format!("{dir}/xdg"));
        std::fs::create_dir_all(&home).unwrap();
        std::fs::create_dir_all(format!("{xdg}/clawflow")).unwrap();
        std::fs::write(format!("{home}/config.toml"), "gateway.max_tasks = 2\n").unwrap();
        let user = "[gateway]\nmax_tasks = 1\n[run]\npass_env = ['A', 'B']\n";
        std::fs::write(format!("{xdg}/clawflow/config.toml"), user).unwrap();
        let env = [
            ("CLAWFLOW_HOME", home.as_str()),
            ("XDG_CONFIG_HOME", xdg.as_str()),
            ("CLAWFLOW_CANCEL_GRACE", "90s"),
            // Fixed, as the width of the columns depends on them.
            ("CLAWFLOW_GATEWAY_SOCKET", "/run/c.sock"),
            ("CLAWFLOW_DELIVERY_ROUTES", "/run/r.toml"),
        ];
        let mut flags = Flags::default();
        flags.set("--color", &table::OUTPUT_COLOR, "never");
        Settings::load(&flags, &EnvMap::new("/", env)).unwrap()
    }

    #[test]
    fn the_text_says_where_each_value_comes_from() {
        let dir = tempfile::tempdir().unwrap();
        let text = settings(dir.path()).show_text();
        insta::assert_snapshot!(text.replace(dir.path().to_str().unwrap(), "~"), @r#"
        # home: ~/home (CLAWFLOW_HOME)
        # file: ~/home/config.toml
        # file: ~/xdg/clawflow/config.toml (merged; the one above wins)

        gateway.max_tasks = 2            # ~/home/config.toml:1, over ~/xdg/clawflow/config.toml:2
        gateway.socket = "/run/c.sock"   # CLAWFLOW_GATEWAY_SOCKET
        gateway.autostart = true         # default
        gateway.log = "info"             # default
        gateway.listen = ""              # default
        gateway.allow_remote = false     # default
        gateway.allowed_hosts = []       # default
        gateway.allowed_origins = []     # default
        gateway.rate_limit = 20000       # default
        cancel.grace = "1m30s"           # CLAWFLOW_CANCEL_GRACE
        run.pass_env = ["A", "B"]        # ~/xdg/clawflow/config.toml:4
        run.owner = "agent:main:main"    # default
        run.shell = "/bin/sh"            # default
        delivery.routes = "/run/r.toml"  # CLAWFLOW_DELIVERY_ROUTES
        subagents.depth = 5              # default
        subagents.children = 5           # default
        subagents.concurrency = 8        # default
        limits.log_bytes = "64MiB"       # default
        limits.stdout_bytes = "16MiB"    # default
        retention.succeeded = "7d"       # default
        retention.failed = "7d"          # default
        retention.cancelled = "7d"       # default
        retention.lost = "1d"            # default
        retention.owners = []            # default
        output.color = "never"           # --color
        "#);
    }

    #[test]
    fn the_text_is_a_file_that_gives_the_same_settings() {
        let dir = tempfile::tempdir().unwrap();
        let shown = settings(dir.path());
        let path = dir.path().join("shown.toml");
        std::fs::write(&path, shown.show_text()).unwrap();
        let flags = Flags { config: Some(path), ..Flags::default() };
        let again = Settings::load(&flags, &EnvMap::new("/", [("HOME", "/h")])).unwrap();
        for (row, before) in again.show().iter().zip(shown.show()) {
            assert_eq!(row.value, before.value, "{}", row.name);
        }
    }

    #[test]
    fn a_good_configuration_is_summed_up() {
        let dir = tempfile::tempdir().unwrap();
        let text = settings(dir.path()).check_text();
        let text = text.replace(dir.path().to_str().unwrap(), "~").replace(", ", ",\n");
        insta::assert_snapshot!(text, @r"
        configuration is good: ~/home/config.toml,
        ~/xdg/clawflow/config.toml; 6 of 25 settings set
        ");
        let none = Settings::load(&Flags::default(), &EnvMap::new("/", [("HOME", "/no/u")]));
        let text = none.unwrap().check_text();
        insta::assert_snapshot!(text, @"configuration is good: no file; 0 of 25 settings set");
    }

    #[test]
    fn the_json_has_the_origin_of_each_value() {
        let dir = tempfile::tempdir().unwrap();
        let json = settings(dir.path()).show_json();
        let text = serde_json::to_string_pretty(&json["settings"][0]).unwrap();
        insta::assert_snapshot!(text.replace(dir.path().to_str().unwrap(), "~"), @r#"
        {
          "name": "gateway.max_tasks",
          "value": 2,
          "origin": {
            "kind": "file",
            "path": "~/home/config.toml",
            "line": 1
          },
          "overridden": [
            {
              "kind": "file",
              "path": "~/xdg/clawflow/config.toml",
              "line": 2
            }
          ],
          "env": "CLAWFLOW_GATEWAY_MAX_TASKS",
          "doc": "Tasks that run at once; more of them wait in the queue."
        }
        "#);
        assert_eq!(json["home"]["origin"], json!({ "kind": "env", "name": "CLAWFLOW_HOME" }));
        assert_eq!(json["files"].as_array().unwrap().len(), 2);
    }
}
