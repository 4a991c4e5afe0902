//! The file of routes: whose messages go where, beside the inbox.
//!
//! ```toml
//! [ops]                                   # the route's name
//! owner = "agent:main:*"                  # `*` stands for any text; default: everybody
//! webhook = "https://example.org/hook"
//! secret_file = "/home/me/.config/clawflow/ops.secret"
//! allow_private = false                   # whether the address may be in a private network
//!
//! [desktop]
//! command = ["notify-send", "clawflow"]   # the message is on its standard input, as JSON
//! timeout = "30s"
//! ```

use super::sign::Secret;
use axum::http::Uri;
use clawflow_core::delivery::{Route, RouteKind};
use clawflow_core::duration::parse_ms;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Largest file: it is written by hand.
const FILE_BYTES_MAX: u64 = 1 << 20;
/// Time a receiver has to take a message.
const TIMEOUT: Duration = Duration::from_secs(30);
/// Longest time that a route may give its receiver.
const TIMEOUT_MAX: Duration = Duration::from_secs(600);

/// How a route's messages go.
#[derive(Clone, Debug)]
pub enum Way {
    /// By a signed HTTP request.
    Webhook {
        /// Where to.
        url: Uri,
        /// Signs it.
        secret: Secret,
        /// Whether the address may be in a private network.
        allow_private: bool,
    },
    /// To a command's standard input.
    Command {
        /// Program and arguments.
        argv: Vec<String>,
    },
}

/// One route.
#[derive(Clone, Debug)]
pub struct Entry {
    /// As the core knows it.
    pub route: Route,
    /// How.
    pub way: Way,
    /// Time that the receiver has.
    pub timeout: Duration,
}

/// All routes, by name.
#[derive(Clone, Debug, Default)]
pub struct Routes(BTreeMap<String, Entry>);

/// Why the file of routes cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{}: {why}", path.display())]
pub struct RoutesError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    owner: Option<String>,
    webhook: Option<String>,
    secret_file: Option<PathBuf>,
    #[serde(default)]
    allow_private: bool,
    command: Option<Vec<String>>,
    timeout: Option<String>,
}

impl Routes {
    /// Reads the file; without one there are no routes but the inbox.
    ///
    /// # Errors
    /// The file, or a file of a secret, cannot be read or says something that makes no sense.
    pub fn read(path: &Path) -> Result<Self, RoutesError> {
        let failed = |why: String| RoutesError { path: path.to_owned(), why };
        let size = match std::fs::metadata(path) {
            Ok(meta) => meta.len(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self::default());
            }
            Err(error) => return Err(failed(format!("cannot be read: {error}"))),
        };
        if size > FILE_BYTES_MAX {
            return Err(failed(format!("has {size} bytes, at most {FILE_BYTES_MAX}")));
        }
        let text = std::fs::read_to_string(path)
            .map_err(|error| failed(format!("cannot be read: {error}")))?;
        let written: BTreeMap<String, Written> =
            toml::from_str(&text).map_err(|error| failed(error.to_string()))?;
        let mut routes = BTreeMap::new();
        for (name, written) in written {
            let entry = entry(&name, written).map_err(|why| failed(format!("[{name}]: {why}")))?;
            routes.insert(name, entry);
        }
        Ok(Self(routes))
    }

    /// The routes as the core knows them.
    #[must_use]
    pub fn for_core(&self) -> Vec<Route> {
        self.0.values().map(|entry| entry.route.clone()).collect()
    }

    /// The route of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.0.get(name)
    }
}

fn entry(name: &str, written: Written) -> Result<Entry, String> {
    let owner = written.owner.unwrap_or_else(|| "*".to_owned());
    if owner.trim().is_empty() {
        return Err("`owner` is blank".to_owned());
    }
    let timeout = match &written.timeout {
        None => TIMEOUT,
        Some(text) => Duration::from_millis(parse_ms(text).map_err(|why| {
            format!("`timeout` must be a duration such as \"30s\": {text:?} {why}")
        })?),
    };
    if timeout.is_zero() || timeout > TIMEOUT_MAX {
        return Err(format!("`timeout` must be more than 0s and at most {TIMEOUT_MAX:?}"));
    }
    let (kind, way) = match (written.webhook, written.command) {
        (Some(url), None) => {
            let file = written.secret_file.ok_or("`secret_file` is missing")?;
            (RouteKind::Webhook, webhook(&url, &file, written.allow_private)?)
        }
        (None, Some(argv)) => {
            if written.secret_file.is_some() || written.allow_private {
                return Err("`secret_file` and `allow_private` go with `webhook`".to_owned());
            }
            if argv.first().is_none_or(String::is_empty) || argv.iter().any(|a| a.contains('\0')) {
                return Err("`command` must be a list that begins with a program".to_owned());
            }
            (RouteKind::Command, Way::Command { argv })
        }
        _ => return Err("either `webhook` or `command` must be there".to_owned()),
    };
    let route = Route { kind, name: name.to_owned(), owner };
    Ok(Entry { route, way, timeout })
}

fn webhook(url: &str, file: &Path, allow_private: bool) -> Result<Way, String> {
    let url: Uri = url.parse().map_err(|error| format!("`webhook` is no URL: {error}"))?;
    if !matches!(url.scheme_str(), Some("http" | "https")) || url.host().is_none() {
        return Err("`webhook` must be an http or https URL".to_owned());
    }
    if url.authority().is_some_and(|authority| authority.as_str().contains('@')) {
        return Err("`webhook` must not contain a user or password".to_owned());
    }
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("`secret_file` {} cannot be read: {error}", file.display()))?;
    let secret = Secret::parse(&text).map_err(|why| format!("`secret_file`: {why}"))?;
    Ok(Way::Webhook { url, secret, allow_private })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Routes, String> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("secret"), "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n")
            .unwrap();
        let path = dir.path().join("routes.toml");
        let secret = dir.path().join("secret").display().to_string();
        std::fs::write(&path, text.replace("SECRET", &secret)).unwrap();
        Routes::read(&path).map_err(|error| error.why)
    }

    #[test]
    fn both_kinds_are_read() {
        let routes = read(
            "[ops]\nowner = 'agent:main:*'\nwebhook = 'https://example.org/hook'\n\
             secret_file = 'SECRET'\n[desktop]\ncommand = ['notify-send']\ntimeout = '5s'\n",
        )
        .unwrap();
        let core = routes.for_core();
        assert_eq!(core.len(), 2);
        assert_eq!((core[0].name.as_str(), core[0].owner.as_str()), ("desktop", "*"));
        assert_eq!((core[1].name.as_str(), core[1].kind), ("ops", RouteKind::Webhook));
        assert_eq!(routes.get("desktop").unwrap().timeout, Duration::from_secs(5));
        assert!(routes.get("other").is_none());
    }

    #[test]
    fn no_file_means_no_routes() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Routes::read(&dir.path().join("routes.toml")).unwrap().for_core().is_empty());
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        let cases = [
            ("[a]\n", "either `webhook` or `command`"),
            ("[a]\nwebhook = 'https://e.org'\ncommand = ['x']\n", "either `webhook` or"),
            ("[a]\nwebhook = 'https://e.org'\n", "`secret_file` is missing"),
            ("[a]\nwebhook = 'ftp://e.org'\nsecret_file = 'SECRET'\n", "http or https"),
            ("[a]\nwebhook = 'https://u:p@e.org'\nsecret_file = 'SECRET'\n", "user or password"),
            ("[a]\nwebhook = '/x'\nsecret_file = 'SECRET'\n", "http or https"),
            ("[a]\nwebhook = 'https://e.org'\nsecret_file = '/none'\n", "cannot be read"),
            ("[a]\ncommand = []\n", "begins with a program"),
            ("[a]\ncommand = ['x']\nallow_private = true\n", "go with `webhook`"),
            ("[a]\ncommand = ['x']\ntimeout = 'soon'\n", "must be a duration"),
            ("[a]\ncommand = ['x']\ntimeout = '0s'\n", "more than 0s"),
            ("[a]\ncommand = ['x']\nowner = ' '\n", "blank"),
            ("[a]\ncommand = ['x']\nfoo = 1\n", "unknown field"),
            ("a = 1\n", "invalid type"),
        ];
        for (text, expected) in cases {
            let why = read(text).unwrap_err();
            assert!(why.contains(expected), "{text:?} gave {why:?}");
        }
    }
}
