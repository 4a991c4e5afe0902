//! The words of findings.

use crate::text_enum::text_enum;

text_enum!(
    /// How bad a finding is.
    Severity {
        /// It goes on, but somebody should look.
        Warn = "warn",
        /// Something that should happen does not.
        Error = "error",
    }
);

text_enum!(
    /// What a finding is about.
    AuditScope {
        /// A flow.
        Flow = "flow",
        /// A task.
        Task = "task",
        /// A message to an owner.
        Message = "message",
        /// A schedule or a run of it.
        Schedule = "schedule",
        /// The home, the machine or its clock.
        Home = "home",
    }
);

text_enum!(
    /// What is wrong.
    AuditCode {
        /// A flow or task is said to run, and nothing of it does.
        StaleRunning = "stale_running",
        /// A task is queued and stands in no line.
        StaleQueued = "stale_queued",
        /// A deadline has passed, or what is waited for has ended, and nobody acted.
        StaleWaiting = "stale_waiting",
        /// An attempt was due to be tried again, and was not.
        StaleRetry = "stale_retry",
        /// A task that its caller runs has been silent for a day.
        SilentRunning = "silent_running",
        /// Nobody knows what became of a flow or task.
        Lost = "lost",
        /// An attempt may have acted, and nobody has said what is to be done about its step.
        InDoubt = "in_doubt",
        /// A cancel was requested long ago, and the work has not ended.
        CancelStuck = "cancel_stuck",
        /// Processes live whose attempt has ended.
        OrphanProcess = "orphan_process",
        /// A task runs under a shim of another program than the one that is installed.
        OldShim = "old_shim",
        /// A flow that code drives has nothing at work, waits for nothing, and was not touched for
        /// a day.
        MissingLinkedTasks = "missing_linked_tasks",
        /// A flow is blocked by a task that is not there.
        BlockedTaskMissing = "blocked_task_missing",
        /// The times of a record contradict each other.
        InconsistentTimestamps = "inconsistent_timestamps",
        /// A message was given up.
        DeliveryFailed = "delivery_failed",
        /// A message does not get through, or is not sent.
        Undelivered = "undelivered",
        /// The time of a schedule has passed, and it did not fire.
        ScheduleLate = "schedule_late",
        /// A schedule was switched off because its runs failed, or cannot be read.
        ScheduleDisabled = "schedule_disabled",
        /// A schedule fires, and its slots are skipped one after another.
        ScheduleNeverRuns = "schedule_never_runs",
        /// A run of a schedule goes on, and its work has ended.
        RunStuck = "run_stuck",
        /// Work waits, and nobody drives the home.
        NotDriven = "not_driven",
        /// The clock was set.
        ClockJump = "clock_jump",
        /// The disk is nearly full.
        DiskLow = "disk_low",
        /// The log of the ledger has grown far beyond its limit.
        WalLarge = "wal_large",
        /// Reports of jobs could not be read or taken in.
        ReportsUnread = "reports_unread",
        /// Tasks wait in a queue that is not configured.
        QueueUnknown = "queue_unknown",
    }
);
