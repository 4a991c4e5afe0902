//! `email.triage`: sorts mail into what needs a reply, what needs to be done and what is to be
//! known, by simple rules, or by a model that drafts replies too.

use crate::lobster::pipeline::args::{Args, Flag};
use crate::lobster::pipeline::command::{Command, Items, Staged, collect};
use crate::lobster::pipeline::ctx::Ctx;
use crate::lobster::pipeline::env::Env;
use crate::lobster::pipeline::failure::Failure;
use crate::lobster::pipeline::llm;
use crate::lobster::value::{Object, Value, pretty, property, text_of, trim};
use regex::Regex;
use std::sync::LazyLock;

pub(in crate::lobster::pipeline) const COMMAND: Command = Command {
    name: "email.triage",
    about: "Sort mail, by rules or by a model that drafts replies",
    flags: &[
        ("limit", "number", "how many are looked at, 20 if not said"),
        ("llm", "boolean", "ask a model, as llm.invoke does"),
        ("model", "string", "which model"),
        ("url", "string", "where it is asked"),
        ("token", "string", "bearer token"),
        ("temperature", "number", "how free the answer may be"),
        ("max-output-tokens", "number", "how long the answer may be"),
        ("emit", "string", "what comes out: report or drafts"),
        ("state-key", "string", "name under which a run keeps the answer"),
    ],
    required: &[],
    effects: &[],
    run,
};

/// Mail that is looked at where nothing says how many.
const LIMIT: f64 = 20.0;
/// What a model is asked.
const PROMPT: &str = "You are an email triage assistant.\n\
    Given the following emails, return JSON that categorizes each email and (when category is \
    needs_reply) drafts a short reply.\n\
    Guidelines:\n\
    - Keep replies concise, friendly, and professional.\n\
    - If sender appears to be automated (no-reply), do not draft a reply; categorize as fyi unless \
    it is clearly urgent/actionable.\n\
    - Use one of categories: needs_reply, needs_action, fyi.\n\
    - The reply body should be plain text, no markdown.\n\n\
    Emails (JSON):\n";
/// What its answer is like.
const SCHEMA: &str = r#"{
    "type": "object",
    "properties": {
        "decisions": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "id": { "type": "string" },
                    "category": {
                        "type": "string",
                        "enum": ["needs_reply", "needs_action", "fyi"]
                    },
                    "rationale": { "type": "string" },
                    "reply": {
                        "type": "object",
                        "properties": {
                            "subject": { "type": "string" },
                            "body": { "type": "string" }
                        },
                        "required": ["body"],
                        "additionalProperties": false
                    }
                },
                "required": ["id", "category"],
                "additionalProperties": false
            }
        }
    },
    "required": ["decisions"],
    "additionalProperties": false
}"#;

fn run(items: Items, args: &Args, ctx: &mut Ctx<'_>) -> Result<Staged, Failure> {
    let limit = args.flag("limit").map_or(LIMIT, Flag::number);
    let mut emails = Vec::new();
    for item in items {
        emails.push(Email::read(&item?));
        if emails.len() as f64 >= limit {
            break;
        }
    }
    let drafts_only = args.flag("emit").is_some_and(|emit| trim(emit.as_str()) == "drafts");
    if !(args.is_on("llm") && has_model(&ctx.env)) {
        return Ok(Staged::ready(match drafts_only {
            true => Vec::new(),
            false => vec![by_rules(&emails)],
        }));
    }
    let decisions = decisions(&emails, args, ctx)?;
    let drafts = drafts(&decisions, &emails);
    Ok(Staged::ready(match drafts_only {
        true => drafts.iter().map(|draft| draft.to_value(false)).collect(),
        false => vec![by_model(&emails, decisions, &drafts)],
    }))
}

/// A message in short.
struct Email {
    id: String,
    thread: String,
    from: String,
    subject: String,
    date: String,
    snippet: String,
    labels: Vec<String>,
}

impl Email {
    fn read(item: &Value) -> Self {
        let first = |names: &[&str]| {
            let mut found = names.iter().map(|name| property(item, name));
            let value = found.find(|value| !value.is_nullish());
            value.map(|value| trim(&text_of(&value)).to_owned()).unwrap_or_default()
        };
        let id = first(&["id", "messageId"]);
        let thread = first(&["threadId", "thread_id"]);
        let labels = match &*property(item, "labels") {
            Value::List(labels) => labels.iter().map(|l| text_of(l).into_owned()).collect(),
            _ => Vec::new(),
        };
        Self {
            thread: if thread.is_empty() { id.clone() } else { thread },
            id,
            from: first(&["from", "sender"]),
            subject: first(&["subject"]),
            date: first(&["date", "internalDate", "timestamp"]),
            snippet: first(&["snippet", "bodyPreview"]),
            labels,
        }
    }

    /// As a value; a model is not told the thread.
    fn to_value(&self, with_thread: bool) -> Value {
        let mut fields = Object::default();
        fields.set("id", self.id.clone().into());
        if with_thread {
            fields.set("threadId", self.thread.clone().into());
        }
        fields.set("from", self.from.clone().into());
        fields.set("subject", self.subject.clone().into());
        fields.set("date", self.date.clone().into());
        fields.set("snippet", self.snippet.clone().into());
        fields.set("labels", texts(self.labels.iter()));
        fields.into()
    }

    fn is_unread(&self) -> bool {
        self.labels.iter().any(|label| label.to_uppercase() == "UNREAD")
    }

    fn is_automatic(&self) -> bool {
        let from = self.from.to_lowercase();
        ["no-reply", "noreply", "do-not-reply", "donotreply"].iter().any(|word| from.contains(word))
    }

    /// The address of its sender.
    fn address(&self) -> &str {
        static NAMED: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("<([^>]+)>").ok());
        static BARE: LazyLock<Option<Regex>> =
            LazyLock::new(|| Regex::new(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}").ok());
        let found = |regex: &Option<Regex>, group| {
            let found = regex.as_ref()?.captures(&self.from)?;
            found.get(group).map(|found| trim(&self.from[found.range()]))
        };
        found(&NAMED, 1).or_else(|| found(&BARE, 0)).unwrap_or_default()
    }

    /// The subject of a reply.
    fn reply_subject(&self) -> String {
        let subject = trim(&self.subject);
        let is_reply = || subject.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("re:"));
        match subject.is_empty() {
            true => "Re:".to_owned(),
            false if is_reply() => subject.to_owned(),
            false => format!("Re: {subject}"),
        }
    }
}

/// The ids of messages by what they need.
#[derive(Default)]
struct Buckets([Vec<String>; 3]);

impl Buckets {
    const NAMES: [&str; 3] = ["needsReply", "needsAction", "fyi"];

    /// A report, up to the messages.
    fn report(&self, emails: &[Email]) -> Object {
        let Self([reply, action, known]) = self;
        let (reply, action, known) = (reply.len(), action.len(), known.len());
        let summary = format!("{reply} need replies, {action} need action, {known} FYI");
        let mut buckets = Object::default();
        for (name, ids) in Self::NAMES.iter().zip(&self.0) {
            buckets.set(*name, texts(ids.iter()));
        }
        let mut report = Object::default();
        report.set("summary", summary.into());
        report.set("buckets", buckets.into());
        let emails: Vec<Value> = emails.iter().map(|email| email.to_value(true)).collect();
        report.set("emails", emails.into());
        report
    }
}

fn texts<'t>(texts: impl Iterator<Item = &'t String>) -> Value {
    texts.map(|text| Value::from(text.as_str())).collect::<Vec<_>>().into()
}

fn by_rules(emails: &[Email]) -> Value {
    let mut buckets = Buckets::default();
    for email in emails {
        let subject = email.subject.to_lowercase();
        let bucket = if subject.contains("action required") || subject.contains("urgent") {
            1
        } else if email.is_unread() && !email.is_automatic() {
            0
        } else {
            2
        };
        buckets.0[bucket].push(email.id.clone());
    }
    let mut report = buckets.report(emails);
    report.set("mode", "deterministic".into());
    report.into()
}

/// Whether there is somebody to ask.
fn has_model(env: &Env) -> bool {
    const SET: [&str; 3] =
        ["LOBSTER_LLM_PROVIDER", "LOBSTER_PI_LLM_ADAPTER_URL", "LOBSTER_LLM_ADAPTER_URL"];
    env.first_filled(&SET).is_some() || !env.first(&["OPENCLAW_URL", "CLAWD_URL"]).is_empty()
}

/// What a model says about each message.
fn decisions(emails: &[Email], args: &Args, ctx: &mut Ctx<'_>) -> Result<Vec<Value>, Failure> {
    let short: Vec<Value> = emails.iter().map(|email| email.to_value(false)).collect();
    let prompt = PROMPT.to_owned() + &pretty(&short.into()).unwrap_or_default();
    let mut asked = Args::default();
    for name in ["url", "token", "temperature", "max-output-tokens", "state-key"] {
        if let Some(flag) = args.flag(name) {
            asked.set(name, flag.clone());
        }
    }
    let schema = SCHEMA.to_owned();
    let said = [
        ("model", args.filled(&["model"])),
        ("prompt", Some(prompt)),
        ("output-schema", Some(schema)),
        ("schema-version", Some("email_triage.v1".to_owned())),
    ];
    for (name, text) in said {
        if let Some(text) = text {
            asked.set(name, Flag::Text(text));
        }
    }
    let about: Vec<_> = emails.iter().map(|email| email.to_value(true)).collect();
    let Staged::Items(answers) = (llm::INVOKE.run)(Items::ready(about), &asked, ctx)? else {
        return Ok(Vec::new());
    };
    let answers = collect(answers)?;
    let output = property(answers.first().unwrap_or(&Value::Null), "output").into_owned();
    let data = property(&output, "data").into_owned();
    let Value::List(decisions) = property(&data, "decisions").into_owned() else {
        return Ok(Vec::new());
    };
    let decisions = decisions.iter().map(decision);
    Ok(decisions.filter(|decision| property(decision, "id").is_truthy()).collect())
}

fn decision(said: &Value) -> Value {
    let text = |value: &Value, name: &str, default: &str| match property(value, name) {
        found if found.is_nullish() => default.to_owned(),
        found => text_of(&found).into_owned(),
    };
    let mut decision = Object::default();
    decision.set("id", trim(&text(said, "id", "")).into());
    decision.set("category", text(said, "category", "fyi").into());
    if property(said, "rationale").is_truthy() {
        decision.set("rationale", text(said, "rationale", "").into());
    }
    let reply = property(said, "reply");
    if matches!(&*reply, Value::Object(_) | Value::List(_)) {
        let body = text(&reply, "body", "");
        let subject = property(&reply, "subject").into_owned();
        decision.set("reply", [("subject", subject), ("body", body.into())].into());
    }
    decision.into()
}

/// A reply that nobody has sent.
struct Draft {
    email: String,
    to: String,
    subject: String,
    body: String,
}

impl Draft {
    /// As a value, whose order of fields is another one in a report.
    fn to_value(&self, in_report: bool) -> Value {
        let mut fields = Object::default();
        if in_report {
            fields.set("emailId", self.email.clone().into());
        }
        fields.set("to", self.to.clone().into());
        fields.set("subject", self.subject.clone().into());
        fields.set("body", self.body.clone().into());
        if !in_report {
            fields.set("emailId", self.email.clone().into());
        }
        fields.into()
    }
}

fn drafts(decisions: &[Value], emails: &[Email]) -> Vec<Draft> {
    let draft = |decision: &Value| {
        let text = |value: &Value, name: &str| text_of(&property(value, name)).into_owned();
        let id = text(decision, "id");
        let reply = property(decision, "reply");
        let answers = text(decision, "category") == "needs_reply";
        let has_body = answers && property(&reply, "body").is_truthy();
        let email = emails.iter().rfind(|email| email.id == id).filter(|_| has_body)?;
        if email.address().is_empty() || email.is_automatic() {
            return None;
        }
        let subject = match property(&reply, "subject").is_truthy() {
            true => text(&reply, "subject"),
            false => email.reply_subject(),
        };
        let to = email.address().to_owned();
        Some(Draft { email: id, to, subject, body: text(&reply, "body") })
    };
    decisions.iter().filter_map(draft).collect()
}

fn by_model(emails: &[Email], decisions: Vec<Value>, drafts: &[Draft]) -> Value {
    let mut buckets = Buckets::default();
    for decision in &decisions {
        let bucket = match &*text_of(&property(decision, "category")) {
            "needs_reply" => 0,
            "needs_action" => 1,
            _ => 2,
        };
        buckets.0[bucket].push(text_of(&property(decision, "id")).into_owned());
    }
    let mut report = buckets.report(emails);
    report.set("decisions", decisions.into());
    let drafts: Vec<Value> = drafts.iter().map(|draft| draft.to_value(true)).collect();
    report.set("drafts", drafts.into());
    report.set("mode", "llm".into());
    report.into()
}
