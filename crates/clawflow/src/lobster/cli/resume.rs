//! `lobster resume`: answers a gate, and follows the run to its next one or to its end.

use super::claim::Claim;
use super::drive::{Rest, Run, outcome};
use super::outcome::{Origin, Outcome};
use super::prompt::{check, check_by, workflow_words};
use super::signals::Came;
use super::token::{self, Gate, Named};
use super::trouble::Trouble;
use super::{find, gate, home, index, pipeline, report, workflow};
use crate::cli::escape_lines;
use crate::commands::run::person;
use crate::config::Flags;
use clawflow_core::wait::{Wait, WaitKind, WaitState};
use clawflow_engine::api::{
    FlowAnswerRequest, FlowCancel, FlowCancelRequest, FlowRef, FlowShow, FlowSource, FlowView,
};
use serde_json::Value;
use std::process::ExitCode;

/// What `resume` is told.
#[derive(Clone, Debug, PartialEq)]
struct Options {
    token: Option<String>,
    id: Option<String>,
    intent: Intent,
}

/// What is to become of the run.
#[derive(Clone, Debug, PartialEq)]
enum Intent {
    Approve(bool),
    Respond(Value),
    Cancel,
}

/// What is left to do once the outcome was told.
#[derive(Default)]
struct Left {
    /// The signal by whose exit code the process ends.
    came: Option<Came>,
    /// The gate, which has no short id any more.
    gate: Option<Gate>,
    /// The right to tell the outcome.
    claim: Option<Claim>,
}

/// Does what the words say. Programs read what it tells, always.
pub(super) fn run(words: &[&str], flags: Flags) -> ExitCode {
    let mut left = Left::default();
    let outcome = parse(words).and_then(|options| {
        let ctx = home::ctx(flags)?;
        super::entry::block_on(async {
            let mut run = Run::open(ctx).await?;
            let outcome = go_on(&mut run, &options, &mut left).await;
            run.close().await;
            outcome
        })
    });
    let code = report::tool(outcome);
    // Not before: whoever was killed meanwhile comes back under the same name.
    if let Some(gate) = &left.gate {
        index::forget(gate);
    }
    if let Some(claim) = left.claim {
        claim.told();
    }
    left.came.map_or(code, |came| ExitCode::from(came.code))
}

async fn go_on(run: &mut Run, options: &Options, left: &mut Left) -> Result<Outcome, Trouble> {
    let named = named(run, options).await?;
    let view = match &named.gate {
        Some(gate) => show(run, gate).await?,
        None => None,
    };
    let found = view.as_ref().and_then(|view| {
        let gate = named.gate.as_ref()?;
        Some((gate, view, view.waits.iter().find(|wait| wait.wait_id == gate.wait)?))
    });
    let missing = || Trouble::runtime(words_of(named.origin, "state not found"));
    let Some((gate, view, wait)) = found else {
        let is_cancel = options.intent == Intent::Cancel;
        return Err(if is_cancel { lost_cancel() } else { missing() });
    };
    if options.intent == Intent::Cancel {
        give_up(run, view, wait).await?;
        index::forget(gate);
        return Ok(Outcome::Cancelled);
    }
    let home = run.home().to_owned();
    if wait.state != WaitState::Open {
        let place = Claim::inherit(&home, &gate.wait);
        let is_free = place.is_some();
        let claim = place.filter(|_| is_same(wait, &options.intent));
        if claim.is_none() && !was_interrupted(run, view, wait, &options.intent) {
            // Whoever comes with the right answer takes the place by the same id.
            if !is_free {
                index::forget(gate);
            }
            tell_of_answer(view, wait);
            return Err(missing());
        }
        run.adopt(&gate.flow).await?;
        return follow(run, gate, view, left, claim).await;
    }
    let response = fits(named.origin, view, wait, &options.intent)?;
    let claim = Claim::take(&home, &gate.wait);
    if options.intent == Intent::Approve(false) {
        let denied = deny(run, view, wait).await?;
        left.claim = claim;
        if !denied {
            return Err(missing());
        }
        left.gate = Some(gate.clone());
        return Ok(Outcome::Cancelled);
    }
    tell_of_edits(run, gate).await;
    run.adopt(&gate.flow).await?;
    let request = FlowAnswerRequest {
        approve: (options.intent == Intent::Approve(true)).then_some(true),
        response,
        ..answer(view, wait)
    };
    if !run.answer(&request).await? {
        left.claim = claim;
        return Err(missing());
    }
    follow(run, gate, view, left, claim).await
}

/// Follows the run on from an answered gate.
async fn follow(
    run: &mut Run,
    gate: &Gate,
    view: &FlowView,
    left: &mut Left,
    claim: Option<Claim>,
) -> Result<Outcome, Trouble> {
    run.passed(view.last_event);
    let rest = run.rest().await?;
    let outcome = match rest {
        Rest::Came(signal) => {
            left.came = Some(signal);
            Err(run.interrupted(signal).await)
        }
        rest => outcome(&rest),
    };
    (left.gate, left.claim) = (Some(gate.clone()), claim);
    outcome
}

/// The gate that is meant.
async fn named(run: &Run, options: &Options) -> Result<Named, Trouble> {
    let Some(id) = options.id.as_deref() else {
        return token::read(options.token.as_deref().unwrap_or_default());
    };
    match find::by_id(run.backend(), id).await? {
        Some(gate) if Claim::inherit(run.home(), &gate.wait).is_some() => {
            Ok(Named { origin: gate.origin, gate: Some(gate) })
        }
        Some(gate) if is_live(run, &gate).await? => {
            Ok(Named { origin: gate.origin, gate: Some(gate) })
        }
        _ => Err(Trouble::parse(format!("Approval ID \"{id}\" not found or expired"))),
    }
}

/// Whether the flow of a gate that was noted can still go on from it.
async fn is_live(run: &Run, gate: &Gate) -> Result<bool, Trouble> {
    let view = show(run, gate).await?;
    let live = view.is_some_and(|view| !view.flow.is_terminal());
    if !live {
        index::forget(gate);
    }
    Ok(live)
}

async fn show(run: &Run, gate: &Gate) -> Result<Option<FlowView>, Trouble> {
    let request = FlowRef { flow: gate.flow.0.clone() };
    match run.backend().call::<FlowShow>(&request).await {
        Ok(view) if view.flow.flow_id == gate.flow && Origin::of(&view) == gate.origin => {
            Ok(Some(view))
        }
        Ok(_) => Ok(None),
        Err(error) if error.code == "not_found" => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Whether this very answer was given.
fn is_same(wait: &Wait, intent: &Intent) -> bool {
    let answer = wait.answer.as_ref().filter(|_| wait.state == WaitState::Resolved);
    match intent {
        Intent::Approve(yes) => answer.is_some_and(|answer| answer["approved"] == *yes),
        Intent::Respond(value) => answer.is_some_and(|answer| answer["response"] == *value),
        Intent::Cancel => false,
    }
}

/// Whether the same answer was given by a run that was killed before its flow came to rest:
/// nobody drives it, so this one goes on with it.
fn was_interrupted(run: &Run, view: &FlowView, wait: &Wait, intent: &Intent) -> bool {
    let asks = |wait: &Wait| {
        wait.state == WaitState::Open && matches!(wait.kind, WaitKind::Approval | WaitKind::Input)
    };
    is_same(wait, intent)
        && !run.is_remote()
        && !view.flow.is_terminal()
        && !view.waits.iter().any(asks)
}

/// Says on stderr what became of a gate that takes no answer any more, and of its run.
fn tell_of_answer(view: &FlowView, wait: &Wait) {
    let was = match (&wait.answered_by, wait.state) {
        (Some(by), WaitState::Resolved) => format!("was answered by {by}"),
        (_, state) => format!("is {state}"),
    };
    let flow = &view.flow.flow_id;
    let how = match view.flow.is_terminal() {
        true => format!("the run has ended ({}): clawflow flows show {flow}", view.flow.status),
        false => format!("the run goes on: clawflow run --continue {flow}"),
    };
    report::say(&escape_lines(&format!("hint: the gate {was}; {how}")));
}

/// Refuses an answer that does not fit the question: the gate stays open.
fn fits(
    origin: Origin,
    view: &FlowView,
    wait: &Wait,
    intent: &Intent,
) -> Result<Option<Value>, Trouble> {
    let parse = |message: &str| Err(Trouble::parse(message));
    let is_workflow = origin == Origin::Workflow;
    match (wait.kind, intent) {
        (WaitKind::Approval, Intent::Approve(true)) => {
            let by = home::variable("LOBSTER_APPROVAL_APPROVED_BY");
            gate::check_approver(wait, by.as_deref()).map_err(Trouble::parse)?;
            Ok(None)
        }
        (WaitKind::Approval, Intent::Approve(false)) => Ok(None),
        (WaitKind::Approval, _) if is_workflow => {
            parse("Workflow resume requires --approve yes|no for approval requests")
        }
        (WaitKind::Approval, _) => {
            parse("approval resumes require approved=true|false, not response")
        }
        (_, Intent::Respond(value)) if is_workflow => {
            check(wait, value, &workflow_words(wait)).map_err(Trouble::parse)?;
            Ok(Some(value.clone()))
        }
        (_, Intent::Respond(value)) => {
            let step = wait.step_id.as_deref().unwrap_or_default();
            let schema = pipeline::request(view, step)?.take("responseSchema");
            let words = "pipeline input response failed schema validation";
            check_by(&schema, value, words).map_err(Trouble::parse)?;
            Ok(Some(value.clone()))
        }
        _ if is_workflow => parse("Workflow resume requires --response-json for input requests"),
        _ => parse("pipeline input resumes require response"),
    }
}

/// A no; where only somebody else may say it, the run is given up all the same, as in Lobster.
async fn deny(run: &mut Run, view: &FlowView, wait: &Wait) -> Result<bool, Trouble> {
    let by = home::variable("LOBSTER_APPROVAL_APPROVED_BY");
    if gate::check_approver(wait, by.as_deref()).is_err() {
        return Ok(give_up(run, view, wait).await.is_ok());
    }
    let request = FlowAnswerRequest { approve: Some(false), ..answer(view, wait) };
    run.adopt(&view.flow.flow_id).await?;
    run.answer(&request).await
}

/// Ends a run that waits for this answer.
async fn give_up(run: &Run, view: &FlowView, wait: &Wait) -> Result<(), Trouble> {
    if wait.state != WaitState::Open {
        return Err(lost_cancel());
    }
    let request = FlowCancelRequest {
        flow: view.flow.flow_id.0.clone(),
        // Somebody may answer at this moment: then that counts.
        expected_revision: Some(view.flow.revision),
        reason: "lobster resume --cancel".to_owned(),
        wait_ms: 1000,
    };
    match run.backend().call::<FlowCancel>(&request).await {
        Ok(_) => Ok(()),
        Err(error) if ["unavailable", "store_full"].contains(&error.code.as_str()) => {
            Err(error.into())
        }
        Err(_) => Err(lost_cancel()),
    }
}

fn answer(view: &FlowView, wait: &Wait) -> FlowAnswerRequest {
    FlowAnswerRequest {
        flow: view.flow.flow_id.0.clone(),
        wait_id: Some(wait.wait_id.clone()),
        by: home::variable("LOBSTER_APPROVAL_APPROVED_BY").unwrap_or_else(person),
        ..FlowAnswerRequest::default()
    }
}

fn lost_cancel() -> Trouble {
    Trouble::runtime("Resume state not found")
}

fn words_of(origin: Origin, what: &str) -> String {
    match origin {
        Origin::Workflow => format!("Workflow resume {what}"),
        Origin::Pipeline => format!("Pipeline resume {what}"),
    }
}

/// An edit changes nothing for a run that has begun; whoever made it may think otherwise.
async fn tell_of_edits(run: &Run, gate: &Gate) {
    if gate.origin == Origin::Pipeline {
        return;
    }
    let request = FlowRef { flow: gate.flow.0.clone() };
    // It is only said, so nothing depends on it.
    let Ok(source) = run.backend().call::<FlowSource>(&request).await else { return };
    if let Some(path) = workflow::edited(&source) {
        let path = path.display();
        report::say(&format!(
            "warning: {path} is not what this run began with: it goes on with what that was"
        ));
    }
}

fn parse(words: &[&str]) -> Result<Options, Trouble> {
    let [mut token, mut id, mut decision, mut response] = [const { None::<&str> }; 4];
    let mut cancel = false;
    let mut words = words.iter().copied().peekable();
    while let Some(word) = words.next() {
        let (name, joined) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        if name == "--cancel" {
            let value = joined.or_else(|| words.next_if(|next| !next.starts_with("--")));
            cancel = switch(value)?;
            continue;
        }
        let slot = match name {
            "--token" => &mut token,
            "--id" => &mut id,
            "--response-json" => &mut response,
            "--approve" | "--decision" => &mut decision,
            _ => continue,
        };
        *slot = joined.or_else(|| words.next());
    }
    let filled = |text: Option<&str>| text.filter(|text| !text.is_empty()).map(str::to_owned);
    let (token, id) = (filled(token), filled(id));
    if token.is_none() && id.is_none() {
        return Err(Trouble::parse("resume requires --token or --id"));
    }
    let decision = filled(decision);
    let intents = [decision.is_some(), response.is_some(), cancel];
    let intent = match (intents.iter().filter(|given| **given).count(), decision, response) {
        (0, ..) => {
            let message = "resume requires --approve yes|no, --response-json, or --cancel";
            return Err(Trouble::parse(message));
        }
        (1, Some(decision), _) => match decision.to_lowercase().as_str() {
            "yes" | "y" => Intent::Approve(true),
            "no" | "n" => Intent::Approve(false),
            _ => return Err(Trouble::parse("resume --approve must be yes or no")),
        },
        (1, None, Some(response)) => Intent::Respond(
            serde_json::from_str(response)
                .map_err(|_| Trouble::parse("resume --response-json must be valid JSON"))?,
        ),
        (1, None, None) => Intent::Cancel,
        _ => {
            let message = "resume accepts only one of --approve, --response-json, or --cancel";
            return Err(Trouble::parse(message));
        }
    };
    Ok(Options { token, id, intent })
}

/// The value of `--cancel`.
fn switch(value: Option<&str>) -> Result<bool, Trouble> {
    match value.map(|text| text.trim().to_lowercase()).as_deref() {
        None | Some("1" | "true" | "yes" | "y") => Ok(true),
        Some("0" | "false" | "no" | "n") => Ok(false),
        Some(_) => Err(Trouble::parse("resume --cancel must be true or false")),
    }
}
