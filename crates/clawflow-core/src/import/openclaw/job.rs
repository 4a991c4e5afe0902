//! A cron job: what of it has a counterpart among our schedules.

use super::super::columns::Columns;
use super::super::limits::QUOTED_CHARS_MAX;
use super::super::origin::{Imported, digest, id_number};
use super::super::reason::LeftOut;
use super::SYSTEM;
use super::time::id;
use crate::Millis;
use crate::flow::NotifyPolicy;
use crate::ids::{ScheduleId, encode};
use crate::json::Object;
use crate::limits::cut;
use crate::schedule::limits::NAME_CHARS_MAX;
use crate::schedule::{AgentTurn, NewSchedule, Payload, Policies, Schedule, Spec};
use crate::task::TaskCommand;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// The agent of jobs that name none.
const MAIN: &str = "main";

/// What a job leaves to the machine that it runs on.
#[derive(Clone, Debug, Default)]
pub struct JobPlace {
    /// Directory of commands that name none.
    pub cwd: String,
    /// Environment of commands and agents.
    pub env: BTreeMap<String, String>,
    /// Zone of cron expressions that name none.
    pub tz: String,
    /// Who takes the turns of agents; else the agent of the job's name.
    pub agent: Option<String>,
    /// Whether jobs that are enabled there are enabled here.
    pub enable: bool,
}

/// A schedule that a job would be.
#[derive(Clone, Debug)]
pub struct Job {
    /// The id that it gets.
    pub schedule_id: ScheduleId,
    /// When it was made there.
    pub created_at: Millis,
    /// Where it comes from.
    pub imported: Imported,
    /// What it is made from.
    pub new: NewSchedule,
    /// What of it is not taken over, for people.
    pub notes: Vec<String>,
}

impl Job {
    /// Gives the schedule that was made of it its id and its age.
    pub fn mark(&self, schedule: &mut Schedule) {
        schedule.schedule_id = self.schedule_id.clone();
        schedule.created_at = self.created_at.min(schedule.created_at);
        schedule.imported = Some(Box::new(self.imported.clone()));
    }

    /// A name that another schedule does not have either.
    #[must_use]
    pub fn other_name(&self) -> String {
        let part: String = self.imported.id.chars().filter(|c| !c.is_control()).take(8).collect();
        let room = NAME_CHARS_MAX - part.chars().count() - 3;
        let name: String = self.new.name.chars().take(room).collect();
        format!("{} ({})", name.trim(), part.trim())
    }
}

/// The schedule of a job.
///
/// # Errors
/// Why it is left out.
pub fn job(columns: Columns<'_>, place: &JobPlace, now: Millis) -> Result<Job, LeftOut> {
    let id = id(columns, "job_id")?;
    let job = columns.object("job_json")?.ok_or("`job_json` is blank".to_owned())?;
    if has_any(&job, "trigger") {
        return Err(LeftOut::because("a script decides when it starts, which nothing does here"));
    }
    let fields = Columns(&job);
    let mut notes = Vec::new();
    // The id is the same whenever it is imported, so it knows nothing of now.
    let made_at = fields.time("createdAtMs")?.unwrap_or_default();
    let mut policies = Policies { notify: notify(&job, &mut notes), ..Policies::default() };
    policies.delete_after_run = flag(&job, "deleteAfterRun").unwrap_or(false);
    let spec = spec(&part(&job, "schedule")?, place, made_at, &mut policies)?;
    let agent = fields.text("agentId")?.map_or_else(|| columns.text("agent_id"), |id| Ok(Some(id)));
    let agent = agent?.unwrap_or(MAIN);
    let payload = payload(&part(&job, "payload")?, place, agent, (&mut policies, &mut notes))?;
    for name in ["pacing", "failureAlert"].into_iter().filter(|name| has_any(&job, name)) {
        notes.push(format!("`{name}` is not taken over"));
    }
    let enabled = match columns.count("enabled") {
        Ok(Some(enabled)) => enabled != 0,
        _ => flag(&job, "enabled").unwrap_or(true),
    };
    let number = id_number(SYSTEM, &id, made_at);
    let imported = Imported {
        system: SYSTEM.to_owned(),
        at: now,
        revision: 0,
        digest: digest(&what_counts(job.clone())),
        id: id.clone(),
    };
    let name = fields.text("name")?.map_or_else(|| columns.text("name"), |name| Ok(Some(name)))?;
    Ok(Job {
        schedule_id: ScheduleId(format!("{}{}", ScheduleId::PREFIX, encode(number))),
        created_at: if made_at > 0 { made_at } else { now },
        imported,
        new: NewSchedule {
            owner_key: owner(&job, agent)?,
            name: clean(name.unwrap_or(&id)),
            requester_origin: None,
            spec,
            payload,
            policies,
            enabled: enabled && place.enable,
        },
        notes,
    })
}

/// The job without what its runs change.
fn what_counts(mut job: Object) -> Object {
    for name in ["state", "updatedAtMs", "enabled"] {
        job.remove(name);
    }
    job
}

fn part(job: &Object, name: &str) -> Result<Object, LeftOut> {
    match job.get(name) {
        Some(Value::Object(fields)) => Ok(fields.clone()),
        _ => Err(LeftOut::because(format!("the job has no `{name}`"))),
    }
}

fn flag(job: &Object, name: &str) -> Option<bool> {
    job.get(name).and_then(Value::as_bool)
}

/// Whether a field says anything.
fn has_any(job: &Object, name: &str) -> bool {
    match job.get(name) {
        None | Some(Value::Null | Value::Bool(false)) => false,
        Some(Value::Array(items)) => !items.is_empty(),
        Some(Value::Object(fields)) => !fields.is_empty(),
        Some(Value::String(text)) => !text.is_empty(),
        Some(_) => true,
    }
}

fn owner(job: &Object, agent: &str) -> Result<String, LeftOut> {
    if let Some(key) = Columns(job).text("sessionKey")? {
        return Ok(key.to_owned());
    }
    let named = job.get("owner").and_then(Value::as_object);
    let named = named.map(|owner| Columns(owner).text("sessionKey")).transpose()?.flatten();
    Ok(named.map_or_else(|| format!("agent:{agent}:main"), str::to_owned))
}

/// A name on one line, as long as names are here.
fn clean(name: &str) -> String {
    let line: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let cut: String = line.trim().chars().take(NAME_CHARS_MAX).collect();
    cut.trim().to_owned()
}

/// What the owner is told: a job that announces its runs, or does not say, tells of their ends.
fn notify(job: &Object, notes: &mut Vec<String>) -> NotifyPolicy {
    let Some(delivery) = job.get("delivery").and_then(Value::as_object) else {
        return NotifyPolicy::Silent;
    };
    match delivery.get("mode").and_then(Value::as_str) {
        Some("announce") => {
            let to = ["channel", "to"].into_iter().any(|name| has_any(delivery, name));
            if to {
                let why = "its ends are told to the owner, not to the channel that it names";
                notes.push(why.to_owned());
            }
            NotifyPolicy::DoneOnly
        }
        Some("webhook") => {
            notes.push("its webhook is not called: a route does that here".to_owned());
            NotifyPolicy::DoneOnly
        }
        _ => NotifyPolicy::Silent,
    }
}

fn spec(
    schedule: &Object,
    place: &JobPlace,
    made_at: Millis,
    policies: &mut Policies,
) -> Result<Spec, LeftOut> {
    let fields = Columns(schedule);
    match fields.needed("kind")? {
        "at" => match fields.time("atMs") {
            Ok(Some(at)) => Ok(Spec::At { at }),
            _ => Ok(Spec::At { at: moment(fields.needed("at")?)? }),
        },
        "every" => {
            let every_ms = fields.count("everyMs")?.ok_or("`everyMs` is missing".to_owned())?;
            let anchor = fields.time("anchorMs")?.unwrap_or(made_at);
            Ok(Spec::Every { every_ms, anchor })
        }
        "cron" => {
            policies.jitter_ms = fields.count("staggerMs")?.unwrap_or_default();
            let tz = fields.text("tz")?.unwrap_or(&place.tz).to_owned();
            Ok(Spec::Cron { expr: fields.needed("expr")?.to_owned(), tz })
        }
        other => {
            let other = cut(other, QUOTED_CHARS_MAX);
            Err(LeftOut::because(format!("nothing here starts as its schedule does: {other}")))
        }
    }
}

/// A time in words; without an offset it is UTC, as there.
fn moment(text: &str) -> Result<Millis, LeftOut> {
    let utc = || {
        let civil: jiff::civil::DateTime = text.parse().ok()?;
        Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
    };
    let at = text.parse::<jiff::Timestamp>().ok().or_else(utc);
    at.map(jiff::Timestamp::as_millisecond).ok_or_else(|| {
        LeftOut::because(format!("`at` is no time: {}", cut(text, QUOTED_CHARS_MAX)))
    })
}

fn payload(
    payload: &Object,
    place: &JobPlace,
    agent: &str,
    (policies, notes): (&mut Policies, &mut Vec<String>),
) -> Result<Payload, LeftOut> {
    let fields = Columns(payload);
    let seconds = payload.get("timeoutSeconds").and_then(Value::as_f64).filter(|it| *it > 0.0);
    policies.timeout_ms = seconds.map(|seconds| (seconds * 1000.0) as u64).filter(|ms| *ms > 0);
    match fields.needed("kind")? {
        "systemEvent" => {
            policies.timeout_ms = None;
            Ok(Payload::Message { content: fields.needed("text")?.to_owned(), data: json!(null) })
        }
        "command" => command(payload, place, notes),
        "agentTurn" => {
            for name in ["fallbacks", "thinking", "lightContext", "toolsAllow"] {
                if has_any(payload, name) {
                    notes.push(format!("`{name}` is not taken over"));
                }
            }
            let model = fields.text("model")?;
            if model.is_some() && place.agent.is_some() {
                notes.push("`model` is not taken over: another agent takes the turns".to_owned());
            }
            Ok(Payload::Agent(AgentTurn {
                agent: place.agent.clone().unwrap_or_else(|| agent.to_owned()),
                prompt: fields.needed("message")?.to_owned(),
                cwd: place.cwd.clone(),
                anywhere: true,
                env: place.env.clone(),
                model: model.filter(|_| place.agent.is_none()).map(str::to_owned),
                ..AgentTurn::default()
            }))
        }
        other => {
            let other = cut(other, QUOTED_CHARS_MAX);
            Err(LeftOut::because(format!("nothing here does what it does: {other}")))
        }
    }
}

fn command(
    payload: &Object,
    place: &JobPlace,
    notes: &mut Vec<String>,
) -> Result<Payload, LeftOut> {
    if has_any(payload, "input") {
        return Err(LeftOut::because("its command reads standard input, which a schedule has not"));
    }
    for name in ["noOutputTimeoutSeconds", "outputMaxBytes"] {
        if has_any(payload, name) {
            notes.push(format!("`{name}` is not taken over"));
        }
    }
    let words = payload.get("argv").and_then(Value::as_array);
    let argv = words.and_then(|words| words.iter().map(word).collect::<Option<Vec<_>>>());
    let argv = argv.filter(|argv| !argv.is_empty());
    let mut env = place.env.clone();
    match payload.get("env") {
        None | Some(Value::Null) => {}
        Some(Value::Object(fields)) => {
            for (name, value) in fields {
                let value = word(value).ok_or("`env` has a value that is no text".to_owned())?;
                env.insert(name.clone(), value);
            }
        }
        Some(_) => return Err(LeftOut::because("`env` is no object")),
    }
    let cwd = Columns(payload).text("cwd")?.unwrap_or(&place.cwd).to_owned();
    if !cwd.starts_with('/') {
        return Err(LeftOut::because("`cwd` is not an absolute path"));
    }
    let argv = argv.ok_or("`argv` is no list of texts".to_owned())?;
    Ok(Payload::Command(TaskCommand { argv, cwd, env, ..TaskCommand::default() }))
}

fn word(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
