//! Requests and answers about named queues.

use clawflow_core::Millis;
use clawflow_core::ids::{FlowId, TaskId};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

record!(
    /// Asks who runs in queues, who waits, and why.
    #[derive(Default)]
    QueueListRequest {
        /// Only this one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        queue: Option<String>,
        /// At most so many of those that wait in each; 20, if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        limit: Option<usize>,
    }
);
record!(
    /// The queues, by name.
    QueueListResponse {
        /// All that are configured, and others in which something runs or waits.
        queues: Vec<QueueView>,
        /// Tasks that may run at once, in whatever queue.
        max_tasks: u64,
        /// Tasks that could start now, as far as that goes.
        slots_free: u64,
    }
);
record!(
    /// One queue. A caller who is bound to an owner sees that owner's tasks only.
    QueueView {
        /// Its name.
        name: String,
        /// Whether the configuration has it. Without it nothing limits what is in it but the slots.
        configured: bool,
        /// Attempts of it that run at once; not limited, if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        concurrency: Option<u64>,
        /// Attempts of it that start in a time, as in `10/1m`; not limited, if absent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        rate: Option<String>,
        /// Priority of a step that names none.
        priority: i32,
        /// What has a place, oldest first.
        running: Vec<QueueTask>,
        /// How many wait.
        waiting: u64,
        /// The first of them, in the order in which they start if nobody else comes.
        line: Vec<QueueTask>,
        /// Why the first of them does not start now, in a word: `concurrency`, `rate`, `slots`,
        /// `paused`, `driver` or `starting`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        held: Option<String>,
        /// When the rate lets the next one start, where it is in the way.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next_at: Option<Millis>,
    }
);
record!(
    /// A task in a queue.
    QueueTask {
        /// The task.
        task_id: TaskId,
        /// Its flow.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        flow_id: Option<FlowId>,
        /// Its step.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        step_id: Option<String>,
        /// Whose it is.
        owner_key: String,
        /// Its priority.
        priority: i32,
        /// Since when it runs, or waits.
        since: Millis,
        /// Why it waits, in a word, as in `held`; absent, if it runs.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    }
);
