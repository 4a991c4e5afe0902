//! The table of settings: each one is defined here, once, and everywhere else is derived.

use std::time::Duration;

use tracing_subscriber::EnvFilter;

use super::network;
use super::setting::{Default, Kind, Setting};
use clawflow_core::suggest::closest;

/// Every setting, in the order in which they are shown and documented.
pub(crate) static SETTINGS: [&Setting; 25] = [
    &GATEWAY_MAX_TASKS,
    &GATEWAY_SOCKET,
    &GATEWAY_AUTOSTART,
    &GATEWAY_LOG,
    &GATEWAY_LISTEN,
    &GATEWAY_ALLOW_REMOTE,
    &GATEWAY_ALLOWED_HOSTS,
    &GATEWAY_ALLOWED_ORIGINS,
    &GATEWAY_RATE_LIMIT,
    &CANCEL_GRACE,
    &RUN_PASS_ENV,
    &RUN_OWNER,
    &RUN_SHELL,
    &DELIVERY_ROUTES,
    &SUBAGENTS_DEPTH,
    &SUBAGENTS_CHILDREN,
    &SUBAGENTS_CONCURRENCY,
    &LIMITS_LOG_BYTES,
    &LIMITS_STDOUT_BYTES,
    &RETENTION_SUCCEEDED,
    &RETENTION_FAILED,
    &RETENTION_CANCELLED,
    &RETENTION_LOST,
    &RETENTION_OWNERS,
    &OUTPUT_COLOR,
];

/// The longest path of a unix socket: `sun_path` has 108 bytes, the last one is its NUL.
const SOCKET_PATH_BYTES_MAX: usize = 107;
/// `PATH_MAX` of Linux without its NUL.
const PATH_BYTES_MAX: usize = 4095;
/// An owner key is an index column and stands in every listing.
const OWNER_BYTES_MAX: usize = 256;

/// How long records may be kept: what ended in a test of a minute ago, or ten years.
const KEPT: std::ops::RangeInclusive<Duration> =
    Duration::from_secs(1)..=Duration::from_secs(3650 * 24 * 60 * 60);

/// Rules for owners: each one is a walk of every sweep.
const RETENTION_OWNERS_MAX: usize = 64;

/// `gateway.max_tasks`
pub(crate) static GATEWAY_MAX_TASKS: Setting = Setting {
    section: "gateway",
    key: "max_tasks",
    kind: Kind::Count { range: 1..=10_000, field: |s| &mut s.gateway.max_tasks },
    default: Default::PerCore(8),
    doc: "Tasks that run at once; more of them wait in the queue.",
};

/// `gateway.socket`
pub(crate) static GATEWAY_SOCKET: Setting = Setting {
    section: "gateway",
    key: "socket",
    kind: Kind::Path { bytes_max: SOCKET_PATH_BYTES_MAX, field: |s| &mut s.gateway.socket },
    default: Default::InHome("gateway.sock"),
    doc: "Unix socket that the other commands connect to.",
};

/// `gateway.autostart`
pub(crate) static GATEWAY_AUTOSTART: Setting = Setting {
    section: "gateway",
    key: "autostart",
    kind: Kind::Switch { field: |s| &mut s.gateway.autostart },
    default: Default::Text("true"),
    doc: "Whether `run --detach` starts a gateway where none runs.",
};

/// `gateway.log`
pub(crate) static GATEWAY_LOG: Setting = Setting {
    section: "gateway",
    key: "log",
    kind: Kind::Text {
        what: "a log filter such as `info` or `info,clawflow_engine=debug`",
        check: check_log_filter,
        field: |s| &mut s.gateway.log,
    },
    default: Default::Text("info"),
    doc: "What the gateway logs, as a filter of `tracing`.",
};

/// `gateway.listen`
pub(crate) static GATEWAY_LISTEN: Setting = Setting {
    section: "gateway",
    key: "listen",
    kind: Kind::Text {
        what: "an address with a port such as `127.0.0.1:7117`",
        check: network::check_listen,
        field: |s| &mut s.gateway.listen,
    },
    default: Default::Text(""),
    doc: "TCP address of the gateway, beside its socket; callers need a token there.",
};

/// `gateway.allow_remote`
pub(crate) static GATEWAY_ALLOW_REMOTE: Setting = Setting {
    section: "gateway",
    key: "allow_remote",
    kind: Kind::Switch { field: |s| &mut s.gateway.allow_remote },
    default: Default::Text("false"),
    doc: "Whether `gateway.listen` may be an address that other machines reach.",
};

/// `gateway.allowed_hosts`
pub(crate) static GATEWAY_ALLOWED_HOSTS: Setting = Setting {
    section: "gateway",
    key: "allowed_hosts",
    kind: Kind::Texts {
        what: "host names, `name` or `name:port`",
        max: network::NAMES_MAX,
        check: network::check_host,
        field: |s| &mut s.gateway.allowed_hosts,
    },
    default: Default::Text(""),
    doc: "Names by which TCP callers may call the gateway, besides `localhost` and its address.",
};

/// `gateway.allowed_origins`
pub(crate) static GATEWAY_ALLOWED_ORIGINS: Setting = Setting {
    section: "gateway",
    key: "allowed_origins",
    kind: Kind::Texts {
        what: "origins of web pages such as `https://app.example.org`",
        max: network::NAMES_MAX,
        check: network::check_origin,
        field: |s| &mut s.gateway.allowed_origins,
    },
    default: Default::Text(""),
    doc: "Web pages that may call the gateway over TCP, with a token.",
};

/// `gateway.rate_limit`
pub(crate) static GATEWAY_RATE_LIMIT: Setting = Setting {
    section: "gateway",
    key: "rate_limit",
    kind: Kind::Count { range: 1..=1_000_000, field: |s| &mut s.gateway.rate_limit },
    default: Default::Text("20000"),
    doc: "Requests per second of one token, and of one connection; more are answered with 429.",
};

/// `cancel.grace`
pub(crate) static CANCEL_GRACE: Setting = Setting {
    section: "cancel",
    key: "grace",
    kind: Kind::Duration {
        range: Duration::ZERO..=Duration::from_secs(600),
        field: |s| &mut s.cancel.grace,
    },
    default: Default::Text("5s"),
    doc: "Time a cancelled task has to end after SIGTERM, before SIGKILL.",
};

/// `run.pass_env`
pub(crate) static RUN_PASS_ENV: Setting = Setting {
    section: "run",
    key: "pass_env",
    kind: Kind::EnvNames { max: 256, field: |s| &mut s.run.pass_env },
    default: Default::Text(""),
    doc: "Environment variables stored with a flow, in plain text, beside the basic ones.",
};

/// `run.owner`
pub(crate) static RUN_OWNER: Setting = Setting {
    section: "run",
    key: "owner",
    kind: Kind::Text {
        what: "an owner key of 1 to 256 bytes without spaces",
        check: check_owner,
        field: |s| &mut s.run.owner,
    },
    default: Default::Text("agent:main:main"),
    doc: "Owner of a flow that is started without `--owner`.",
};

/// `run.shell`
pub(crate) static RUN_SHELL: Setting = Setting {
    section: "run",
    key: "shell",
    kind: Kind::Path { bytes_max: PATH_BYTES_MAX, field: |s| &mut s.run.shell },
    default: Default::Text("/bin/sh"),
    doc: "Shell that runs the command lines of steps.",
};

/// `delivery.routes`
pub(crate) static DELIVERY_ROUTES: Setting = Setting {
    section: "delivery",
    key: "routes",
    kind: Kind::Path { bytes_max: PATH_BYTES_MAX, field: |s| &mut s.delivery.routes },
    default: Default::InHome("routes.toml"),
    doc: "File of the routes that messages to owners take; without it they go to the inbox.",
};

/// `subagents.depth`
pub(crate) static SUBAGENTS_DEPTH: Setting = Setting {
    section: "subagents",
    key: "depth",
    kind: Kind::Count { range: 1..=32, field: |s| &mut s.subagents.depth },
    default: Default::Text("5"),
    doc: "How deep sub-agents may be below each other.",
};

/// `subagents.children`
pub(crate) static SUBAGENTS_CHILDREN: Setting = Setting {
    section: "subagents",
    key: "children",
    kind: Kind::Count { range: 1..=1000, field: |s| &mut s.subagents.children },
    default: Default::Text("5"),
    doc: "Sub-agents of one session that may be open at once.",
};

/// `subagents.concurrency`
pub(crate) static SUBAGENTS_CONCURRENCY: Setting = Setting {
    section: "subagents",
    key: "concurrency",
    kind: Kind::Count { range: 1..=10_000, field: |s| &mut s.subagents.concurrency },
    default: Default::Text("8"),
    doc: "Sub-agents that run at once; more of them wait in the queue `subagents`.",
};

/// `limits.log_bytes`
pub(crate) static LIMITS_LOG_BYTES: Setting = Setting {
    section: "limits",
    key: "log_bytes",
    kind: Kind::Bytes { range: 64 << 10..=64 << 30, field: |s| &mut s.limits.log_bytes },
    default: Default::Text("64MiB"),
    doc: "Size of a task's log; what comes after it is dropped and counted.",
};

/// `limits.stdout_bytes`
pub(crate) static LIMITS_STDOUT_BYTES: Setting = Setting {
    section: "limits",
    key: "stdout_bytes",
    // The upper end stays well below what one row of SQLite can hold (1 GB).
    kind: Kind::Bytes { range: 1 << 10..=256 << 20, field: |s| &mut s.limits.stdout_bytes },
    default: Default::Text("16MiB"),
    doc: "Size of a step's result that is kept for references from other steps.",
};

/// `retention.succeeded`
pub(crate) static RETENTION_SUCCEEDED: Setting = Setting {
    section: "retention",
    key: "succeeded",
    kind: Kind::Duration { range: KEPT, field: |s| &mut s.retention.succeeded },
    default: Default::Text("7d"),
    doc: "How long flows and tasks that succeeded are kept after their end.",
};

/// `retention.failed`
pub(crate) static RETENTION_FAILED: Setting = Setting {
    section: "retention",
    key: "failed",
    kind: Kind::Duration { range: KEPT, field: |s| &mut s.retention.failed },
    default: Default::Text("7d"),
    doc: "The same for those that failed or ran out of time.",
};

/// `retention.cancelled`
pub(crate) static RETENTION_CANCELLED: Setting = Setting {
    section: "retention",
    key: "cancelled",
    kind: Kind::Duration { range: KEPT, field: |s| &mut s.retention.cancelled },
    default: Default::Text("7d"),
    doc: "The same for those that were cancelled.",
};

/// `retention.lost`
pub(crate) static RETENTION_LOST: Setting = Setting {
    section: "retention",
    key: "lost",
    kind: Kind::Duration { range: KEPT, field: |s| &mut s.retention.lost },
    default: Default::Text("1d"),
    doc: "The same for those that were lost.",
};

/// `retention.owners`
pub(crate) static RETENTION_OWNERS: Setting = Setting {
    section: "retention",
    key: "owners",
    kind: Kind::Texts {
        what: "rules such as `agent:batch:* 1d` or `agent:batch:* failed=30d lost=2d`",
        max: RETENTION_OWNERS_MAX,
        check: check_kept,
        field: |s| &mut s.retention.owners,
    },
    default: Default::Text(""),
    doc: "Owners for whom other times hold; `*` is any text, of two that fit the longer counts.",
};

/// `output.color`
pub(crate) static OUTPUT_COLOR: Setting = Setting {
    section: "output",
    key: "color",
    kind: Kind::Color { field: |s| &mut s.output.color },
    default: Default::Text("auto"),
    doc: "When to colour: `auto` means on a terminal without `NO_COLOR`.",
};

/// Refuses what `tracing` cannot parse, and a lone word that is nearly a level: `tracing` would
/// take `infoo` for the name of a module and log nothing at all.
fn check_log_filter(text: &str) -> Result<(), String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    EnvFilter::try_new(text).map_err(|error| format!("is none ({error})"))?;
    for word in text.split(',').map(str::trim) {
        let lower = word.to_ascii_lowercase();
        if LEVELS.contains(&lower.as_str()) {
            continue;
        }
        if let Some(level) = closest(&lower, LEVELS) {
            return Err(format!("has `{word}`, which is nearly the level `{level}`"));
        }
    }
    Ok(())
}

/// How long what belongs to an owner is kept.
fn check_kept(text: &str) -> Result<(), String> {
    text.parse::<clawflow_engine::retention::OwnerRetention>().map(drop)
}

/// An owner key is typed on command lines and printed in tables: no spaces, no control characters.
fn check_owner(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("is empty".to_owned());
    }
    if text.len() > OWNER_BYTES_MAX {
        return Err(format!("has {} bytes", text.len()));
    }
    if text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err("has a space or control character".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_unique_and_documented_in_one_line() {
        let names: BTreeSet<_> = SETTINGS.iter().map(|s| s.env_name()).collect();
        assert_eq!(names.len(), SETTINGS.len());
        for setting in SETTINGS {
            assert!(setting.doc.ends_with('.') && !setting.doc.contains('\n'), "{}", setting.doc);
            assert!(!setting.doc.contains('|'), "a bar would break the documentation's table");
        }
    }

    #[test]
    fn log_filters_are_checked() {
        for good in ["info", "WARN", "info,clawflow_engine=debug", "clawflow_engine[span]=trace"] {
            assert_eq!(check_log_filter(good), Ok(()), "{good}");
        }
        let nearly = check_log_filter("infoo").unwrap_err();
        assert_eq!(nearly, "has `infoo`, which is nearly the level `info`");
        let level = check_log_filter("a=loud").unwrap_err();
        assert!(level.starts_with("is none (error parsing level filter"), "{level}");
    }

    #[test]
    fn owner_keys_are_checked() {
        assert_eq!(check_owner("agent:main:main"), Ok(()));
        assert!(check_owner("").is_err());
        assert!(check_owner("a b").is_err());
        assert!(check_owner("a\u{7}").is_err());
        assert!(check_owner(&"x".repeat(257)).is_err());
    }
}
