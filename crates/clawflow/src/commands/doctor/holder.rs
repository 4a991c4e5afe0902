//! Who holds the home, whether they answer, and whether the store is whole.

use super::finding::Finding;
use super::queues;
use crate::config::Settings;
use crate::show::{moment, now};
use clawflow_gateway::Client;
use clawflow_gateway::holder::{self, Guard, HolderInfo, Kind, Taken};
use clawflow_store::{SqliteStore, Store};
use std::path::Path;

/// Looks at the holder and the store. Makes no home and no store.
pub(super) async fn examine(settings: &Settings) -> Vec<Finding> {
    let home = &settings.home;
    if !home.is_dir() {
        return Vec::new();
    }
    match holder::look(home) {
        Ok(Some(holder)) => held(&holder).await,
        Ok(None) => free(home, settings),
        Err(error) => {
            let hint = "end the program that holds the lock";
            vec![Finding::fail("lock", error.to_string(), hint)]
        }
    }
}

async fn held(holder: &HolderInfo) -> Vec<Finding> {
    let HolderInfo { pid, kind, version, started_at, socket } = holder;
    let since = moment(*started_at, now());
    let lock = format!("held by a {} (pid {pid}, since {since})", kind.word());
    let mut findings = vec![Finding::ok("lock", lock)];
    if *kind == Kind::Command {
        return findings;
    }
    let ours = env!("CARGO_PKG_VERSION");
    findings.push(match version == ours {
        true => Finding::ok("version", format!("{ours}, here and there")),
        false => {
            let message = format!("the {} is {version}, this is {ours}", kind.word());
            Finding::warn("version", message, "restart it: clawflow gateway stop")
        }
    });
    let client = Client::new(socket.as_path());
    findings.push(match client.ping().await {
        Ok(()) => Finding::ok("socket", format!("{} answers", socket.display())),
        Err(error) => {
            let hint = format!("is process {pid} stopped? it holds the home and does not serve");
            Finding::fail("socket", error.message, &hint)
        }
    });
    findings.extend(queues::at_holder(&client).await);
    findings
}

fn free(home: &Path, settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![Finding::ok("lock", "nobody holds the home")];
    if !home.join("clawflow.db").exists() {
        findings.push(Finding::ok("store", "there is none yet"));
        return findings;
    }
    let socket = home.join("gateway.sock");
    let me = HolderInfo::this_process(Kind::Command, env!("CARGO_PKG_VERSION"), &socket);
    match holder::take(home, me) {
        Ok(Taken::Lock(guard)) => findings.extend(store(home, settings, &guard)),
        Ok(Taken::HeldBy(_)) => {
            findings.push(Finding::ok("store", "somebody has just taken the home: not looked at"));
        }
        Err(error) => {
            let hint = "see who may write to the home";
            findings.push(Finding::fail("lock", error.to_string(), hint));
        }
    }
    findings
}

/// Only its holder may open the store.
fn store(home: &Path, settings: &Settings, _guard: &Guard) -> Vec<Finding> {
    let checked = SqliteStore::open(home).and_then(|store| {
        let wrong = store.check()?;
        Ok((wrong, queues::in_store(&store, &settings.queues)?))
    });
    let (checked, queues) = match checked {
        Ok((wrong, queues)) => (Ok(wrong), queues),
        Err(error) => (Err(error), None),
    };
    let whole = match checked {
        Ok(wrong) if wrong.is_empty() => Finding::ok("store", "it is whole"),
        Ok(wrong) => {
            let hint = "keep a copy of the home before anything else";
            Finding::fail("store", wrong.join("\n"), hint)
        }
        Err(error) => Finding::fail(
            "store",
            error.to_string(),
            "keep a copy of the home before anything else",
        ),
    };
    [whole].into_iter().chain(queues).collect()
}
