// What the methods of a bound handle take and answer. Field names are those of the original
// TaskFlow; types come from the gateway's OpenAPI document, so that they cannot drift.

import type { RefusalCode } from "./errors.js";
import type { Calls, Flow, FlowStatus, Origin, Task, Wait, WaitId } from "./generated.js";

/** The request of a call without the fields that a handle fills in itself. */
type Fields<N extends keyof Calls, Own extends PropertyKey = never> = DistributiveOmit<
  Calls[N]["request"],
  "flow" | Own
>;
type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** Names a flow by its id, or by its key. */
export interface FlowName {
  /** The flow. */
  flowId: string;
}

/** The revision that a change was decided on. */
export interface Decided {
  /** `flow.revision` of the record that was looked at. Another one by now: `revision_conflict`. */
  expectedRevision: number;
}

/** The same, where it may be left out: then the change applies to the newest revision. */
export interface MaybeDecided {
  /** As in {@link Decided}; without it the change applies to the newest revision. */
  expectedRevision?: number | undefined;
}

/** Times that the original lets a caller give. The gateway's clock decides: they are not sent. */
export interface GivenTimes {
  /** @deprecated Taken for the sake of the original, and not sent. */
  createdAt?: number | undefined;
  /** @deprecated Taken for the sake of the original, and not sent. */
  updatedAt?: number | undefined;
  /** @deprecated Taken for the sake of the original, and not sent. */
  endedAt?: number | undefined;
}

/** Where the request came from; a thread may be a number, as in the original. */
export type OriginInput = Omit<Origin, "threadId"> & { threadId?: string | number | undefined };

/** What `bindSession` takes. */
export interface SessionInput {
  /** The owner of everything that the handle makes, and the only one whose records it reaches. */
  sessionKey: string;
  /** Where the request came from; it comes back with every delivery. */
  requesterOrigin?: OriginInput | undefined;
}

/** What `fromToolContext` takes: the parts of a tool's context that it reads. */
export interface ToolContext {
  /** The session that uses the tool. */
  sessionKey?: string | undefined;
  /** Where its answer goes. */
  deliveryContext?: OriginInput | undefined;
}

/** What `createManaged` takes. */
export type CreateManagedInput = Fields<"flow.create"> & GivenTimes;
/** What `setWaiting` takes. */
export type SetWaitingInput = FlowName &
  Decided &
  Fields<"flow.setWaiting", "expectedRevision"> &
  GivenTimes;
/** What `resume` takes. */
export type ResumeInput = FlowName &
  Decided &
  Fields<"flow.resume", "expectedRevision"> &
  GivenTimes;
/** What `finish` takes. */
export type FinishInput = FlowName &
  Decided &
  Fields<"flow.finish", "expectedRevision"> &
  GivenTimes;
/** What `fail` takes. */
export type FailInput = FlowName & Decided & Fields<"flow.fail", "expectedRevision"> & GivenTimes;
/** What `requestCancel` takes. */
export type RequestCancelInput = FlowName &
  Decided &
  Fields<"flow.requestCancel", "expectedRevision">;

/** What `runTask` takes. */
export type RunTaskInput = FlowName &
  Fields<"flow.runTask"> & {
    /** @deprecated Taken for the sake of the original, and not sent. */
    preferMetadata?: boolean | undefined;
    /** @deprecated Taken for the sake of the original, and not sent: see `notifyPolicy`. */
    deliveryStatus?: string | undefined;
  };

/** What `cancel` takes. */
export type CancelInput = FlowName &
  Omit<Fields<"flow.cancel">, "waitMs"> & {
    /** Longest wait for the end, in milliseconds: 30,000; 0 to return at the intent. */
    waitMs?: number | undefined;
    /** @deprecated Taken for the sake of the original, and not looked at. */
    cfg?: unknown;
  };
/** What `spawnAgent` takes. */
export type SpawnInput = Omit<Calls["agent.spawn"]["request"], "owner">;
/** What `updateTask` takes. */
export type UpdateTaskInput = { /** The task. */ taskId: string } & Omit<
  Calls["task.report"]["request"],
  "task"
>;
/** What `answer` takes. */
export type AnswerInput = FlowName &
  Fields<"flow.answer", "by"> & {
    /** Who answers; the actor of the connection, else the session key. */
    by?: string | undefined;
  };
/** What `pause` and `unpause` take. */
export type PauseInput = FlowName & Fields<"flow.pause">;
/** What `setBudget` takes. */
export type BudgetInput = FlowName &
  Fields<"flow.budget", "by"> & {
    /** Who decides it; the actor of the connection, else the session key. */
    by?: string | undefined;
  };
/** What `signal` takes. */
export type SignalInput = Omit<Calls["signal.send"]["request"], "flow"> & {
  /** Only this flow may take it. */
  flowId?: string | undefined;
};
/** What `retry` takes. */
export type RetryInput = FlowName & Fields<"flow.retry">;
/** What `fork` takes. */
export type ForkInput = FlowName & Fields<"flow.fork">;
/** What `purge` takes. */
export type PurgeInput = Omit<Calls["flow.purge"]["request"], "flow"> & {
  /** One flow. */
  flowId?: string | undefined;
};
/** What `list` takes; ended flows are listed whatever their age, unless `all` is false. */
export type ListInput = Omit<Calls["flow.list"]["request"], "owner">;
/** What `emitFlowUpdate` takes. */
export type EmitInput = FlowName & Fields<"flow.emit">;
/** An output by `key`, as ClawFlow calls it. */
export type OutputInput = FlowName &
  MaybeDecided & {
    /** Its name; not blank. */
    key: string;
    /** Its value. */
    value: unknown;
  };
/** What `getTaskLogs` takes. */
export type TaskLogsInput = { /** The task. */ taskId: string } & Omit<
  Calls["task.logs"]["request"],
  "task"
>;

/** A refused change: nothing was written. */
export interface Refused {
  applied: false;
  /** Why, for programs. */
  code: RefusalCode;
  /** Why, for people. */
  message: string;
  /** The flow as it is. Absent where there is none that the handle may see. */
  current?: Flow;
}

/** What a change of a flow came to. */
export type FlowMutation = { applied: true; flow: Flow } | Refused;

/** What `setWaiting` came to. */
export type WaitingMutation =
  { applied: true; flow: Flow; /** What an answer names. */ waitId?: WaitId } | Refused;

/** What `updateTask` came to. */
export type TaskMutation = { applied: true; task: Task } | Refused;

/** What `answer` came to. */
export type AnswerResult =
  | { applied: true; flow: Flow; wait: Wait }
  /** Somebody was faster: the wait has their answer. */
  | { applied: false; code: "answered"; message: string; current: Flow; wait: Wait }
  | Refused;

/** What `runTask` came to. */
export type RunTaskResult =
  | { created: true; flow: Flow; task: Task }
  | {
      created: false;
      /** Whether the flow was found. */
      found: boolean;
      /** Why, for people. */
      reason: string;
      /** Why, for programs. */
      code: string;
      flow?: Flow;
    };

/** What `cancel` came to. */
export interface CancelResult {
  /** Whether the flow was found. */
  found: boolean;
  /** Whether it is cancelled. If not, and `reason` names active children, it will be. */
  cancelled: boolean;
  /** Why it is not. */
  reason?: string;
  flow?: Flow;
  tasks?: Task[];
}

/** What a ClawFlow wait takes: as `setWaiting`, and the task to wait for. */
export type SetFlowWaitingInput = Omit<SetWaitingInput, "expectedRevision"> &
  MaybeDecided & {
    /** A child to wait for; short for `waitFor: {kind: "task", taskId}`. */
    waitingOnTaskId?: string | undefined;
  };
/** What `resumeFlow` takes. */
export type ResumeFlowInput = Omit<ResumeInput, "expectedRevision"> & MaybeDecided;
/** What `finishFlow` takes. */
export type FinishFlowInput = Omit<FinishInput, "expectedRevision"> & MaybeDecided;
/** What `failFlow` takes. */
export type FailFlowInput = Omit<FailInput, "expectedRevision"> & MaybeDecided;
/** What `createFlow` takes: as `createManaged`; the controller has a default. */
export type CreateFlowInput = Omit<CreateManagedInput, "controllerId"> & {
  /** Who decides about it; `clawflow/sdk` if nothing is said. */
  controllerId?: string | undefined;
};
/** What `runTaskInFlow` takes: as `runTask`; `launch` is the status of a recorded child. */
export type RunTaskInFlowInput = Omit<RunTaskInput, "await"> & {
  /** As `status`. */
  launch?: "queued" | "running" | undefined;
};

/** What `waitForFlow` takes. */
export interface WaitForFlowOptions {
  /** Until when; until the flow has ended, if absent. */
  until?:
    FlowStatus | FlowStatus[] | ((view: Calls["flow.show"]["response"]) => boolean) | undefined;
  /** Breaks it off. */
  signal?: AbortSignal | undefined;
  /** Longest wait in milliseconds: then it rejects with code `timeout`. Unlimited, if absent. */
  timeoutMs?: number | undefined;
}
