//! One round: start flows, answer them, restart what was killed, until all have ended.

use super::chaos::{Chaos, Gateway, is_shim};
use super::plan::{Plan, plans};
use super::rng::Rng;
use super::story::{self, Story};
use super::world::World;
use crate::scenes_support::{Home, Terminal};
use clawflow_core::wait::{Wait, WaitKind, WaitState};
use clawflow_engine::api::{
    ApiError, FlowAnswer, FlowAnswerRequest, FlowCancel, FlowCancelRequest, FlowPause,
    FlowPauseRequest, FlowRef, FlowSettle, FlowSettleRequest, FlowShow, FlowUnpause, FlowView,
    SettleHow,
};
use clawflow_engine::shim::procfs;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long the flows of a round may take together, kills and long backoffs included.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long what a step left behind may take to go.
const EMPTY_PATIENCE: Duration = Duration::from_secs(15);
/// Pause between two looks at the flows.
const PAUSE: Duration = Duration::from_millis(15);

/// A flow on its way.
struct Going {
    plan: Plan,
    flow: Option<String>,
    since: Instant,
    cancelled: bool,
    paused: Paused,
    ended: bool,
    revision: u64,
}

/// Where the plan's pause stands.
#[derive(PartialEq)]
enum Paused {
    Not,
    Since(Instant),
    Over,
}

struct Round {
    seed: u64,
    home: Home,
    gateway: Gateway,
    going: Vec<Going>,
    /// Terminals that follow a flow, and drive it when the gateway is away.
    followers: Vec<Terminal>,
    rng: Rng,
    findings: Vec<String>,
    tally: Tally,
}

/// What happened in rounds, in numbers: a killer that hits nothing proves nothing.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) flows: BTreeMap<&'static str, usize>,
    pub(crate) attempts: BTreeMap<&'static str, usize>,
    pub(crate) settled: usize,
    pub(crate) killed: BTreeMap<String, usize>,
}

impl Tally {
    pub(crate) fn add(&mut self, other: Self) {
        let sum = |to: &mut BTreeMap<&'static str, usize>, from: BTreeMap<&'static str, usize>| {
            from.into_iter().for_each(|(name, count)| *to.entry(name).or_default() += count);
        };
        sum(&mut self.flows, other.flows);
        sum(&mut self.attempts, other.attempts);
        self.settled += other.settled;
        for (name, count) in other.killed {
            *self.killed.entry(name).or_default() += count;
        }
    }

    fn take(&mut self, story: &Story) {
        *self.flows.entry(story.flow.status.as_str()).or_default() += 1;
        for task in &story.tasks {
            *self.attempts.entry(task.status.as_str()).or_default() += 1;
        }
        self.settled += story.events.iter().filter(|e| e.kind == "step.settled").count();
    }
}

/// Runs a round; returns what happened and what is wrong with it.
pub(crate) fn run(seed: u64) -> (Tally, Vec<String>) {
    let mut home = Home::new();
    home.set("CLAWFLOW_CANCEL_GRACE", "300ms");
    home.set("CLAWFLOW_GATEWAY_MAX_TASKS", ["2", "3", "16"][(seed % 3) as usize]);
    home.set("CLAWFLOW_GATEWAY_LOG", "info,clawflow_engine=debug");
    let going = |plan| Going {
        plan,
        flow: None,
        since: Instant::now(),
        cancelled: false,
        paused: Paused::Not,
        ended: false,
        revision: 0,
    };
    let going = plans(seed).into_iter().map(going).collect();
    let gateway = Gateway::default();
    let tally = Tally::default();
    let (followers, findings, rng) = (Vec::new(), Vec::new(), Rng::of(seed, "round"));
    let mut round = Round { seed, home, gateway, going, followers, rng, findings, tally };
    let kills = round.drive();
    round.settle_accounts();
    let Round { findings, home, going, mut tally, .. } = round;
    for kind in kills.iter().flat_map(|kill| kill.split(" + ")) {
        let kind = kind.split(' ').next().unwrap_or_default();
        *tally.killed.entry(kind.to_owned()).or_default() += 1;
    }
    if findings.is_empty() {
        return (tally, findings);
    }
    let files = going.iter().map(|g| format!("--- {} {:?}\n{}", g.plan.key, g.flow, g.plan.file));
    let mut all = vec![format!("=== round of seed {seed}"), format!("kills: {kills:?}")];
    all.extend(files);
    all.push(format!("--- log\n{}\n--- marks\n{}", home.log(), home.marks()));
    all.push(format!("=== findings of seed {seed}"));
    all.extend(findings);
    (tally, all)
}

impl Round {
    /// Until all flows have ended and the killing is over.
    fn drive(&mut self) -> Vec<String> {
        let give_up = Instant::now() + PATIENCE;
        self.revive();
        let chaos = Chaos::start(self.seed, &self.home.home(), &self.gateway);
        while !(chaos.is_over() && self.going.iter().all(|going| going.ended)) {
            if Instant::now() > give_up {
                self.findings.push("not all flows end".to_owned());
                break;
            }
            self.revive();
            if self.seed.is_multiple_of(3) && !chaos.is_over() {
                self.follow();
            }
            for at in 0..self.going.len() {
                // Whatever the gateway's death interrupts is tried again.
                match self.look_after(at) {
                    Err(error) if error.code != "unavailable" => {
                        let key = &self.going[at].plan.key;
                        self.findings.push(format!("{key}: {} {error}", error.code));
                    }
                    _ => {}
                }
            }
            std::thread::sleep(PAUSE);
        }
        for follower in std::mem::take(&mut self.followers) {
            follower.interrupt();
            let said = follower.end();
            // Ended, failed, asked for a person, interrupted.
            if ![0, 1, 7, 130].map(Some).contains(&said.code) {
                self.findings.push(format!("a follower ended with {said:?}"));
            }
        }
        chaos.end()
    }

    /// Now and then a terminal begins to follow a flow, and another one is killed.
    fn follow(&mut self) {
        let going: Vec<_> = self.going.iter().filter(|g| g.flow.is_some() && !g.ended).collect();
        if !going.is_empty() && self.followers.len() < 3 && self.rng.chance(15) {
            let at = self.rng.from(0, going.len() as u64 - 1) as usize;
            let follow = ["run", "--continue", &going[at].plan.key];
            self.followers.push(self.home.terminal(&follow));
        }
        if !self.followers.is_empty() && self.rng.chance(5) {
            let at = self.rng.from(0, self.followers.len() as u64 - 1) as usize;
            let mut follower = self.followers.swap_remove(at);
            follower.kill();
            follower.end();
            *self.tally.killed.entry("follower".to_owned()).or_default() += 1;
        }
    }

    /// Starts a gateway where there is none.
    fn revive(&mut self) {
        let mut pid = self.gateway.lock().unwrap();
        if self.home.gateway_is_gone() {
            *pid = Some(self.home.spawn_gateway());
        }
    }

    fn look_after(&mut self, at: usize) -> Result<(), ApiError> {
        let going = &mut self.going[at];
        if going.ended {
            return Ok(());
        }
        let flow = match &going.flow {
            Some(flow) => flow.clone(),
            None => {
                let made = self.home.try_flow(&going.plan.key, &going.plan.file);
                let flow = match made {
                    // An earlier try did more than its answer could tell.
                    Err(error) if error.code == "key_conflict" => None,
                    made => Some(made?),
                };
                let by_key = FlowRef { flow: going.plan.key.clone() };
                let id = match flow {
                    Some(flow) => flow.flow_id.0,
                    None => self.home.call::<FlowShow>(&by_key)?.flow.flow_id.0,
                };
                going.since = Instant::now();
                going.flow = Some(id.clone());
                id
            }
        };
        let view = self.home.call::<FlowShow>(&FlowRef { flow: flow.clone() })?;
        if view.flow.revision < going.revision {
            self.findings.push(format!("{}: the revision went back", going.plan.key));
        }
        going.revision = view.flow.revision;
        if view.flow.is_terminal() {
            going.ended = true;
            self.home.mark(&format!("ended {flow}"));
            return Ok(());
        }
        self.steer(at, &flow)?;
        for wait in view.waits.iter().filter(|wait| wait.state == WaitState::Open) {
            match self.answer(&view, wait) {
                // It has moved on since the look.
                Err(error) if ["invalid_state", "terminal"].contains(&error.code.as_str()) => {}
                answered => answered?,
            }
        }
        Ok(())
    }

    /// Cancels, pauses and goes on as the plan says.
    fn steer(&mut self, at: usize, flow: &str) -> Result<(), ApiError> {
        let going = &mut self.going[at];
        let age = going.since.elapsed();
        let flow = flow.to_owned();
        let lenient = |error: ApiError| match error.code.as_str() {
            "terminal" | "invalid_state" | "cancel_requested" => Ok(()),
            _ => Err(error),
        };
        let pause = |flow: String| FlowPauseRequest {
            flow,
            expected_revision: None,
            reason: String::new(),
        };
        match (going.plan.pause_at, &going.paused) {
            (Some((from, _)), Paused::Not) if age > Duration::from_millis(from) => {
                let paused = self.home.call::<FlowPause>(&pause(flow.clone()));
                paused.map(drop).or_else(lenient)?;
                going.paused = Paused::Since(Instant::now());
            }
            (Some((_, long)), Paused::Since(since))
                if since.elapsed() > Duration::from_millis(long) =>
            {
                let unpaused = self.home.call::<FlowUnpause>(&pause(flow.clone()));
                unpaused.map(drop).or_else(lenient)?;
                going.paused = Paused::Over;
            }
            _ => {}
        }
        let due = going.plan.cancel_at.is_some_and(|at| age > Duration::from_millis(at));
        if due && !going.cancelled {
            let request = FlowCancelRequest {
                flow: flow.clone(),
                expected_revision: None,
                reason: "by the plan".to_owned(),
                wait_ms: 0,
            };
            match self.home.call::<FlowCancel>(&request) {
                Ok(_) => self.home.mark(&format!("cancelled {flow}")),
                Err(error) => lenient(error)?,
            }
            going.cancelled = true;
        }
        Ok(())
    }

    /// Answers what is asked as the seed says, whatever happened before.
    fn answer(&self, view: &FlowView, wait: &Wait) -> Result<(), ApiError> {
        let step = wait.step_id.clone().unwrap_or_default();
        let attempt = view.steps.iter().find(|s| s.step_id == step).map_or(0, |s| s.attempt);
        let key = view.flow.key.as_deref().unwrap_or_default();
        let mut rng = Rng::of(self.seed, &format!("{key} {step} {attempt} {:?}", wait.kind));
        let flow = view.flow.flow_id.0.clone();
        match wait.kind {
            WaitKind::Approval => {
                // Some gates are left to their timeout.
                if wait.due_at.is_some() && rng.chance(30) {
                    return Ok(());
                }
                let answer = self.home.call::<FlowAnswer>(&FlowAnswerRequest {
                    flow,
                    step: None,
                    wait_id: Some(wait.wait_id.clone()),
                    approve: Some(rng.chance(85)),
                    response: None,
                    by: "killer".to_owned(),
                    shown_hash: None,
                })?;
                drop(answer);
            }
            WaitKind::InDoubt => {
                let (how, result) = match rng.from(0, 4) {
                    0 | 1 => (SettleHow::Rerun, None),
                    2 => (SettleHow::Succeeded, Some(json!("settled"))),
                    3 => (SettleHow::Skip, None),
                    _ => (SettleHow::Fail, None),
                };
                let by = "killer".to_owned();
                let step = Some(step);
                let mut request = FlowSettleRequest { flow, step, how, result, by };
                match self.home.call::<FlowSettle>(&request) {
                    // The failure of another step has stopped the flow: nothing may rerun.
                    Err(error) if error.code == "invalid_state" => {
                        (request.how, request.result) = (SettleHow::Skip, None);
                        self.home.call::<FlowSettle>(&request)?;
                    }
                    settled => drop(settled?),
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Nothing is left, and the ledger tells what happened.
    fn settle_accounts(&mut self) {
        let home = self.home.home();
        let give_up = Instant::now() + EMPTY_PATIENCE;
        loop {
            let shims = procfs::all().into_iter().filter(|s| !s.is_dead() && is_shim(s, &home));
            let shims: Vec<u32> = shims.map(|stat| stat.id.pid).collect();
            let left = self.home.left();
            if left.is_empty() && shims.is_empty() {
                break;
            }
            if Instant::now() > give_up {
                self.findings.push(format!("processes are left: {left:?}, shims {shims:?}"));
                break;
            }
            std::thread::sleep(PAUSE);
        }
        // The last one may still be on its way up, or not have been able to.
        let give_up = Instant::now() + EMPTY_PATIENCE;
        while self.home.block_on(self.home.client().ping()).is_err() && Instant::now() < give_up {
            self.revive();
            std::thread::sleep(PAUSE);
        }
        self.home.stop_gateway();
        let (stories, findings) = story::read(&home);
        self.findings.extend(findings);
        let marks = self.home.marks();
        if stories.len() != self.going.len() {
            self.findings.push(format!("{} flows are on record", stories.len()));
        }
        for story in &stories {
            self.tally.take(story);
            self.findings.extend(story.findings());
            let world = World::of(&marks, story.flow.flow_id.as_str());
            self.findings.extend(world.findings(story));
        }
    }
}
