//! The table of tools. Names, summaries, access and schemas come from the table of endpoints.

use super::asker::{Asker, request};
use super::door::Need;
use super::limits::WAIT_MS_MAX;
use super::tool::{Done, Effect, More, Tool};
use super::{brief, flow_answer, flow_run, flow_show, flow_wait, inbox, task_run, task_wait};
use clawflow_core::flow::Flow;
use clawflow_core::json::Object;
use clawflow_engine::api::{
    ApiError, Call, Calls, FlowCancel, FlowCreate, FlowFail, FlowFinish, FlowList, FlowResume,
    FlowSetOutput, FlowSetWaiting, FlowWhy, SignalSend,
};
use serde_json::{Value, json};

/// A tool that changes nothing, takes no more than its row, and ends at once: what most rows of
/// the table below differ from in little.
const PLAIN: Tool = Tool {
    name: "",
    row: "",
    about: "",
    fields: &[],
    parts: &[],
    more: &[],
    notes: &[],
    required: &[],
    optional: &[],
    effect: Effect::Looks,
    open: false,
    tasks: false,
    run: |_, _| Box::pin(async { Ok(Done::from(Value::Null)) }),
};

const REVISION: (&str, &str) =
    ("expectedRevision", "The revision that this was decided on; else the newest.");
const FLOW: (&str, &str) = ("flow", "Id, last 8 or more characters of it, or key.");
const ONCE: (&str, &str) =
    ("idempotencyKey", "The same key and arguments give the first answer again (24 h).");

/// What a model says of an agent that it asks. What that may do is not for it to say.
const ACP: &[&str] = &["agent", "prompt", "files", "schema", "mode", "model"];

/// Every tool, in the order in which they are listed.
pub(super) static TOOLS: &[Tool] = &[
    Tool {
        name: "flow_run",
        row: "flow.run",
        about: "Give `path`, or `source`. It runs by itself, outlives this session and is never \
                run twice; this returns at once. Then call flow_wait.",
        more: &[
            More { name: "path", kind: "string", about: "Path of a workflow file." },
            More { name: "source", kind: "string", about: "Text of a workflow file (YAML)." },
        ],
        fields: &["args", "cwd", "key", "idempotencyKey"],
        notes: &[
            ("args", "Arguments that the file declares."),
            ("cwd", "Directory of its commands; absolute."),
            ("key", "A name for it, unique among live flows."),
            ONCE,
        ],
        optional: &["cwd"],
        effect: Effect::Adds,
        open: true,
        tasks: true,
        run: |asker, args| Box::pin(flow_run::run(asker, args)),
        ..PLAIN
    },
    Tool {
        name: "flow_create",
        row: "flow.create",
        about: "You decide about it: run children with task_run, park it with flow_set_waiting, \
                and end it with flow_finish or flow_fail. For what a file can say use flow_run.",
        fields: &["goal", "key", "join", "currentStep", "stateJson", "idempotencyKey"],
        notes: &[ONCE],
        effect: Effect::Adds,
        run: |asker, args| Box::pin(flow_create(asker, args)),
        ..PLAIN
    },
    Tool {
        name: "task_run",
        row: "task.run",
        about: "Give `argv`, or `acp` to ask a coding agent. It outlives this session. With `flow` \
                it is a child of that flow.",
        fields: &["argv", "acp", "cwd", "env", "label", "timeoutMs", "idempotencyKey"],
        parts: &[("acp", ACP)],
        more: &[
            More { name: "flow", kind: "string", about: "The flow that it is a child of." },
            More { name: "await", kind: "boolean", about: "With `flow`: park the flow on it." },
        ],
        notes: &[
            ("argv", "Program and arguments."),
            ("acp", "What it asks leave for, a person answers; task_wait gives its answer."),
            ONCE,
        ],
        optional: &["argv", "cwd"],
        effect: Effect::Adds,
        open: true,
        run: |asker, args| Box::pin(task_run::run(asker, args)),
        ..PLAIN
    },
    Tool {
        name: "flow_wait",
        row: "flow.wait",
        about: "Returns a short digest as soon as the flow has ended or needs somebody, or when \
                the time is over; then call it again with its `cursor`.",
        fields: &["flow", "timeoutMs"],
        more: &[
            More { name: "cursor", kind: "string", about: "Of the digest before; none at first." },
            More {
                name: "until",
                kind: "enum:attention|news|end",
                about: "attention (default): its end, or a question or trouble that you do not \
                        know yet; news: anything; end: only its end.",
            },
        ],
        notes: &[FLOW, ("timeoutMs", "How long to wait: 25000, at most 45000.")],
        tasks: true,
        run: |asker, args| Box::pin(flow_wait::run(asker, args)),
        ..PLAIN
    },
    Tool {
        name: "task_wait",
        row: "task.wait",
        about: "Shows the end of what it has written, or the answer of an agent.",
        fields: &["task", "timeoutMs"],
        notes: &[("task", "Its id."), ("timeoutMs", "How long to wait: 25000, at most 45000.")],
        run: |asker, args| Box::pin(task_wait::run(asker, args)),
        ..PLAIN
    },
    Tool {
        name: "flow_show",
        row: "flow.show",
        fields: &["flow"],
        more: &[
            More { name: "step", kind: "string", about: "Only the whole result of this step." },
            More { name: "output", kind: "string", about: "Only this output, whole." },
        ],
        notes: &[FLOW],
        run: |asker, args| Box::pin(flow_show::run(asker, args)),
        ..PLAIN
    },
    Tool {
        name: "flow_list",
        row: "flow.list",
        about: "Newest first: live ones and those that ended in the last 24 hours.",
        fields: &["status", "name", "label", "all", "limit", "after"],
        notes: &[("limit", "At most so many: 20, at most 100."), ("after", "`next` of a page.")],
        run: |asker, args| Box::pin(flow_list(asker, args)),
        ..PLAIN
    },
    Tool {
        name: "flow_why",
        row: "flow.why",
        fields: &["flow"],
        notes: &[FLOW],
        run: |asker, args| {
            Box::pin(async move {
                Ok(brief::why(&asker.tool::<FlowWhy>(Need::Records, args).await?).into())
            })
        },
        ..PLAIN
    },
    Tool {
        name: "flow_set_waiting",
        row: "flow.setWaiting",
        about: "For flows of flow_create. `waitFor` names a timer, an event, a task or a person; \
                the flow goes on when it is there.",
        fields: &[
            "flow",
            "waitFor",
            "currentStep",
            "stateJson",
            "deadlineMs",
            "onDeadline",
            "expectedRevision",
        ],
        notes: &[FLOW, REVISION],
        effect: Effect::Moves,
        run: |asker, args| Box::pin(flow_set_waiting(asker, args)),
        ..PLAIN
    },
    Tool {
        name: "flow_resume",
        row: "flow.resume",
        about: "For flows of flow_create.",
        fields: &["flow", "currentStep", "stateJson", "expectedRevision"],
        notes: &[FLOW, REVISION],
        effect: Effect::Moves,
        run: |asker, args| Box::pin(moved::<FlowResume>(asker, args)),
        ..PLAIN
    },
    Tool {
        name: "flow_set_output",
        row: "flow.setOutput",
        about: "For flows of flow_create: what others read of it.",
        fields: &["flow", "name", "value", "expectedRevision"],
        notes: &[FLOW, REVISION],
        effect: Effect::Moves,
        run: |asker, args| Box::pin(moved::<FlowSetOutput>(asker, args)),
        ..PLAIN
    },
    Tool {
        name: "flow_finish",
        row: "flow.finish",
        about: "For flows of flow_create.",
        fields: &["flow", "stateJson", "expectedRevision"],
        notes: &[FLOW, REVISION],
        effect: Effect::Ends,
        run: |asker, args| Box::pin(moved::<FlowFinish>(asker, args)),
        ..PLAIN
    },
    Tool {
        name: "flow_fail",
        row: "flow.fail",
        about: "For flows of flow_create.",
        fields: &["flow", "error", "stateJson", "expectedRevision"],
        notes: &[FLOW, REVISION],
        effect: Effect::Ends,
        run: |asker, args| Box::pin(moved::<FlowFail>(asker, args)),
        ..PLAIN
    },
    Tool {
        name: "flow_cancel",
        row: "flow.cancel",
        about: "Nothing of it starts any more; what runs is stopped, and it ends as cancelled.",
        fields: &["flow", "reason", "waitMs"],
        notes: &[FLOW, ("waitMs", "How long to wait for its end, at most 45000.")],
        effect: Effect::Ends,
        run: |asker, args| Box::pin(flow_cancel(asker, args)),
        ..PLAIN
    },
    Tool {
        name: "flow_signal",
        row: "signal.send",
        fields: &["name", "key", "payload", "flow", "idempotencyKey"],
        notes: &[ONCE],
        effect: Effect::Adds,
        run: |asker, args| {
            Box::pin(async move {
                let told = asker.tool::<SignalSend>(Need::Records, args).await?;
                Ok(json!(told).into())
            })
        },
        ..PLAIN
    },
    Tool {
        name: "flow_answer",
        row: "flow.answer",
        about: "Only pass on what a person has told you: never decide for them. It counts as \
                this session's answer, and some questions are for others.",
        fields: &["flow", "step", "waitId", "approve", "response", "shownHash"],
        notes: &[FLOW],
        optional: &["by"],
        effect: Effect::Ends,
        run: |asker, args| Box::pin(flow_answer::run(asker, args)),
        ..PLAIN
    },
    Tool {
        name: "inbox",
        row: "inbox.list",
        about: "They tell how flows and tasks of this session ended. Acknowledge with `ack` what \
                you have dealt with.",
        fields: &["limit", "after", "timeoutMs", "all"],
        more: &[More { name: "ack", kind: "string[]", about: "Ids to acknowledge first." }],
        notes: &[
            ("limit", "At most so many: 20, at most 100."),
            ("timeoutMs", "How long to wait for one, at most 45000."),
        ],
        effect: Effect::Moves,
        run: |asker, args| Box::pin(inbox::run(asker, args)),
        ..PLAIN
    },
];

/// The tool of this name.
pub(super) fn by_name(name: &str) -> Option<&'static Tool> {
    TOOLS.iter().find(|tool| tool.name == name)
}

/// Cuts a number that a client may give to what is allowed here.
pub(super) fn at_most(args: &mut Object, name: &str, most: u64, otherwise: Option<u64>) {
    match (args.get(name).and_then(Value::as_u64), otherwise) {
        (Some(given), _) => {
            args.insert(name.to_owned(), given.min(most).into());
        }
        (None, Some(otherwise)) if !args.contains_key(name) => {
            args.insert(name.to_owned(), otherwise.into());
        }
        // Of another type: the call itself says so.
        (None, _) => {}
    }
}

async fn moved<C: Call<Response = Flow>>(asker: &Asker, args: Object) -> Result<Done, ApiError> {
    Ok(brief::state(&asker.tool::<C>(Need::Records, args).await?).into())
}

async fn flow_create(asker: &Asker, mut args: Object) -> Result<Done, ApiError> {
    args.insert("controllerId".to_owned(), "mcp".into());
    // Whoever makes it begins with it.
    args.insert("status".to_owned(), "running".into());
    let flow = asker.tool::<FlowCreate>(Need::Records, args).await?;
    Ok(brief::state(&flow).into())
}

async fn flow_set_waiting(asker: &Asker, args: Object) -> Result<Done, ApiError> {
    // What is waited for is watched by a gateway; the record can be made without one.
    let (room, alone) = match asker.enter(Need::Work).await {
        Ok(room) => (room, None),
        Err(error) => (asker.enter(Need::Records).await?, Some(error)),
    };
    let parked = match request::<FlowSetWaiting>(args) {
        Ok(request) => Calls::call::<FlowSetWaiting>(&room.backend, request).await,
        Err(error) => Err(error),
    };
    room.close().await;
    let parked = parked?;
    let mut value = brief::state(&parked.flow);
    if let Some(wait) = &parked.wait_id {
        value["waitId"] = wait.0.as_str().into();
    }
    if let Some(error) = alone {
        value["note"] = format!("nobody watches the time now: {}", error.message).into();
    }
    Ok(value.into())
}

async fn flow_list(asker: &Asker, mut args: Object) -> Result<Done, ApiError> {
    at_most(&mut args, "limit", 100, Some(20));
    Ok(brief::list(&asker.tool::<FlowList>(Need::Records, args).await?).into())
}

async fn flow_cancel(asker: &Asker, args: Object) -> Result<Done, ApiError> {
    let mut wanted = request::<FlowCancel>(args)?;
    let room = asker.enter(Need::Records).await?;
    // Nothing is stopped while nobody but this process holds the home.
    wanted.wait_ms = if room.alone { 0 } else { wanted.wait_ms.min(WAIT_MS_MAX) };
    let flow = Calls::call::<FlowCancel>(&room.backend, wanted).await;
    room.close().await;
    Ok(brief::flow(&flow?).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoints::ENDPOINTS;
    use std::collections::BTreeSet;

    #[test]
    fn tools_are_the_rows_that_are_offered() {
        let offered: BTreeSet<_> =
            ENDPOINTS.iter().filter(|row| row.mcp).map(|row| row.name).collect();
        let rows: BTreeSet<_> = TOOLS.iter().map(|tool| tool.row).collect();
        assert_eq!(rows, offered);
        let names: BTreeSet<_> = TOOLS.iter().map(|tool| tool.name).collect();
        assert_eq!((names.len(), rows.len()), (TOOLS.len(), TOOLS.len()));
    }

    #[test]
    fn a_schema_says_what_each_argument_is_and_refers_to_nothing() {
        for tool in TOOLS {
            let row = tool.row();
            assert_eq!(row.name, tool.row);
            let unknown = |name: &&&str| !row.fields().contains(*name);
            assert_eq!(tool.fields.iter().find(unknown), None, "{}", tool.name);
            let listed = tool.listed(false);
            let schema = &listed["inputSchema"];
            for (name, property) in schema["properties"].as_object().unwrap() {
                assert!(property["description"].is_string(), "{} {name}: {property}", tool.name);
            }
            let required = schema["required"].as_array().cloned().unwrap_or_default();
            for name in required {
                assert!(schema["properties"].get(name.as_str().unwrap()).is_some(), "{name}");
            }
            let text = listed.to_string();
            assert!(!text.contains("$ref") && !text.contains("\\n"), "{text}");
            assert!(!text.contains("\"null\""), "{text}");
        }
    }

    #[test]
    fn all_tools_together_cost_a_model_little() {
        let text: usize = TOOLS.iter().map(|tool| tool.listed(true).to_string().len()).sum();
        assert!(text < 14_800, "{text} bytes");
    }

    #[test]
    fn what_only_looks_needs_no_more_than_to_look() {
        for tool in TOOLS.iter().filter(|tool| tool.only_looks()) {
            assert_eq!(tool.access(), crate::endpoint::Access::Read, "{}", tool.name);
        }
    }
}
