//! Gates that open while a person looks: asked on the terminal, told elsewhere.

use super::muted::Muted;
use super::view::Show;
use clawflow_core::ids::{FlowId, WaitId};
use clawflow_core::wait::{Wait, WaitKind, WaitState};
use clawflow_engine::api::FlowView;
use std::collections::{HashMap, HashSet};
use std::io::{BufRead, IsTerminal};
use tokio::sync::mpsc;

/// The gates of a followed flow.
pub(crate) struct Gates {
    told: HashSet<WaitId>,
    /// The one that the person at the terminal is asked now: one at a time.
    asking: Option<WaitId>,
    /// Those that were asked and are over for this terminal.
    done: HashSet<WaitId>,
    quiet: Option<Muted>,
    /// Whose the gates are that were open: the flow's own, or a child flow's.
    flows: HashMap<WaitId, FlowId>,
    /// Lines of the terminal, where there is one.
    lines: Option<mpsc::UnboundedReceiver<String>>,
}

impl Gates {
    /// Asks on the terminal if standard input and error are one.
    pub(crate) fn new(may_ask: bool) -> Self {
        let ask = may_ask && std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
        Self {
            told: HashSet::new(),
            asking: None,
            done: HashSet::new(),
            quiet: None,
            flows: HashMap::new(),
            lines: ask.then(read_lines),
        }
    }

    /// Whether a person can be asked here.
    pub(crate) fn can_ask(&self) -> bool {
        self.lines.is_some()
    }

    /// Tells of gates that have opened since the last look, and asks the oldest one that nobody has
    /// answered. Returns whether any is open.
    pub(crate) fn look(&mut self, view: &FlowView, show: &Show) -> bool {
        let is_open = |wait: &&Wait| {
            wait.state == WaitState::Open
                && (matches!(
                    wait.kind,
                    WaitKind::Approval | WaitKind::Permission | WaitKind::Input | WaitKind::InDoubt
                ) || wait.kind == WaitKind::Budget && wait.prompt.is_some())
        };
        let below = view.children.iter().flat_map(|child| &child.asks);
        let open: Vec<&Wait> = view.waits.iter().chain(below).filter(is_open).collect();
        self.flows.extend(open.iter().map(|wait| (wait.wait_id.clone(), wait.flow_id.clone())));
        if let Some(asked) = &self.asking
            && !open.iter().any(|wait| wait.wait_id == *asked)
        {
            let wait = view.waits.iter().find(|wait| wait.wait_id == *asked);
            let step = wait.and_then(|wait| wait.step_id.as_deref()).unwrap_or("the gate");
            show.say(&match wait.and_then(|wait| wait.answered_by.as_deref()) {
                Some(by) => format!("{step}: {by} has answered"),
                None => format!("{step} waits no longer"),
            });
            self.asking = None;
        }
        for wait in &open {
            let is_asked = self.can_ask() && is_yes_or_no(wait);
            if !is_asked && self.told.insert(wait.wait_id.clone()) {
                tell(view, wait, show);
            }
        }
        let mut next = open.iter().filter(|wait| is_yes_or_no(wait));
        if self.can_ask()
            && self.asking.is_none()
            && let Some(wait) = next.find(|wait| !self.done.contains(&wait.wait_id))
        {
            self.ask(wait, show);
        }
        if self.asking.is_none() {
            self.quiet = None;
        }
        !open.is_empty()
    }

    fn ask(&mut self, wait: &Wait, show: &Show) {
        self.asking = Some(wait.wait_id.clone());
        self.quiet = self.quiet.take().or_else(Muted::all);
        let step = wait.step_id.as_deref().unwrap_or("the task");
        let prompt = wait.prompt.as_deref().unwrap_or_default();
        preview(wait, show);
        show.say(&format!("{step}: {prompt} [y = approve, n = deny] "));
    }

    /// The flow that asks there.
    pub(crate) fn flow_of(&self, wait_id: &WaitId) -> Option<&FlowId> {
        self.flows.get(wait_id)
    }

    /// Asks again: the answer did not get through.
    pub(crate) fn ask_again(&mut self, wait_id: &WaitId) {
        self.done.remove(wait_id);
    }

    /// The next answer of the person at the terminal; `None` when the terminal's input ends, and
    /// then never again.
    pub(crate) async fn answer(&mut self) -> Option<(WaitId, bool)> {
        loop {
            let line = match &mut self.lines {
                Some(lines) => lines.recv().await,
                None => std::future::pending().await,
            };
            let Some(line) = line else {
                self.lines = None;
                self.asking = None;
                self.quiet = None;
                return None;
            };
            let yes = match line.trim().to_ascii_lowercase().as_str() {
                "y" | "yes" => true,
                "n" | "no" => false,
                _ => continue,
            };
            if let Some(wait_id) = self.asking.take() {
                self.quiet = None;
                self.done.insert(wait_id.clone());
                return Some((wait_id, yes));
            }
        }
    }
}

/// Whether a yes or no is wanted.
fn is_yes_or_no(wait: &Wait) -> bool {
    matches!(wait.kind, WaitKind::Approval | WaitKind::Permission)
}

/// Tells of a gate that is to be answered elsewhere.
fn tell(view: &FlowView, wait: &Wait, show: &Show) {
    let own = view.flow.flow_id == wait.flow_id;
    let key = view.flow.key.as_deref().filter(|_| own);
    let name = key.unwrap_or(wait.flow_id.as_str());
    let step = wait.step_id.as_deref().unwrap_or_default();
    let prompt = wait.prompt.as_deref().unwrap_or_default();
    preview(wait, show);
    if wait.kind == WaitKind::InDoubt {
        show.say(&format!("{step} is in doubt: {prompt}"));
        let hows = "--rerun | --succeeded | --skip | --fail";
        return show.say(&format!("hint: clawflow flows settle {name} --step {step} {hows}"));
    }
    if wait.kind == WaitKind::Budget {
        return show.say(prompt);
    }
    if wait.kind == WaitKind::Input {
        show.say(&format!("{step} waits for an answer: {prompt}"));
        let hint = format!("clawflow flows answer {name} --step {step} --response JSON");
        return show.say(&format!("hint: {hint}"));
    }
    if wait.kind == WaitKind::Permission && wait.step_id.is_none() {
        show.say(prompt);
        let answer = format!("clawflow flows approve {name} --wait-id {}", wait.wait_id);
        return show.say(&format!("hint: {answer}   (or deny)"));
    }
    show.say(&format!("{step} waits for approval: {prompt}"));
    show.say(&format!("hint: clawflow flows approve {name} --step {step}   (or deny)"));
}

fn preview(wait: &Wait, show: &Show) {
    if let Some(preview) = &wait.preview {
        let step = wait.step_id.as_deref().unwrap_or("the agent");
        show.say(&format!("--- {step} shows\n{}\n---", preview.trim_end()));
    }
}

/// Reads the terminal on a thread of its own: it blocks until the process ends.
fn read_lines() -> mpsc::UnboundedReceiver<String> {
    let (sender, lines) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    lines
}
