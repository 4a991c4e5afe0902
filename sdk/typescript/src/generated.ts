// Written by `npm run generate` from the OpenAPI document of the gateway. Not to be edited.

/** What a caller may do. Each includes those before it. */
export type Access = "ping" | "read" | "operate" | "admin";

/** One turn of an agent. */
export interface AcpRequest {
  /** Name of the agent, configured or built in. */
  agent: string;
  /** What it is asked to do. */
  prompt: string;
  /** What it is given to work on: a text, or any JSON. */
  context?: unknown;
  /** Files that it is pointed to, absolute or relative to its directory. */
  files?: string[] | undefined;
  /** What its answer must be like as JSON: a JSON Schema. */
  schema?: unknown;
  /** How often it is asked again for an answer that fits. */
  corrections?: number | undefined;
  /** The mode that it works in, by its id or name; its own without it. */
  mode?: string | undefined;
  /** The model that it uses, by its id or name; its own without it. */
  model?: string | undefined;
  /** What it may do without being asked about; else what is configured. */
  permissions?: Policy | undefined;
  /** Servers of the Model Context Protocol that it is given. */
  mcp?: McpServer[] | undefined;
  /** Which files it may reach by way of clawflow. */
  fileAccess?: FileAccess | undefined;
  /** Whether it may have clawflow run commands below its directory. */
  terminals?: boolean | undefined;
  /** What it means that it stops early. */
  onStop?: OnStop | undefined;
  /** Nobody said where it works: in the agent's own directory, if it is configured. */
  anywhere?: boolean | undefined;
  /** The session that it goes on with; a new one without it. */
  session?: string | undefined;
  /**
   * The prompt was sent in that session by an attempt that was broken off: it is told to go on,
   * and not given the prompt again.
   */
  resume?: boolean | undefined;
  /** What the session had cost before, in US dollars. */
  costBefore?: number | undefined;
}

/** One turn of an agent. */
export interface AcpRequestInput {
  /** Name of the agent, configured or built in. */
  agent?: string | undefined;
  /** What it is asked to do. */
  prompt?: string | undefined;
  /** What it is given to work on: a text, or any JSON. */
  context?: unknown;
  /** Files that it is pointed to, absolute or relative to its directory. */
  files?: string[] | undefined;
  /** What its answer must be like as JSON: a JSON Schema. */
  schema?: unknown;
  /** How often it is asked again for an answer that fits. */
  corrections?: number | undefined;
  /** The mode that it works in, by its id or name; its own without it. */
  mode?: string | null | undefined;
  /** The model that it uses, by its id or name; its own without it. */
  model?: string | null | undefined;
  /** What it may do without being asked about; else what is configured. */
  permissions?: Policy | null | undefined;
  /** Servers of the Model Context Protocol that it is given. */
  mcp?: McpServerInput[] | undefined;
  /** Which files it may reach by way of clawflow. */
  fileAccess?: FileAccess | undefined;
  /** Whether it may have clawflow run commands below its directory. */
  terminals?: boolean | undefined;
  /** What it means that it stops early. */
  onStop?: OnStop | undefined;
  /** Nobody said where it works: in the agent's own directory, if it is configured. */
  anywhere?: boolean | undefined;
  /** The session that it goes on with; a new one without it. */
  session?: string | null | undefined;
  /**
   * The prompt was sent in that session by an attempt that was broken off: it is told to go on,
   * and not given the prompt again.
   */
  resume?: boolean | undefined;
  /** What the session had cost before, in US dollars. */
  costBefore?: number | null | undefined;
}

/** A session of an agent, as far as another attempt or step can go on with it. */
export interface AgentSession {
  /** The agent's name. */
  agent: string;
  /** The agent's id of the session. */
  id: string;
  /** What it has cost so far, in US dollars, where the agent told. */
  costUsd?: number | undefined;
}

/** Asks an agent for something, as a sub-agent of the session that asks. */
export interface AgentSpawnRequest {
  /** What it is asked. */
  prompt: string;
  /** Short name. */
  label?: string | null | undefined;
  /** Session key of the parent, which is told of the end; a bound caller may leave it out. */
  owner?: string | undefined;
  /** A flow that code drives, whose child it is to be. */
  flow?: string | null | undefined;
  /** Its directory, absolute; that of its configuration, else the gateway user's home. */
  cwd?: string | null | undefined;
  /** The model that it is told to use, instead of that of its configuration. */
  model?: string | null | undefined;
  /** The mode that it is told to work in, instead of that of its configuration. */
  mode?: string | null | undefined;
  /** Limit on its run, in milliseconds. */
  timeoutMs?: number | null | undefined;
  /** What it may use; it is stopped when that is used up. */
  budget?: Budget | null | undefined;
  /** What the parent is told of it; its end, if nothing is said and it has no flow. */
  notifyPolicy?: NotifyPolicy | null | undefined;
  /** The first answer again if this key was used for the same request before (24 h). */
  idempotencyKey?: string | null | undefined;
}

/** A sub-agent was accepted: it runs, or waits for its turn. */
export interface AgentSpawnResponse {
  /** `accepted`. */
  status: string;
  /** The id of its run. */
  runId: string;
  /** The key of its session: `agent:NAME:subagent:RUN`. */
  childSessionKey: string;
  /** Its task. */
  task: Task;
}

/** What is wrong. */
export type AuditCode = "stale_running" | "stale_queued" | "stale_waiting" | "stale_retry" | "silent_running" | "lost" | "in_doubt" | "cancel_stuck" | "orphan_process" | "old_shim" | "missing_linked_tasks" | "blocked_task_missing" | "inconsistent_timestamps" | "delivery_failed" | "undelivered" | "schedule_late" | "schedule_disabled" | "schedule_never_runs" | "run_stuck" | "not_driven" | "clock_jump" | "disk_low" | "wal_large" | "reports_unread" | "queue_unknown";

/** Findings in numbers. */
export interface AuditCounts {
  /** All. */
  total: number;
  /** Errors. */
  errors: number;
  /** Warnings. */
  warnings: number;
  /** By code; what is not there counts 0. */
  byCode: Record<string, number>;
}

/**
 * What is wrong: errors first, then what has been wrong for longer. A bound caller is told of
 * its own records only.
 */
export interface AuditResponse {
  /** When it was looked. */
  at: number;
  /** All findings in numbers. */
  counts: AuditCounts;
  /** Those that were asked for, in numbers. */
  matching: AuditCounts;
  /** These, as many as were asked for. */
  findings: Finding[];
}

/** What a finding is about. */
export type AuditScope = "flow" | "task" | "message" | "schedule" | "home";

/** What may be used. What is left out is without limit. */
export interface Budget {
  /** Tokens of models, read and written. */
  tokens?: number | undefined;
  /** US dollars. */
  costUsd?: number | undefined;
  /** Turns of agents. */
  turns?: number | undefined;
  /** Milliseconds: of a flow since it was made, waiting included; of a task since it was started. */
  wallMs?: number | undefined;
}

/** One message on one route. */
export interface Delivery {
  /** Its id; ids of one owner sort by creation. */
  deliveryId: DeliveryId;
  /** +1 per change of this row. */
  version: number;
  /** Session key of the owner. */
  ownerKey: string;
  /** The flow that it is about. */
  flowId?: FlowId | undefined;
  /** The task that it is about. */
  taskId?: TaskId | undefined;
  /**
   * What happened: `flow.ended`, `flow.changed`, `flow.update`, `task.ended`,
   * `schedule.message`, `schedule.disabled`.
   */
  kind: string;
  /**
   * The same for every try and route of this message, so that a receiver can make it once.
   * A second message of the owner with the same key on the same route is none.
   */
  idempotencyKey: string;
  /** The message, for people. */
  content: string;
  /** The message, for programs. */
  data?: unknown;
  /** Where the request came from, whole. */
  requesterOrigin?: Origin | undefined;
  /** How it goes there. */
  route: RouteKind;
  /** The route's name in the configuration; empty for the inbox. */
  routeName?: string | undefined;
  /** Where it stands. */
  state: DeliveryState;
  /** Tries so far. */
  attempts: number;
  /** When it is tried next, while it is pending. */
  dueAt?: number | undefined;
  /** Why the last try failed. */
  error?: string | undefined;
  /** Creation. */
  createdAt: number;
  /** When it was handed over or queued. */
  deliveredAt?: number | undefined;
  /** When it was acknowledged, given up or dismissed: nothing is owed any more. */
  closedAt?: number | undefined;
  /**
   * Its place in the order of all inboxes, once it lies in one: what comes later has a higher
   * one, and what comes to lie there again gets a new one. The store alone gives it.
   */
  place?: number | undefined;
}

/** Names a message that is owed to an owner. */
export type DeliveryId = string;

/** A page of messages. */
export interface DeliveryListResponse {
  /** The messages. */
  deliveries: Delivery[];
  /** Where the next page begins, if there is one. */
  next?: string | undefined;
}

/** Names a delivery by id, or all of a task or flow. */
export interface DeliveryRef {
  /** Who asks. */
  by?: string | undefined;
}

/** Where a delivery stands. */
export type DeliveryState = "pending" | "delivered" | "session_queued" | "acknowledged" | "failed" | "dismissed";

/** Where the message about the task's end stands. */
export type DeliveryStatus = "pending" | "delivered" | "session_queued" | "acknowledged" | "failed" | "dismissed" | "parent_missing" | "not_applicable";

/** Why a schedule does not fire. */
export type DisabledReason = "asked" | "finished" | "errors" | "broken";

/** What attempts of an agent that were broken off leave to the next one of the same task. */
export interface EarlierTurn {
  /** The agent's id of the session, which it goes on in. */
  session: string;
  /** What the session has cost, in US dollars, where the agent told. */
  costUsd?: number | undefined;
  /** What they have used. */
  usage?: Usage | undefined;
  /** How long they have worked, in milliseconds; a person who is asked is no work. */
  workedMs: number;
}

/** Who executes the task, and which process it is. */
export interface Executor {
  /** The gateway that started it. */
  gateway: string;
  /** That gateway's epoch. */
  epoch: number;
  /** Boot in which it was started: in another boot, absence proves nothing. */
  bootId: string;
  /** The child's process id, once known. */
  pid?: number | undefined;
  /** Kernel start time of the child, in clock ticks since boot. */
  startTime?: number | undefined;
}

/** How a process ended. */
export type Exit = {
  code: number;
} | {
  signal: number;
} | {
  stopReason: string;
};

/**
 * Which files an agent may reach by way of clawflow, below its directory. What its own tools
 * reach is another matter.
 */
export type FileAccess = "off" | "read" | "write";

/** Something that is wrong, and what mends it. */
export interface Finding {
  /** What it is about. */
  scope: AuditScope;
  /** How bad it is. */
  severity: Severity;
  /** What is wrong. */
  code: AuditCode;
  /** The record: a flow, task, delivery, schedule or run; absent for the home. */
  id?: string | undefined;
  /** Its owner. */
  ownerKey?: string | undefined;
  /** Its status. */
  status?: string | undefined;
  /** In words. */
  detail: string;
  /** Since when it is wrong, where that is known. */
  since?: number | undefined;
  /** For how long, in milliseconds. */
  ageMs?: number | undefined;
  /** The command that mends it, or shows what to decide. */
  hint: string;
}

/** One durable job: one owner, one state, one place to inspect, cancel or resume it. */
export interface Flow {
  /** Its id. */
  flowId: FlowId;
  /** Human name, unique per owner among live flows. */
  key?: string | undefined;
  /** Who moves it. */
  syncMode: SyncMode;
  /** Session key of the owner. */
  ownerKey: string;
  /** Where the request came from. */
  requesterOrigin?: Origin | undefined;
  /** Who decides about it; required when managed. */
  controllerId?: string | undefined;
  /** 0 at creation, +1 per change of this row. */
  revision: number;
  /** Where it stands. */
  status: FlowStatus;
  /** What the owner is told. */
  notifyPolicy: NotifyPolicy;
  /** What happens when its children end; nothing, if absent. */
  onChildrenDone?: OnChildrenDone | undefined;
  /** What it is for; never empty. */
  goal: string;
  /** The step at work, for people. */
  currentStep?: string | undefined;
  /** The controller's own state; `null` is a value. */
  stateJson?: unknown;
  /** The controller's own note of what it waits for; `null` is a value. */
  waitJson?: unknown;
  /** Small persisted outputs. */
  outputs: Record<string, unknown>;
  /** The task that blocks it. */
  blockedTaskId?: TaskId | undefined;
  /** Why it is blocked. */
  blockedSummary?: string | undefined;
  /** When a cancel was first requested; never cleared. */
  cancelRequestedAt?: number | undefined;
  /** Why, for people. */
  cancelReason?: string | undefined;
  /** When it was paused, while it is. */
  pausedAt?: number | undefined;
  /** What it may use, its tasks and the flows of its steps included. */
  budget?: Budget | undefined;
  /**
   * Since when its budget, or that of the flow above, is used up: nothing starts until it is
   * raised.
   */
  heldAt?: number | undefined;
  /** Since when it waits in line for the live flow of its key to end; it has not begun. */
  inLineSince?: number | undefined;
  /** SHA-256 (hex) of its workflow file. */
  definitionHash?: string | undefined;
  /** Name of the workflow: the one that its file gives itself, else the file's own. */
  name?: string | undefined;
  /** The flow whose step started it. */
  parentFlowId?: FlowId | undefined;
  /** That step. */
  parentStepId?: string | undefined;
  /** The ended flow that this one tries again. */
  retryOf?: FlowId | undefined;
  /** The flow that this one was forked from. */
  forkOf?: FlowId | undefined;
  /** Free labels. */
  labels?: Record<string, string> | undefined;
  /** Which record of another system it was taken over from. */
  imported?: Imported | undefined;
  /** Why it failed. */
  error?: string | undefined;
  /** Creation. */
  createdAt: number;
  /** Last change of this row. */
  updatedAt: number;
  /** End. */
  endedAt?: number | undefined;
}

/** Answers an approval. */
export interface FlowAnswerRequest {
  /** The step that asks; may be left out if only one does. */
  step?: string | null | undefined;
  /** The wait to answer, instead of the step. */
  waitId?: WaitId | null | undefined;
  /** Yes or no, at an approval. */
  approve?: boolean | null | undefined;
  /** The answer where any JSON is asked for. */
  response?: unknown;
  /** Who answers. */
  by: string;
  /** Hash of what they were shown. */
  shownHash?: string | null | undefined;
}

/** The answer that counts, which may be an earlier one. */
export interface FlowAnswerResponse {
  /** The flow. */
  flow: Flow;
  /** The wait, with the answer that was given first. */
  wait: Wait;
  /** Whether this call gave it. */
  applied: boolean;
}

/** Makes an output an array, or extends the array. */
export interface FlowAppendOutputRequest {
  /** The revision that it was decided on; without one it is decided on the newest. */
  expectedRevision?: number | null | undefined;
  /** Its name; not blank. */
  name: string;
  /** The new element. */
  value: unknown;
}

/**
 * Gives a flow another budget. One that is held because the old one is used up goes on if
 * there is something left of the new one.
 */
export interface FlowBudgetRequest {
  /** What it may use from its beginning on; what is left out stays as it is. */
  budget?: Budget | undefined;
  /** Whether what is left out of `budget` is without limit, instead. */
  replace?: boolean | undefined;
  /** The revision that it was decided on. */
  expectedRevision?: number | null | undefined;
  /** Who decides it. */
  by: string;
}

/** Cancels a flow. */
export interface FlowCancelRequest {
  /** The revision that it was decided on. */
  expectedRevision?: number | null | undefined;
  /** Why. */
  reason?: string | undefined;
  /** How long to wait for the end, in milliseconds (at most 60,000). */
  waitMs?: number | undefined;
}

/** A child flow, as its parent sees it. */
export interface FlowChild {
  /** Its id. */
  flowId: FlowId;
  /** The parent's step that runs it. */
  stepId?: string | undefined;
  /** Its key. */
  key?: string | undefined;
  /** Where it stands. */
  status: FlowStatus;
  /** What it is for. */
  goal: string;
  /** Why it failed. */
  error?: string | undefined;
  /** When a cancel was requested. */
  cancelRequestedAt?: number | undefined;
  /** Questions that are open in it and in the flows below it. */
  asks?: Wait[] | undefined;
  /** Creation. */
  createdAt: number;
  /** End. */
  endedAt?: number | undefined;
}

/** Makes a flow that code drives, at revision 0. */
export interface FlowCreateRequest {
  /** Who decides about it. */
  controllerId: string;
  /** What it is for; not blank. */
  goal: string;
  /** Human name, unique among live flows of the owner. */
  key?: string | null | undefined;
  /** With `key`: take the live flow that has it instead of refusing. */
  join?: boolean | undefined;
  /** `queued` (default), `running`, `waiting` or `blocked`. */
  status?: FlowStatus | null | undefined;
  /** What the owner is told; `done_only` if nothing is said. */
  notifyPolicy?: NotifyPolicy | null | undefined;
  /** What happens when its children end. */
  onChildrenDone?: OnChildrenDone | null | undefined;
  /** The step at work, for people. */
  currentStep?: string | null | undefined;
  /** The controller's state; `null` is a value. */
  stateJson?: unknown;
  /** The controller's note of what it waits for; `null` is a value. */
  waitJson?: unknown;
  /** Free labels. */
  labels?: Record<string, string> | undefined;
  /** What it may use, its children included. */
  budget?: Budget | null | undefined;
  /** The first answer again if this key was used for the same request before (24 h). */
  idempotencyKey?: string | null | undefined;
}

/** Sends the owner one message. */
export interface FlowEmitRequest {
  /** The message; not blank. */
  content: string;
  /** Sent once per flow and key; each call is a message of its own, if absent. */
  eventKey?: string | null | undefined;
  /** More, for programs. */
  data?: unknown;
  /** The step at work, for people. */
  currentStep?: string | null | undefined;
  /** The first answer again if this key was used for the same request before (24 h). */
  idempotencyKey?: string | null | undefined;
}

/** The message and where it stands. */
export interface FlowEmitResponse {
  /** The flow. */
  flow: Flow;
  /** How far it came with this call. */
  delivery: DeliveryState;
  /** One per route; empty if it was sent before. */
  deliveryIds: string[];
}

/** A page of events, oldest first. */
export interface FlowEventsResponse {
  /** The events. */
  events: StoredEvent[];
  /** Where the next page begins, if there may be one. */
  next?: number | undefined;
}

/** Ends a flow badly. */
export interface FlowFailRequest {
  /** The revision that it was decided on; without one it is decided on the newest. */
  expectedRevision?: number | null | undefined;
  /** The step at work, for people; `null` clears it. */
  currentStep?: string | null | undefined;
  /** The controller's state; `null` is a value. */
  stateJson?: unknown;
  /** Why. */
  error?: string | null | undefined;
  /** The task that is to blame. */
  blockedTaskId?: TaskId | null | undefined;
  /** Why, for people; as `error`. */
  blockedSummary?: string | null | undefined;
}

/** Ends a flow well. */
export interface FlowFinishRequest {
  /** The revision that it was decided on; without one it is decided on the newest. */
  expectedRevision?: number | null | undefined;
  /** The step at work, for people; `null` clears it. */
  currentStep?: string | null | undefined;
  /** The controller's state; `null` is a value. */
  stateJson?: unknown;
}

/**
 * Makes a new flow from another, ended or not, with its recorded results and with idempotency
 * keys of its own.
 */
export interface FlowForkRequest {
  /** The step from which on everything runs anew. */
  from: string;
  /** Arguments that are to be others. Results from before the step stay as recorded. */
  args?: Record<string, unknown> | undefined;
  /** Human name; else the file's. */
  key?: string | null | undefined;
  /** The first answer again if this key was used for the same request before (24 h). */
  idempotencyKey?: string | null | undefined;
}

/** Names a flow. */
export type FlowId = string;

/** A flow in a list. */
export interface FlowLine {
  /** Its id. */
  flowId: FlowId;
  /** Human name, unique per owner among live flows. */
  key?: string | undefined;
  /** Who moves it. */
  syncMode: SyncMode;
  /** Session key of the owner. */
  ownerKey: string;
  /** Where the request came from. */
  requesterOrigin?: Origin | undefined;
  /** Who decides about it; required when managed. */
  controllerId?: string | undefined;
  /** 0 at creation, +1 per change of this row. */
  revision: number;
  /** Where it stands. */
  status: FlowStatus;
  /** What the owner is told. */
  notifyPolicy: NotifyPolicy;
  /** What happens when its children end; nothing, if absent. */
  onChildrenDone?: OnChildrenDone | undefined;
  /** What it is for; never empty. */
  goal: string;
  /** The step at work, for people. */
  currentStep?: string | undefined;
  /** The controller's own state; `null` is a value. */
  stateJson?: unknown;
  /** The controller's own note of what it waits for; `null` is a value. */
  waitJson?: unknown;
  /** Small persisted outputs. */
  outputs: Record<string, unknown>;
  /** The task that blocks it. */
  blockedTaskId?: TaskId | undefined;
  /** Why it is blocked. */
  blockedSummary?: string | undefined;
  /** When a cancel was first requested; never cleared. */
  cancelRequestedAt?: number | undefined;
  /** Why, for people. */
  cancelReason?: string | undefined;
  /** When it was paused, while it is. */
  pausedAt?: number | undefined;
  /** What it may use, its tasks and the flows of its steps included. */
  budget?: Budget | undefined;
  /**
   * Since when its budget, or that of the flow above, is used up: nothing starts until it is
   * raised.
   */
  heldAt?: number | undefined;
  /** Since when it waits in line for the live flow of its key to end; it has not begun. */
  inLineSince?: number | undefined;
  /** SHA-256 (hex) of its workflow file. */
  definitionHash?: string | undefined;
  /** Name of the workflow: the one that its file gives itself, else the file's own. */
  name?: string | undefined;
  /** The flow whose step started it. */
  parentFlowId?: FlowId | undefined;
  /** That step. */
  parentStepId?: string | undefined;
  /** The ended flow that this one tries again. */
  retryOf?: FlowId | undefined;
  /** The flow that this one was forked from. */
  forkOf?: FlowId | undefined;
  /** Free labels. */
  labels?: Record<string, string> | undefined;
  /** Which record of another system it was taken over from. */
  imported?: Imported | undefined;
  /** Why it failed. */
  error?: string | undefined;
  /** Creation. */
  createdAt: number;
  /** Last change of this row. */
  updatedAt: number;
  /** End. */
  endedAt?: number | undefined;
  /** Tasks that have not ended. */
  tasksActive: number;
  /** All tasks. */
  tasksTotal: number;
}

/** A page of flows, newest first. */
export interface FlowListResponse {
  /** The flows. */
  flows: FlowLine[];
  /** All flows by status, whatever the filter. */
  counts: Record<string, number>;
  /** Live flows whose cancel was requested. */
  cancelRequested: number;
  /** Where the next page begins, if there is one. */
  next?: string | undefined;
}

/** A flow, or none. */
export interface FlowMaybe {
  /** The flow; `null` if there is none that the caller may see. */
  flow: Flow | null;
}

/** Pauses or unpauses a flow. */
export interface FlowPauseRequest {
  /** The revision that it was decided on. */
  expectedRevision?: number | null | undefined;
  /** Why. */
  reason?: string | undefined;
}

/** Purges ended flows: the one named, or all that match. */
export interface FlowPurgeRequest {
  /** One flow. */
  flow?: string | null | undefined;
  /** All that ended before this time. */
  endedBefore?: number | null | undefined;
  /** Only these states. */
  status?: FlowStatus[] | undefined;
  /** Only count. */
  dryRun?: boolean | undefined;
}

/** What was purged. */
export interface FlowPurgeResponse {
  /** Ids of the flows. */
  flows: string[];
}

/** Records the intent to cancel and lets the children be; the flow ends once none is active. */
export interface FlowRequestCancelRequest {
  /** The revision that it was decided on; without one it is decided on the newest. */
  expectedRevision?: number | null | undefined;
  /** Why. */
  reason?: string | undefined;
  /** The step at work, for people; `null` clears it. */
  currentStep?: string | null | undefined;
  /** The controller's state; `null` is a value. */
  stateJson?: unknown;
  /** The controller's note of what it waits for; `null` is a value. */
  waitJson?: unknown;
}

/** Goes on with a parked flow. */
export interface FlowResumeRequest {
  /** The revision that it was decided on; without one it is decided on the newest. */
  expectedRevision?: number | null | undefined;
  /** `running` (default) or `queued`. */
  status?: FlowStatus | null | undefined;
  /** The step at work, for people; `null` clears it. */
  currentStep?: string | null | undefined;
  /** The controller's state; `null` is a value. */
  stateJson?: unknown;
}

/**
 * Makes a new flow from one that has ended badly, with its recorded results and under its
 * idempotency keys.
 */
export interface FlowRetryRequest {
  /** The step from which on everything runs anew. Without it, what failed is tried again. */
  from?: string | null | undefined;
  /** The first answer again if this key was used for the same request before (24 h). */
  idempotencyKey?: string | null | undefined;
}

/** Starts a flow from the text of a workflow file. */
export interface FlowRunRequest {
  /** The file's text. */
  source: string;
  /** Its name: decides the dialect, and is what messages call it. */
  file: string;
  /**
   * Its absolute path, where it has one: the files of child flows are named relative to its
   * folder. Without it they are named relative to `cwd`.
   */
  path?: string | null | undefined;
  /**
   * The workflow files that it names as child flows, and those that they name: texts by
   * absolute path. A path that depends on the result of a step is read when the step begins.
   */
  files?: Record<string, string> | undefined;
  /** Arguments. */
  args?: Record<string, unknown> | undefined;
  /** Directory of steps that name none; absolute. */
  cwd: string;
  /** The chosen environment. */
  env?: Record<string, string> | undefined;
  /** Session key of the owner; else the file's. */
  owner?: string | null | undefined;
  /** Human name; else the file's. */
  key?: string | null | undefined;
  /** Whether approvals are given without asking. */
  autoApprove?: boolean | undefined;
  /** The first answer again if this key was used for the same request before (24 h). */
  idempotencyKey?: string | null | undefined;
}

/** Adds a child: launches a command, or records one that the caller runs. */
export interface FlowRunTaskRequest {
  /** What executes it. */
  runtime: Runtime;
  /** What it is to do, for people. */
  task: string;
  /** Program and arguments to launch, with runtime `cli`. Without it the child is recorded. */
  command?: string[] | undefined;
  /**
   * A coding agent that is asked, with runtime `acp`; its prompt is `task`, if it has none
   * of its own.
   */
  acp?: AcpRequestInput | null | undefined;
  /**
   * Directory of the command or agent; absolute. The home directory of the gateway's user,
   * if absent.
   */
  cwd?: string | null | undefined;
  /**
   * Environment of the command, added to the gateway's `PATH`, `HOME`, `USER`, `LANG` and
   * `TMPDIR`.
   */
  env?: Record<string, string> | undefined;
  /** Limit on the run of the command, in milliseconds. */
  timeoutMs?: number | null | undefined;
  /** What it may use; it is stopped when that is used up. */
  budget?: Budget | null | undefined;
  /** Of a recorded child: `queued` (default) or `running`. */
  status?: TaskStatus | null | undefined;
  /** The run: the same one means the same task within owner, flow and runtime. */
  runId?: string | null | undefined;
  /** Session of the child, for agents. */
  childSessionKey?: string | null | undefined;
  /** Schedule or tool that caused it. */
  sourceId?: string | null | undefined;
  /** The attempt that it retries. */
  parentTaskId?: TaskId | null | undefined;
  /** Agent. */
  agentId?: string | null | undefined;
  /** Short name. */
  label?: string | null | undefined;
  /** What the owner is told of it; nothing, if absent: the flow tells. */
  notifyPolicy?: NotifyPolicy | null | undefined;
  /** Of a recorded, running child: since when. */
  startedAt?: number | null | undefined;
  /** Of a recorded, running child: its last sign of life. */
  lastEventAt?: number | null | undefined;
  /** Of a recorded, running child: its last line of progress. */
  progressSummary?: string | null | undefined;
  /** Whether the flow waits for it from now on, in the same unit: ClawFlow's `runTaskInFlow`. */
  await?: boolean | undefined;
  /** With `await`: the step at work; else the flow's own, else `wait_for_task`. */
  currentStep?: string | null | undefined;
  /** The first answer again if this key was used for the same request before (24 h). */
  idempotencyKey?: string | null | undefined;
}

/** The child, or why there is none. */
export interface FlowRunTaskResponse {
  /** Whether there is such a child now. */
  created: boolean;
  /** Whether the flow was found. */
  found: boolean;
  /** Why there is none, for programs. */
  code?: string | undefined;
  /** Why there is none, for people. */
  reason?: string | undefined;
  /** The flow. */
  flow?: Flow | undefined;
  /** The child. */
  task?: Task | undefined;
}

/** Replaces an output of a flow. */
export interface FlowSetOutputRequest {
  /** The revision that it was decided on; without one it is decided on the newest. */
  expectedRevision?: number | null | undefined;
  /** Its name; not blank. */
  name: string;
  /** Its value. */
  value: unknown;
}

/**
 * Parks a flow: blocked if a blocker is given, else waiting. Older waits of the flow are
 * closed.
 */
export interface FlowSetWaitingRequest {
  /** The revision that it was decided on; without one it is decided on the newest. */
  expectedRevision?: number | null | undefined;
  /** The step at work, for people; `null` clears it. */
  currentStep?: string | null | undefined;
  /** The controller's state; `null` is a value. */
  stateJson?: unknown;
  /** The controller's note of what it waits for; `null` is a value. */
  waitJson?: unknown;
  /** The task that blocks it. */
  blockedTaskId?: TaskId | null | undefined;
  /** Why it is blocked, for people. */
  blockedSummary?: string | null | undefined;
  /** What the engine waits for on behalf of the flow. */
  waitFor?: WaitFor | null | undefined;
  /** What its resolution does: `resume` (default) or `tell`. */
  onResolved?: OnResolved | null | undefined;
  /** Until when; also without `waitFor`. */
  deadlineAt?: number | null | undefined;
  /** Until when, in milliseconds from now; instead of `deadlineAt`. */
  deadlineMs?: number | null | undefined;
  /** What happens then: `continue` (default: the flow goes on), `fail` or `cancel`. */
  onDeadline?: OnTimeout | null | undefined;
}

/** Settles a step that is in doubt. */
export interface FlowSettleRequest {
  /** The step; may be left out if only one is in doubt. */
  step?: string | null | undefined;
  /** `rerun`, `succeeded`, `skip` or `fail`. */
  how: SettleHow;
  /** The result, with `succeeded`. */
  result?: unknown;
  /** Who settles it. */
  by: string;
}

/** The workflow file of a flow, as it was. */
export interface FlowSourceResponse {
  /** Its name. */
  file: string;
  /** Its SHA-256. */
  hash: string;
  /** Its text. */
  source: string;
  /** The arguments, defaults filled in. */
  args: Record<string, unknown>;
}

/** Where a flow stands. */
export type FlowStatus = "queued" | "running" | "waiting" | "blocked" | "succeeded" | "failed" | "cancelled" | "lost";

/** A flow with all that belongs to it. */
export interface FlowView {
  /** Its id. */
  flowId: FlowId;
  /** Human name, unique per owner among live flows. */
  key?: string | undefined;
  /** Who moves it. */
  syncMode: SyncMode;
  /** Session key of the owner. */
  ownerKey: string;
  /** Where the request came from. */
  requesterOrigin?: Origin | undefined;
  /** Who decides about it; required when managed. */
  controllerId?: string | undefined;
  /** 0 at creation, +1 per change of this row. */
  revision: number;
  /** Where it stands. */
  status: FlowStatus;
  /** What the owner is told. */
  notifyPolicy: NotifyPolicy;
  /** What happens when its children end; nothing, if absent. */
  onChildrenDone?: OnChildrenDone | undefined;
  /** What it is for; never empty. */
  goal: string;
  /** The step at work, for people. */
  currentStep?: string | undefined;
  /** The controller's own state; `null` is a value. */
  stateJson?: unknown;
  /** The controller's own note of what it waits for; `null` is a value. */
  waitJson?: unknown;
  /** Small persisted outputs. */
  outputs: Record<string, unknown>;
  /** The task that blocks it. */
  blockedTaskId?: TaskId | undefined;
  /** Why it is blocked. */
  blockedSummary?: string | undefined;
  /** When a cancel was first requested; never cleared. */
  cancelRequestedAt?: number | undefined;
  /** Why, for people. */
  cancelReason?: string | undefined;
  /** When it was paused, while it is. */
  pausedAt?: number | undefined;
  /** What it may use, its tasks and the flows of its steps included. */
  budget?: Budget | undefined;
  /**
   * Since when its budget, or that of the flow above, is used up: nothing starts until it is
   * raised.
   */
  heldAt?: number | undefined;
  /** Since when it waits in line for the live flow of its key to end; it has not begun. */
  inLineSince?: number | undefined;
  /** SHA-256 (hex) of its workflow file. */
  definitionHash?: string | undefined;
  /** Name of the workflow: the one that its file gives itself, else the file's own. */
  name?: string | undefined;
  /** The flow whose step started it. */
  parentFlowId?: FlowId | undefined;
  /** That step. */
  parentStepId?: string | undefined;
  /** The ended flow that this one tries again. */
  retryOf?: FlowId | undefined;
  /** The flow that this one was forked from. */
  forkOf?: FlowId | undefined;
  /** Free labels. */
  labels?: Record<string, string> | undefined;
  /** Which record of another system it was taken over from. */
  imported?: Imported | undefined;
  /** Why it failed. */
  error?: string | undefined;
  /** Creation. */
  createdAt: number;
  /** Last change of this row. */
  updatedAt: number;
  /** End. */
  endedAt?: number | undefined;
  /** Its steps in file order. */
  steps: Step[];
  /** Its waits, oldest first. */
  waits: Wait[];
  /** Its tasks, oldest first (the newest 1000, and those at work). */
  tasks: Task[];
  /** Its tasks in numbers. */
  taskSummary: TaskSummary;
  /** Its child flows, oldest first (the newest 100, and 200 live ones). */
  children?: FlowChild[] | undefined;
  /** What it has used: its steps, its tasks and the flows of its steps. */
  used?: Usage | undefined;
  /** Number of its newest event. */
  lastEvent: number;
}

/** News of a flow: what happened, and how it stands now. */
export interface FlowWaitResponse {
  /** Events after the one that was named, oldest first (at most 500). */
  events: StoredEvent[];
  /** The flow. */
  view: FlowView;
}

/** The flow, and the wait that was made. */
export interface FlowWaitingResponse {
  /** Its id. */
  flowId: FlowId;
  /** Human name, unique per owner among live flows. */
  key?: string | undefined;
  /** Who moves it. */
  syncMode: SyncMode;
  /** Session key of the owner. */
  ownerKey: string;
  /** Where the request came from. */
  requesterOrigin?: Origin | undefined;
  /** Who decides about it; required when managed. */
  controllerId?: string | undefined;
  /** 0 at creation, +1 per change of this row. */
  revision: number;
  /** Where it stands. */
  status: FlowStatus;
  /** What the owner is told. */
  notifyPolicy: NotifyPolicy;
  /** What happens when its children end; nothing, if absent. */
  onChildrenDone?: OnChildrenDone | undefined;
  /** What it is for; never empty. */
  goal: string;
  /** The step at work, for people. */
  currentStep?: string | undefined;
  /** The controller's own state; `null` is a value. */
  stateJson?: unknown;
  /** The controller's own note of what it waits for; `null` is a value. */
  waitJson?: unknown;
  /** Small persisted outputs. */
  outputs: Record<string, unknown>;
  /** The task that blocks it. */
  blockedTaskId?: TaskId | undefined;
  /** Why it is blocked. */
  blockedSummary?: string | undefined;
  /** When a cancel was first requested; never cleared. */
  cancelRequestedAt?: number | undefined;
  /** Why, for people. */
  cancelReason?: string | undefined;
  /** When it was paused, while it is. */
  pausedAt?: number | undefined;
  /** What it may use, its tasks and the flows of its steps included. */
  budget?: Budget | undefined;
  /**
   * Since when its budget, or that of the flow above, is used up: nothing starts until it is
   * raised.
   */
  heldAt?: number | undefined;
  /** Since when it waits in line for the live flow of its key to end; it has not begun. */
  inLineSince?: number | undefined;
  /** SHA-256 (hex) of its workflow file. */
  definitionHash?: string | undefined;
  /** Name of the workflow: the one that its file gives itself, else the file's own. */
  name?: string | undefined;
  /** The flow whose step started it. */
  parentFlowId?: FlowId | undefined;
  /** That step. */
  parentStepId?: string | undefined;
  /** The ended flow that this one tries again. */
  retryOf?: FlowId | undefined;
  /** The flow that this one was forked from. */
  forkOf?: FlowId | undefined;
  /** Free labels. */
  labels?: Record<string, string> | undefined;
  /** Which record of another system it was taken over from. */
  imported?: Imported | undefined;
  /** Why it failed. */
  error?: string | undefined;
  /** Creation. */
  createdAt: number;
  /** Last change of this row. */
  updatedAt: number;
  /** End. */
  endedAt?: number | undefined;
  /** The wait, if the engine waits for something. */
  waitId?: WaitId | undefined;
}

/** Why a flow stands where it stands. */
export interface FlowWhyResponse {
  /** The flow. */
  flow: Flow;
  /** One sentence. */
  summary: string;
  /** What it waits for, one by one. */
  reasons: WhyReason[];
  /** The earliest moment at which it can move by itself. */
  earliest?: number | undefined;
  /** Commands that would move it. */
  commands: string[];
}

/**
 * Takes over rows of OpenClaw's ledger, as `clawflow import openclaw` reads them: each an
 * object with the columns that `docs/import.md` names. Flows come before their tasks. At most
 * 500 rows.
 */
export interface ImportOpenclawRequest {
  /** Rows of `flow_runs`. */
  flows?: Record<string, unknown>[] | undefined;
  /** Rows of `task_runs`. */
  tasks?: Record<string, unknown>[] | undefined;
  /** Rows of `cron_jobs`. */
  jobs?: Record<string, unknown>[] | undefined;
  /** What jobs leave to the machine that they run on; needed with `jobs`. */
  place?: ImportPlace | undefined;
  /** Whether it is only said what would become of them. */
  dryRun?: boolean | undefined;
}

/** What became of the rows, or would: flows, tasks and jobs in the order of the request. */
export interface ImportOpenclawResponse {
  /** One for each row. */
  records: ImportedRecord[];
}

/** What became of a record of another system. */
export type ImportOutcome = "taken" | "updated" | "present" | "kept" | "active" | "expired" | "left_out";

/** What jobs leave to the machine that they run on. */
export interface ImportPlace {
  /** Directory of commands that name none; absolute. */
  cwd?: string | undefined;
  /** Environment of commands and agents. */
  env?: Record<string, string> | undefined;
  /** Zone of cron expressions that name none. */
  tz?: string | undefined;
  /** Who takes the turns of agents; else the agent of the same name as there. */
  agent?: string | null | undefined;
  /** Whether schedules that are enabled there are enabled here. Both would fire. */
  enable?: boolean | undefined;
}

/** Which record of another system this one was taken over from. */
export interface Imported {
  /** The system: `openclaw`. */
  system: string;
  /** Its id there; it is found by that as by its own. */
  id: string;
  /** When it was last taken over. */
  at: number;
  /** The revision or version that it had here then: if it still has it, nobody has changed it. */
  revision: number;
  /** What it was there then, hashed. */
  digest: string;
}

/** What became of a row, or would. */
export interface ImportedRecord {
  /** What became of it. */
  outcome: ImportOutcome;
  /** The record here, unless there is none. */
  id?: string | undefined;
  /** Why it is not here as it is there. */
  reason?: string | undefined;
  /** What of it is not taken over. */
  notes?: string[] | undefined;
}

/** Acknowledges messages: the owner has them. */
export interface InboxAckRequest {
  /** Their ids; those that are acknowledged already are no error. */
  ids: string[];
  /** Who. */
  by?: string | undefined;
}

/** What is acknowledged now. */
export interface InboxAckResponse {
  /** The messages. */
  deliveries: Delivery[];
}

/** One thing that maintenance has done, or would. */
export interface MaintenanceAction {
  /**
   * `reconcile`: a task whose process is gone; `back_in_line`: a queued task that stands in
   * no line; `finalise_cancel`: a flow of which nothing is left to stop; `end_orphans`:
   * processes of an attempt that has ended.
   */
  kind: string;
  /** The task or flow. */
  id: string;
  /** What came of it, or would. */
  text: string;
  /** Whether it was done. */
  done: boolean;
}

/** Looks after the ledger, or only says what would be done. */
export interface MaintenanceRequest {
  /** Whether it is done. */
  apply?: boolean | undefined;
  /** How long what has ended is kept; without it, as the holder of the home is configured. */
  retention?: Retention | null | undefined;
  /**
   * Whether the file is written anew without what is free in it; only with `apply`. Writers
   * wait until it is done.
   */
  vacuum?: boolean | undefined;
  /** Whether the store is checked, and how thoroughly. */
  check?: StoreCheck | null | undefined;
}

/** What was done, or would be. */
export interface MaintenanceResponse {
  /** Flows, each with its tasks, steps, waits and history. */
  flows: number;
  /** Tasks without a flow. */
  tasks: number;
  /** What was done about single records: the first 1000. */
  actions: MaintenanceAction[];
  /** How many there were. */
  actionsTotal: number;
  /** The file. */
  store: StoreState;
  /** What a check has found; absent, if none was asked for. */
  problems?: string[] | undefined;
}

/** A server of the Model Context Protocol, as a program that is spoken to by its standard streams. */
export interface McpServer {
  /** Its name. */
  name: string;
  /** Program and arguments. */
  command: string[];
  /** Variables of its environment. */
  env?: Record<string, string> | undefined;
}

/** A server of the Model Context Protocol, as a program that is spoken to by its standard streams. */
export interface McpServerInput {
  /** Its name. */
  name?: string | undefined;
  /** Program and arguments. */
  command?: string[] | undefined;
  /** Variables of its environment. */
  env?: Record<string, string> | undefined;
}

/** One member of a mirrored group. */
export interface Member {
  /** What the group calls it. */
  id: string;
  /** How its runs are known. */
  by: MemberBy;
  /** The label, name or schedule. */
  value: string;
  /**
   * When it must have begun: a time on the clock (`06:30`), or so long after the window began
   * (`3h`); else the group's own deadline.
   */
  deadline?: string | undefined;
}

/** How the runs of a member are known. */
export type MemberBy = "label" | "flow" | "schedule";

/** What becomes of slots that nobody was there to start. */
export type MissedPolicy = "skip" | "once" | "all";

/** What the owner is told. */
export type NotifyPolicy = "done_only" | "state_changes" | "silent";

/** What the engine does with a flow that code drives when its children end. */
export type OnChildrenDone = "none" | "resume" | "finish" | "fail_fast";

/** What the engine does with a flow that code drives when its wait is resolved. */
export type OnResolved = "resume" | "tell";

/** What it means that an agent stops before its work is done. */
export type OnStop = "fail" | "block";

/** What happens to a gate whose time has passed. */
export type OnTimeout = "fail" | "continue" | "cancel";

/** Where the request came from, so that the answer can go back there. */
export interface Origin {
  /** Channel, e.g. `slack`. */
  channel?: string | undefined;
  /** Address in the channel. */
  to?: string | undefined;
  /** Account that speaks there. */
  accountId?: string | undefined;
  /** Thread. */
  threadId?: string | undefined;
}

/** What becomes of a slot while an earlier run goes on. */
export type OverlapPolicy = "skip" | "queue" | "replace" | "allow";

/** How long what belongs to some owners is kept, where that is not as for the others. */
export interface OwnerRetention {
  /** Their key; `*` stands for any text. Of two that fit the longer one counts. */
  owner?: string | undefined;
  /** As in the retention of all. */
  succeededMs?: number | null | undefined;
  /** As in the retention of all. */
  failedMs?: number | null | undefined;
  /** As in the retention of all. */
  cancelledMs?: number | null | undefined;
  /** As in the retention of all. */
  lostMs?: number | null | undefined;
}

/** The place of an inner step: of an item of a loop, or of a branch. */
export interface PartOf {
  /** Position of the outer step. */
  step: number;
  /** Which of the outer step's steps it is, from 0. */
  part: number;
  /** The item of the loop, from 0. */
  item?: number | undefined;
  /** How often the whole of the outer step was tried before. */
  round?: number | undefined;
  /** Whether it undoes the step at `step` rather than being inside of it. */
  undo?: boolean | undefined;
}

/** The kind of what a schedule starts. */
export type PayloadKind = "command" | "flow" | "agent" | "message" | "mirror";

/** Rules in their order. Where none fits, a person is asked. */
export type Policy = Rule[];

/** A process of this machine, and since when it is that one. */
export interface ProcessId {
  /** Its id. */
  pid: number;
  /** Kernel start time, in clock ticks since boot. */
  startTime: number;
  /** The boot in which it runs. */
  bootId: string;
  /** The host and the namespace of process ids in which it has that id. */
  place: string;
}

/** The queues, by name. */
export interface QueueListResponse {
  /** All that are configured, and others in which something runs or waits. */
  queues: QueueView[];
  /** Tasks that may run at once, in whatever queue. */
  maxTasks: number;
  /** Tasks that could start now, as far as that goes. */
  slotsFree: number;
}

/** A task in a queue. */
export interface QueueTask {
  /** The task. */
  taskId: TaskId;
  /** Its flow. */
  flowId?: FlowId | undefined;
  /** Its step. */
  stepId?: string | undefined;
  /** Whose it is. */
  ownerKey: string;
  /** Its priority. */
  priority: number;
  /** Since when it runs, or waits. */
  since: number;
  /** Why it waits, in a word, as in `held`; absent, if it runs. */
  why?: string | undefined;
}

/** One queue. A caller who is bound to an owner sees that owner's tasks only. */
export interface QueueView {
  /** Its name. */
  name: string;
  /** Whether the configuration has it. Without it nothing limits what is in it but the slots. */
  configured: boolean;
  /** Attempts of it that run at once; not limited, if absent. */
  concurrency?: number | undefined;
  /** Attempts of it that start in a time, as in `10/1m`; not limited, if absent. */
  rate?: string | undefined;
  /** Priority of a step that names none. */
  priority: number;
  /** What has a place, oldest first. */
  running: QueueTask[];
  /** How many wait. */
  waiting: number;
  /** The first of them, in the order in which they start if nobody else comes. */
  line: QueueTask[];
  /**
   * Why the first of them does not start now, in a word: `concurrency`, `rate`, `slots`,
   * `paused`, `driver` or `starting`.
   */
  held?: string | undefined;
  /** When the rate lets the next one start, where it is in the way. */
  nextAt?: number | undefined;
}

/** How long what has ended is kept, in milliseconds after its end. */
export interface Retention {
  /** What succeeded, and what ended blocked. */
  succeededMs?: number | undefined;
  /** What failed or ran out of time. */
  failedMs?: number | undefined;
  /** What was cancelled. */
  cancelledMs?: number | undefined;
  /** What was lost. */
  lostMs?: number | undefined;
  /** Owners for whom something else holds. */
  owners?: OwnerRetention[] | undefined;
}

/** How a message reaches its owner. */
export type RouteKind = "inbox" | "webhook" | "command";

/** One rule. */
export type Rule = string;

/** Names a run of a schedule, or slots of it that were skipped together. */
export type RunId = string;

/** Where a run stands. */
export type RunStatus = "queued" | "running" | "retrying" | "succeeded" | "failed" | "timed_out" | "cancelled" | "lost" | "skipped";

/** What started a run. */
export type RunTrigger = "slot" | "missed" | "manual";

/** What executes a task. */
export type Runtime = "cli" | "acp" | "subagent" | "cron" | "external";

/** What time starts, and how. */
export interface Schedule {
  /** Its id. */
  scheduleId: ScheduleId;
  /** +1 per change of this row. */
  version: number;
  /** Session key of the owner. */
  ownerKey: string;
  /** Human name, unique per owner. */
  name: string;
  /** Where the request came from. */
  requesterOrigin?: Origin | undefined;
  /** When. */
  spec: ScheduleSpec;
  /** What. */
  payload: SchedulePayload;
  /** How. */
  policies: SchedulePolicies;
  /** Whether it fires. */
  enabled: boolean;
  /** Why it does not. */
  disabledReason?: DisabledReason | undefined;
  /** The first slot that nothing was decided about yet, while it is enabled. */
  nextSlot?: number | undefined;
  /** When that is looked at: its slot and the jitter, or later while missed slots are spaced. */
  nextAt?: number | undefined;
  /** The newest slot that was decided about: started, queued or skipped. Never moves back. */
  lastSlot?: number | undefined;
  /** How the newest ended run ended. */
  lastStatus?: RunStatus | undefined;
  /** When that was. */
  lastEndedAt?: number | undefined;
  /** Why it failed, if it did. */
  lastError?: string | undefined;
  /** Runs that failed since the last one that did not. */
  consecutiveErrors: number;
  /** The newest row of history, if it is one of skipped slots: the next ones are added to it. */
  skipping?: RunId | undefined;
  /** Which record of another system it was taken over from. */
  imported?: Imported | undefined;
  /** Creation. */
  createdAt: number;
  /** Newest change by somebody, not by time. */
  updatedAt: number;
}

/** Makes a schedule. */
export interface ScheduleAddRequest {
  /** Human name, unique per owner. */
  name: string;
  /** When it fires. */
  spec: ScheduleSpec;
  /** What it starts. */
  start: ScheduleStart;
  /** How; what is left out has its default. */
  policies?: SchedulePoliciesInput | undefined;
  /** Session key of the owner; a bound caller may leave it out. */
  owner?: string | null | undefined;
  /** Whether it is made without firing. */
  disabled?: boolean | undefined;
  /** The first answer again if this key was used for the same request before (24 h). */
  idempotencyKey?: string | null | undefined;
}

/** Changes a schedule; what is left out stays. */
export interface ScheduleEditRequest {
  /** The version that this was decided on; any, if absent. */
  expectedVersion?: number | null | undefined;
  /** Human name. */
  name?: string | null | undefined;
  /** When it fires. Its next slot is after now. */
  spec?: ScheduleSpec | null | undefined;
  /** What it starts. */
  start?: ScheduleStart | null | undefined;
  /** All its policies. */
  policies?: SchedulePoliciesInput | null | undefined;
}

/** Names a schedule. */
export type ScheduleId = string;

/** A page of schedules, newest first. */
export interface ScheduleListResponse {
  /** The schedules. */
  schedules: ScheduleView[];
  /** How many there are, whatever the filter. */
  total: number;
  /** How many of them fire. */
  enabled: number;
  /** Where the next page begins, if there is one. */
  next?: string | undefined;
}

/** The slots to come. */
export interface ScheduleNextResponse {
  /** The slots; empty while it is disabled or finished. */
  slots: number[];
  /** How much later than its slots it fires, in milliseconds. */
  jitterMs: number;
  /** The zone of its timetable, if it has one. */
  tz?: string | undefined;
}

/** A payload as it is written: one record for all kinds. */
export interface SchedulePayload {
  /** Which of the fields below count. */
  kind: "command" | "flow" | "agent" | "message" | "mirror";
  /** `command`: program and arguments. */
  argv?: string[] | undefined;
  /** `command`, `flow` and `agent`: the working directory. */
  cwd?: string | undefined;
  /** `command`, `flow` and `agent`: the chosen environment. */
  env?: Record<string, string> | undefined;
  /** `flow`: name of the workflow file. */
  file?: string | undefined;
  /** `flow`: SHA-256 (hex) of the file's text as it was given. */
  definitionHash?: string | undefined;
  /** `flow`: the file's absolute path: child flows are looked for beside it. */
  path?: string | undefined;
  /**
   * `flow`: SHA-256 (hex) of the files that it names as child flows, as one JSON object by
   * absolute path.
   */
  filesHash?: string | undefined;
  /** `flow`: arguments. */
  args?: Record<string, unknown> | undefined;
  /** `flow`: human name of each flow; else the file's. */
  key?: string | undefined;
  /** `flow`: whether approvals are given without asking. */
  autoApprove?: boolean | undefined;
  /** `agent`: its name. */
  agent?: string | undefined;
  /** `agent`: what it is asked. */
  prompt?: string | undefined;
  /** `agent`: the directory of its configuration, if that names one, comes before `cwd`. */
  anywhere?: boolean | undefined;
  /** `agent`: the model, instead of that of its configuration. */
  model?: string | undefined;
  /** `agent`: the mode, instead of that of its configuration. */
  mode?: string | undefined;
  /** `agent`: what it may do without being asked about. */
  permissions?: Policy | undefined;
  /** `message`: the text. */
  content?: string | undefined;
  /** `message`: for programs. */
  data?: unknown;
  /** `mirror`: what it is for; else the schedule's name. */
  goal?: string | undefined;
  /** `mirror`: what it watches. */
  members?: Member[] | undefined;
  /** `mirror`: the deadline of members that name none; else the next slot. */
  deadline?: string | undefined;
}

/** The policies of a schedule. */
export interface SchedulePolicies {
  /** What becomes of missed slots. */
  missed: MissedPolicy;
  /** Missed slots older than this, in milliseconds, are skipped in any case. */
  missedWindowMs?: number | undefined;
  /** With `missed: all`: at most so many of the newest are started. */
  missedCap: number;
  /** With `missed: all`: time from one start to the next, in milliseconds. */
  missedSpacingMs: number;
  /** How much later than its slot a start still counts as on time, in milliseconds. */
  lateMs: number;
  /** What becomes of a slot while an earlier run goes on. */
  overlap: OverlapPolicy;
  /** How often a run that failed is tried again. */
  retries: number;
  /** Pause before the first retry, in milliseconds, doubled each time, up to an hour. */
  retryPauseMs: number;
  /** Limit on a run, in milliseconds. */
  timeoutMs?: number | undefined;
  /** Slots fire up to this much later, in milliseconds, always the same for one schedule. */
  jitterMs: number;
  /** No slot before this time. */
  startsAt?: number | undefined;
  /** No slot after this time. */
  endsAt?: number | undefined;
  /** Runs that fail in a row before the schedule is disabled; 0: never. */
  disableAfter: number;
  /** Whether it is deleted once its last slot has run well. */
  deleteAfterRun: boolean;
  /** What the owner is told of each task that it runs; a flow's file says that itself. */
  notify: NotifyPolicy;
}

/** The policies of a schedule. */
export interface SchedulePoliciesInput {
  /** What becomes of missed slots. */
  missed?: MissedPolicy | undefined;
  /** Missed slots older than this, in milliseconds, are skipped in any case. */
  missedWindowMs?: number | null | undefined;
  /** With `missed: all`: at most so many of the newest are started. */
  missedCap?: number | undefined;
  /** With `missed: all`: time from one start to the next, in milliseconds. */
  missedSpacingMs?: number | undefined;
  /** How much later than its slot a start still counts as on time, in milliseconds. */
  lateMs?: number | undefined;
  /** What becomes of a slot while an earlier run goes on. */
  overlap?: OverlapPolicy | undefined;
  /** How often a run that failed is tried again. */
  retries?: number | undefined;
  /** Pause before the first retry, in milliseconds, doubled each time, up to an hour. */
  retryPauseMs?: number | undefined;
  /** Limit on a run, in milliseconds. */
  timeoutMs?: number | null | undefined;
  /** Slots fire up to this much later, in milliseconds, always the same for one schedule. */
  jitterMs?: number | undefined;
  /** No slot before this time. */
  startsAt?: number | null | undefined;
  /** No slot after this time. */
  endsAt?: number | null | undefined;
  /** Runs that fail in a row before the schedule is disabled; 0: never. */
  disableAfter?: number | undefined;
  /** Whether it is deleted once its last slot has run well. */
  deleteAfterRun?: boolean | undefined;
  /** What the owner is told of each task that it runs; a flow's file says that itself. */
  notify?: NotifyPolicy | undefined;
}

/** One run of a schedule, or slots in a row that were skipped. */
export interface ScheduleRun {
  /** Its id; ids of one schedule sort by creation. */
  runId: RunId;
  /** +1 per change of this row. */
  version: number;
  /** Its schedule. */
  scheduleId: ScheduleId;
  /** Session key of the owner. */
  ownerKey: string;
  /** What started it. */
  trigger: RunTrigger;
  /**
   * Its slot, of several the first; a manual run has none. No two rows of a schedule have the
   * same.
   */
  slot?: number | undefined;
  /** The last of several skipped slots. */
  slotTo?: number | undefined;
  /** How many slots it stands for. */
  slots: number;
  /** Whether there were more slots than `slots` says. */
  more?: boolean | undefined;
  /** Where it stands. */
  status: RunStatus;
  /** Why it was skipped. */
  reason?: SkipReason | undefined;
  /** Which attempt, from 1. */
  attempt: number;
  /** The task of the newest attempt. */
  taskId?: TaskId | undefined;
  /** The flow of the newest attempt. */
  flowId?: FlowId | undefined;
  /**
   * Whether the flow was there before, and somebody else's: the run joined it, and ends when it
   * does, but never stops it.
   */
  joined?: boolean | undefined;
  /** When it is tried again, or stopped because it takes too long. */
  dueAt?: number | undefined;
  /** Why it is being stopped, if it is: `replaced` or `timeout`. */
  stopping?: string | undefined;
  /** Why it failed. */
  error?: string | undefined;
  /** Creation. */
  createdAt: number;
  /** When its newest attempt began. */
  startedAt?: number | undefined;
  /** End. */
  endedAt?: number | undefined;
}

/** A page of runs, newest first. */
export interface ScheduleRunsResponse {
  /** The runs. */
  runs: ScheduleRun[];
  /** Where the next page begins, if there is one. */
  next?: string | undefined;
}

/** A spec as it is written: one record for all kinds. */
export interface ScheduleSpec {
  /** Which of the fields below count. */
  kind: "at" | "every" | "cron";
  /** `at`: when. */
  at?: number | undefined;
  /** `every`: the interval in milliseconds, at least 1000. */
  everyMs?: number | undefined;
  /** `every`: a slot, past or to come, from which the others are counted; else 1970 began. */
  anchor?: number | undefined;
  /** `cron`: 5 or 6 fields, or a name such as `@daily`. */
  expr?: string | undefined;
  /** `cron`: name of the zone in the IANA database. */
  tz?: string | undefined;
}

/** What a schedule is to start. */
export interface ScheduleStart {
  /** Which of the fields below count. */
  kind: PayloadKind;
  /** `command`: program and arguments. */
  argv?: string[] | undefined;
  /**
   * `command`, `flow` and `agent`: the working directory; absolute. An agent's may be left
   * out: then it is that of its configuration, else the gateway user's home.
   */
  cwd?: string | undefined;
  /** `command`, `flow` and `agent`: the chosen environment. */
  env?: Record<string, string> | undefined;
  /**
   * `flow`: the text of the workflow file, taken as it is now. An edit may leave it out:
   * then the text stays.
   */
  source?: string | null | undefined;
  /**
   * `flow`: the file's absolute path: child flows are looked for beside it. Without it, it
   * is as if the file lay in `cwd`.
   */
  path?: string | null | undefined;
  /**
   * `flow`: the texts of the files that it names as child flows, and that those name, by
   * absolute path, taken as they are now with `source`. Only a path that depends on the
   * result of a step may be left out.
   */
  files?: Record<string, string> | undefined;
  /** `flow`: the file's name: decides the dialect, and is what messages call it. */
  file?: string | undefined;
  /** `flow`: arguments. */
  args?: Record<string, unknown> | undefined;
  /** `flow`: human name of each flow; else the file's. */
  key?: string | null | undefined;
  /** `flow`: whether approvals are given without asking. */
  autoApprove?: boolean | undefined;
  /** `agent`: its name, configured or built in. */
  agent?: string | undefined;
  /** `agent`: what it is asked, up to 64 KiB. */
  prompt?: string | undefined;
  /** `agent`: the directory of its configuration, if that names one, comes before `cwd`. */
  anywhere?: boolean | undefined;
  /** `agent`: the model that it is told to use, instead of that of its configuration. */
  model?: string | null | undefined;
  /** `agent`: the mode that it is told to work in, instead of that of its configuration. */
  mode?: string | null | undefined;
  /**
   * `agent`: what it may do without being asked about; else what is configured. There is
   * nobody who could be asked.
   */
  permissions?: Policy | null | undefined;
  /** `message`: the text. */
  content?: string | undefined;
  /** `message`: for programs. */
  data?: unknown;
  /** `mirror`: what the group is for; else the schedule's name. */
  goal?: string | null | undefined;
  /** `mirror`: what is watched, from each slot to the next. */
  members?: Member[] | undefined;
  /** `mirror`: the deadline of members that name none; else the next slot. */
  deadline?: string | null | undefined;
}

/** Whether schedules fire. */
export interface ScheduleStatusResponse {
  /** Whether this holder of the home fires them: a gateway does, others do not. */
  fires: boolean;
  /** How many schedules there are. */
  total: number;
  /** How many of them are enabled. */
  enabled: number;
  /** When the next of all schedules is due, of any owner. */
  nextAt?: number | undefined;
}

/** A schedule, and what goes on of it. */
export interface ScheduleView {
  /** Its id. */
  scheduleId: ScheduleId;
  /** +1 per change of this row. */
  version: number;
  /** Session key of the owner. */
  ownerKey: string;
  /** Human name, unique per owner. */
  name: string;
  /** Where the request came from. */
  requesterOrigin?: Origin | undefined;
  /** When. */
  spec: ScheduleSpec;
  /** What. */
  payload: SchedulePayload;
  /** How. */
  policies: SchedulePolicies;
  /** Whether it fires. */
  enabled: boolean;
  /** Why it does not. */
  disabledReason?: DisabledReason | undefined;
  /** The first slot that nothing was decided about yet, while it is enabled. */
  nextSlot?: number | undefined;
  /** When that is looked at: its slot and the jitter, or later while missed slots are spaced. */
  nextAt?: number | undefined;
  /** The newest slot that was decided about: started, queued or skipped. Never moves back. */
  lastSlot?: number | undefined;
  /** How the newest ended run ended. */
  lastStatus?: RunStatus | undefined;
  /** When that was. */
  lastEndedAt?: number | undefined;
  /** Why it failed, if it did. */
  lastError?: string | undefined;
  /** Runs that failed since the last one that did not. */
  consecutiveErrors: number;
  /** The newest row of history, if it is one of skipped slots: the next ones are added to it. */
  skipping?: RunId | undefined;
  /** Which record of another system it was taken over from. */
  imported?: Imported | undefined;
  /** Creation. */
  createdAt: number;
  /** Newest change by somebody, not by time. */
  updatedAt: number;
  /** Its runs that have not ended, oldest first. */
  open: ScheduleRun[];
  /**
   * The files that its workflow file names as child flows, as they were taken: SHA-256 (hex)
   * by absolute path. Lists leave it out.
   */
  files?: Record<string, string> | undefined;
}

/** Whether a task belongs to a session. */
export type ScopeKind = "session" | "system";

/** How a step in doubt is settled. */
export type SettleHow = "rerun" | "succeeded" | "skip" | "fail";

/** How bad a finding is. */
export type Severity = "warn" | "error";

/** Tells the waiting flows of the owner that something has happened. */
export interface SignalRequest {
  /** Its name. */
  name: string;
  /** Its key; only waits for this key, or for any, take it. */
  key?: string | null | undefined;
  /** What it carries. */
  payload?: unknown;
  /** Only this flow may take it. */
  flow?: string | null | undefined;
  /** The first answer again if this key was used for the same request before (24 h). */
  idempotencyKey?: string | null | undefined;
}

/** Who took it. */
export interface SignalResponse {
  /** The waits that it resolved. */
  waits: WaitId[];
  /** Their flows. */
  flows: string[];
  /** Whether nobody waited and it is kept for the first who will. */
  kept: boolean;
}

/** Why slots did not start. */
export type SkipReason = "missed" | "overlap" | "queue_full" | "replaced" | "withdrawn";

/** Who holds the home. */
export interface StatusResponse {
  /** Version of the program. */
  version: string;
  /** Its process id. */
  pid: number;
  /** `gateway` or `run`. */
  kind: string;
  /** The home directory. */
  home: string;
  /** The socket. */
  socket: string;
  /** The TCP address, if it listens on one. */
  listen?: string | undefined;
  /** Since when. */
  startedAt: number;
  /** Its epoch. */
  epoch: number;
  /** Attempts that run under it now; those of its owner, for a bound caller. */
  running: number;
  /** All flows by status; those of its owner, for a bound caller. */
  flows: Record<string, number>;
}

/** One step of one flow. */
export interface Step {
  /** Its flow. */
  flowId: FlowId;
  /** Its id in the file. */
  stepId: string;
  /** Its place in the file, from 0. */
  position: number;
  /** Whether it belongs to the unwinding: it runs at every end of the flow. */
  finally?: boolean | undefined;
  /** The step that it is inside of or that it undoes, if there is one. */
  of?: PartOf | undefined;
  /** +1 per change of this row. */
  version: number;
  /** Where it stands. */
  status: StepStatus;
  /** Attempts begun so far. */
  attempt: number;
  /** Attempts whose outcome was lost. */
  lostAttempts?: number | undefined;
  /** The newest attempt's task. */
  taskId?: TaskId | undefined;
  /** The newest attempt's child flow. */
  childFlowId?: FlowId | undefined;
  /** The open wait. */
  waitId?: WaitId | undefined;
  /** When a retry is due. */
  dueAt?: number | undefined;
  /** What it left. */
  result?: StepResult | undefined;
  /** Why it failed or was skipped. */
  error?: StepError | undefined;
  /** The flow whose recorded result this is, after a retry or fork. */
  reusedFrom?: FlowId | undefined;
  /** First attempt's start. */
  startedAt?: number | undefined;
  /** End. */
  endedAt?: number | undefined;
}

/** Why a step failed, was skipped or is in doubt. */
export interface StepError {
  /** For programs: `exit`, `signal`, `timed_out`, `exec`, `lost`, `denied`, `condition`, … */
  code: string;
  /** For people. */
  message: string;
}

/** What a step left behind. Never recomputed once recorded. */
export interface StepResult {
  /** Standard output, as text (invalid UTF-8 replaced). */
  stdout?: string | undefined;
  /** A value given in place of output: by a synthetic step or by `settle`. */
  json?: unknown;
  /** Whether `stdout` was cut at its limit. */
  truncated?: boolean | undefined;
  /** Exit code of the last attempt. */
  exitCode?: number | undefined;
  /** Status of the server's answer. */
  status?: number | undefined;
  /** Headers of the server's answer, by their names in small letters with `_` for `-`. */
  headers?: Record<string, string> | undefined;
  /** The rest of a pipeline that waits for an answer. */
  rest?: unknown;
  /** Attempts that ended with a question. */
  asked?: number | undefined;
  /** What its attempts have used together, where one told. */
  usage?: Usage | undefined;
  /** The session of its agent, where another attempt or step can go on with it. */
  session?: AgentSession | undefined;
  /** The answer at the step's approval. */
  approved?: boolean | undefined;
  /** Who gave it. */
  approvedBy?: string | undefined;
  /** Who asked at the step's approval, where its file says so. */
  initiatedBy?: string | undefined;
  /** What the step's input was about. */
  subject?: unknown;
  /** The answer to the step's input. */
  response?: unknown;
}

/** Where a step stands. */
export type StepStatus = "pending" | "starting" | "running" | "retrying" | "waiting" | "in_doubt" | "succeeded" | "failed" | "skipped" | "cancelled";

/** What the gateway says before it stops. */
export interface StopResponse {
  /** Its process id. */
  pid: number;
  /** Tasks that go on without it. */
  running: number;
}

/** How much of the store is checked. */
export type StoreCheck = "quick" | "full";

/** The file of the store, in bytes. */
export interface StoreState {
  /** Before. */
  bytesBefore: number;
  /** Now. */
  bytes: number;
  /** What of it is free for new rows. */
  freeBytes: number;
  /** The log beside it. */
  logBytes: number;
  /** Whether so much is free that `vacuum` would be worth its while. */
  vacuumAdvised: boolean;
}

/** An event as the store keeps it: with its place in the writer's sequence. */
export interface StoredEvent {
  /** Gapless and in commit order for one writer. */
  seq: number;
  /** The flow's id, or the task's where it has no flow. */
  subject: string;
  /**
   * Position in the subject's own history, from 1 without gaps. Two decisions that were made on
   * the same history claim the same number, and the store refuses the second as a conflict.
   */
  number: number;
  /** Session key of the subject's owner. */
  ownerKey: string;
  /** When it was decided. */
  at: number;
  /** Who caused it: the controller, a person, a token's name; the engine itself if absent. */
  actor?: string | undefined;
  /** What happened: `flow.created`, `step.started`, `task.ended`, … */
  kind: string;
  /** The step concerned. */
  stepId?: string | undefined;
  /** The task concerned. */
  taskId?: string | undefined;
  /** Details, by kind. */
  data?: unknown;
}

/** Who moves a flow. */
export type SyncMode = "managed" | "task_mirrored" | "group_mirrored";

/** One attempt of one piece of work. A row about a run, never the run itself. */
export interface Task {
  /** Its id. */
  taskId: TaskId;
  /** +1 per change of this row. */
  version: number;
  /** What executes it. */
  runtime: Runtime;
  /** What sort of work it is, as its reporter calls it: `wrap`, `observe`, `ping`. */
  kind?: string | undefined;
  /** Schedule or tool that caused it. */
  sourceId?: string | undefined;
  /** Session key of the owner. */
  ownerKey: string;
  /** Whether it belongs to a session. */
  scopeKind: ScopeKind;
  /** Where the request came from. */
  requesterOrigin?: Origin | undefined;
  /** Session of the child, for agents. */
  childSessionKey?: string | undefined;
  /** Its flow. */
  parentFlowId?: FlowId | undefined;
  /** Its step in the flow. */
  stepId?: string | undefined;
  /**
   * Which attempt of the step, from 1. Of an agent that is no step: how often it was asked, to
   * begin or to go on.
   */
  attempt: number;
  /** Grows with each claim; a report with an older one is refused. */
  fence: number;
  /** The attempt that it retries. */
  parentTaskId?: TaskId | undefined;
  /** Agent. */
  agentId?: string | undefined;
  /** The runtime's own id of the run. */
  runId?: string | undefined;
  /** Short name. */
  label?: string | undefined;
  /** The command or prompt, as shown to people. */
  task: string;
  /** What to execute, for a task without a flow. */
  command?: TaskCommand | undefined;
  /** Where it stands. */
  status: TaskStatus;
  /** What it really reached. */
  terminalOutcome?: TerminalOutcome | undefined;
  /** Where the message about its end stands. */
  deliveryStatus: DeliveryStatus;
  /** What the owner is told. */
  notifyPolicy: NotifyPolicy;
  /** Who executes it. */
  executor?: Executor | undefined;
  /** When an operator asked to stop it. */
  cancelRequestedAt?: number | undefined;
  /** Creation. */
  createdAt: number;
  /** Claim. */
  startedAt?: number | undefined;
  /** Last sign of life. */
  lastEventAt: number;
  /** End. */
  endedAt?: number | undefined;
  /** How its process ended. */
  exit?: Exit | undefined;
  /** Last progress line. */
  progressSummary?: string | undefined;
  /** One line about its end. */
  terminalSummary?: string | undefined;
  /** What an agent answered, for a task that is no attempt of a step. */
  answer?: string | undefined;
  /** Why it failed. */
  error?: string | undefined;
  /** What it has used. */
  usage?: Usage | undefined;
  /** What it may use; it is stopped when that is used up. */
  budget?: Budget | undefined;
  /** The queue that limits it, beside the slots. */
  queue?: string | undefined;
  /** Its priority in the queue, where it has one of its own; the higher one is first. */
  priority?: number | undefined;
  /**
   * Whether its caller runs it and reports about it, so that the engine starts, adopts and loses
   * nothing of it.
   */
  reported?: boolean | undefined;
  /** Which record of another system it was taken over from. */
  imported?: Imported | undefined;
}

/** Stops a task. */
export interface TaskCancelRequest {
  /** Why. */
  reason?: string | undefined;
  /** How long to wait for the end, in milliseconds (at most 60,000). */
  waitMs?: number | undefined;
}

/** What a task of its own (without a flow) executes. */
export interface TaskCommand {
  /** Program and arguments. */
  argv: string[];
  /** Working directory. */
  cwd: string;
  /** The chosen environment. */
  env: Record<string, string>;
  /** Limit on its run, in milliseconds. */
  timeoutMs?: number | undefined;
  /** What a coding agent is asked, in place of a program of one's own. */
  acp?: AcpRequest | undefined;
  /** Of an agent that can go on in its session: what its attempts so far leave to the next one. */
  earlier?: EarlierTurn | undefined;
}

/** Names a task: one attempt of one piece of work. */
export type TaskId = string;

/** A page of tasks, newest first. */
export interface TaskListResponse {
  /** The tasks. */
  tasks: Task[];
  /** Where the next page begins, if there is one. */
  next?: string | undefined;
}

/** A part of a log. */
export interface TaskLogsResponse {
  /** The bytes as text; invalid UTF-8 is replaced. */
  text: string;
  /** Where the next part begins. */
  next: number;
  /** Whether the task has ended and this was all. */
  done: boolean;
}

/** Changes what the owner is told about a task. */
export interface TaskNotifyRequest {
  /** What the owner is told. */
  notifyPolicy: NotifyPolicy;
}

/** Purges ended tasks that belong to no flow: the one named, or all that match. */
export interface TaskPurgeRequest {
  /** One task. */
  task?: string | null | undefined;
  /** All that ended before this time. */
  endedBefore?: number | null | undefined;
  /** Only these states. */
  status?: TaskStatus[] | undefined;
  /** Only on these runtimes. */
  runtime?: Runtime[] | undefined;
  /** Only those with this label. */
  label?: string | null | undefined;
  /** Only those of this owner. */
  owner?: string | null | undefined;
  /** Only say which. */
  dryRun?: boolean | undefined;
}

/** What was purged. */
export interface TaskPurgeResponse {
  /** Ids of the tasks. */
  tasks: string[];
}

/** Records a task that its caller runs or watches, with what is known of it: also its end. */
export interface TaskRecordRequest {
  /**
   * The id of the task, made by the reporter: the same one is the same task, and this is a
   * report about it. Without it a new task is recorded.
   */
  taskId?: TaskId | null | undefined;
  /** What it does, for people. */
  task: string;
  /** Short name. */
  label?: string | null | undefined;
  /** What executes it. */
  runtime?: Runtime | undefined;
  /** What sort of work it is. */
  kind?: string | null | undefined;
  /** Schedule or tool that caused it. */
  sourceId?: string | null | undefined;
  /** The reporter's own id of the run. */
  runId?: string | null | undefined;
  /** Session key of the owner; a bound caller may leave it out. */
  owner?: string | undefined;
  /** The flow of code whose child it is. */
  flow?: string | null | undefined;
  /**
   * Whether it is recorded without the flow where the flow takes no child; its history says
   * so then.
   */
  orAlone?: boolean | undefined;
  /** What the owner is told of it; nothing, if absent. */
  notifyPolicy?: NotifyPolicy | null | undefined;
  /** The process to follow: when it has gone without a report, the task is settled. */
  process?: ProcessId | null | undefined;
  /** Where it stands; running, if absent. */
  status?: TaskStatus | null | undefined;
  /** One line of progress. */
  progressSummary?: string | null | undefined;
  /** One line about its end. */
  terminalSummary?: string | null | undefined;
  /** What it really reached, with `succeeded`. */
  terminalOutcome?: TerminalOutcome | null | undefined;
  /** Why it failed. */
  error?: string | null | undefined;
  /** When it began. */
  startedAt?: number | null | undefined;
  /** Its last sign of life. */
  lastEventAt?: number | null | undefined;
  /** When it ended. */
  endedAt?: number | null | undefined;
  /** How its process ended. */
  exit?: Exit | null | undefined;
  /** What it has used so far. */
  usage?: Usage | null | undefined;
}

/**
 * Reports progress or the end of a task that its caller runs; of one that the engine runs,
 * progress and use only.
 */
export interface TaskReportRequest {
  /** Where it stands; as it was, if absent. */
  status?: TaskStatus | null | undefined;
  /** One line of progress. */
  progressSummary?: string | null | undefined;
  /** One line about its end. */
  terminalSummary?: string | null | undefined;
  /** What it really reached, with `succeeded`. */
  terminalOutcome?: TerminalOutcome | null | undefined;
  /** Why it failed. */
  error?: string | null | undefined;
  /** When it began. */
  startedAt?: number | null | undefined;
  /** Its last sign of life. */
  lastEventAt?: number | null | undefined;
  /** When it ended. */
  endedAt?: number | null | undefined;
  /** How its process ended. */
  exit?: Exit | null | undefined;
  /** What it has used so far. */
  usage?: Usage | null | undefined;
}

/** Runs the command of an ended task again, as a new task. */
export interface TaskRerunRequest {
  /** The first answer again if this key was used for the same request before (24 h). */
  idempotencyKey?: string | null | undefined;
}

/** Runs a command as a task of its own. */
export interface TaskRunRequest {
  /** Program and arguments; empty where an agent is asked. */
  argv: string[];
  /** What a coding agent is asked, in place of a program. */
  acp?: AcpRequestInput | null | undefined;
  /** Its directory; absolute. */
  cwd: string;
  /** Its environment. */
  env?: Record<string, string> | undefined;
  /** Short name. */
  label?: string | null | undefined;
  /** Session key of the owner; a bound caller may leave it out. */
  owner?: string | undefined;
  /** Limit on its run, in milliseconds. */
  timeoutMs?: number | null | undefined;
  /** What it may use; it is stopped when that is used up. */
  budget?: Budget | null | undefined;
  /** The first answer again if this key was used for the same request before (24 h). */
  idempotencyKey?: string | null | undefined;
}

/** Where a task stands. */
export type TaskStatus = "queued" | "running" | "succeeded" | "failed" | "timed_out" | "cancelled" | "lost";

/** Tasks in numbers. */
export interface TaskSummary {
  /** All. */
  total: number;
  /** Queued and running. */
  active: number;
  /** Ended. */
  terminal: number;
  /** Failed, timed out and lost. */
  failures: number;
  /** By status; every status is there. */
  byStatus: Record<string, number>;
  /** By runtime; every runtime is there. */
  byRuntime: Record<string, number>;
}

/** Why a task stands where it stands. */
export interface TaskWhyResponse {
  /** The task. */
  task: Task;
  /** One sentence. */
  summary: string;
  /** What it waits for, one by one. */
  reasons: WhyReason[];
  /** The earliest moment at which it can move by itself. */
  earliest?: number | undefined;
  /** Commands that would move it. */
  commands: string[];
}

/** What a succeeded task really reached. */
export type TerminalOutcome = "succeeded" | "blocked";

/** A token as it is stored and listed. */
export interface Token {
  /** Its id. */
  tokenId: TokenId;
  /** +1 per change of this row. */
  version: number;
  /** For people: who has it. */
  label: string;
  /** What it allows. */
  access: Access;
  /** The one owner whose records it reaches; all, if absent. */
  ownerKey?: string | undefined;
  /** Creation. */
  createdAt: number;
  /** From when on it is refused. */
  expiresAt?: number | undefined;
  /** When it was revoked. */
  revokedAt?: number | undefined;
}

/** Makes an access token. */
export interface TokenCreateRequest {
  /** Who has it, for people. */
  label: string;
  /** What it allows. */
  access: Access;
  /** The one owner whose records it reaches; all, if absent. */
  owner?: string | null | undefined;
  /** From when on it is refused. */
  expiresAt?: number | null | undefined;
}

/** The token, with its secret, which is shown this once. */
export interface TokenCreateResponse {
  /** The token as it is stored, without its hash. */
  token: Token;
  /** What a client sends: `Authorization: Bearer …`. */
  secret: string;
}

/** Names an access token; it is not the secret. */
export type TokenId = string;

/** All tokens, newest first, without hashes. */
export interface TokenListResponse {
  /** The tokens. */
  tokens: Token[];
}

/** What a run has used, as its runtime or reporter counts it. */
export interface Usage {
  /** Tokens of models, read and written; the sum of both, if those are told and this is not. */
  tokens?: number | undefined;
  /** Tokens that models have read. */
  inputTokens?: number | undefined;
  /** Tokens that models have written. */
  outputTokens?: number | undefined;
  /** Cost in US dollars. */
  costUsd?: number | undefined;
  /** Turns of an agent. */
  turns?: number | undefined;
  /** Calls of tools. */
  toolCalls?: number | undefined;
}

/** A wait is a row; its answer is single-use. */
export interface Wait {
  /** Its id: answers name it. */
  waitId: WaitId;
  /** The flow that waits. */
  flowId: FlowId;
  /** +1 per change of this row. */
  version: number;
  /** The step that waits, where it is not the flow as a whole. */
  stepId?: string | undefined;
  /** What kind of thing is waited for. */
  kind: WaitKind;
  /** What is waited for: a task id, an event name, a flow id, who is asked. */
  target?: string | undefined;
  /** What a person is asked. */
  prompt?: string | undefined;
  /** What a person is shown. */
  preview?: string | undefined;
  /** What is decided about, one by one, where the gate says so. */
  items?: unknown;
  /** SHA-256 (hex) of prompt and preview: an answer may bind itself to what was shown. */
  shownHash?: string | undefined;
  /** Who may answer; empty: anybody who may operate the flow. */
  approvers?: string[] | undefined;
  /** Who asks, where its file says so. */
  initiatedBy?: string | undefined;
  /** Whether the one who asks may not answer. */
  differentApprover?: boolean | undefined;
  /** What an input's answer must be like: a JSON Schema. */
  schema?: unknown;
  /** What is suggested as the answer to an input. */
  defaults?: unknown;
  /** When it is due. */
  dueAt?: number | undefined;
  /** What happens then. */
  onTimeout?: OnTimeout | undefined;
  /** What its resolution does to the flow, where code drives it. */
  onResolved?: OnResolved | undefined;
  /** The key of the event that is waited for; any, if absent. */
  eventKey?: string | undefined;
  /** Since when the child flow that is waited for is to be cancelled. */
  cancelRequestedAt?: number | undefined;
  /** What the child flow that is waited for has used so far, as far as it was told. */
  used?: Usage | undefined;
  /** Where it stands. */
  state: WaitState;
  /** The answer, once resolved. */
  answer?: unknown;
  /** Who answered. */
  answeredBy?: string | undefined;
  /** Since when. */
  createdAt: number;
  /** When it was resolved, expired or given up. */
  closedAt?: number | undefined;
}

/** What a flow waits for, so that the engine acts when it is there. */
export type WaitFor = {
  kind: "timer";
  /** When. */
  dueAt?: number | null | undefined;
  /** In how many milliseconds. */
  afterMs?: number | null | undefined;
} | {
  kind: "event";
  /** Its name. */
  name: string;
  /** Its key; any, if absent. */
  key?: string | null | undefined;
} | {
  kind: "person";
  /** What is asked. */
  prompt: string;
  /** What is shown. */
  preview?: string | null | undefined;
  /** Whether any JSON is asked for instead of yes or no. */
  input?: boolean | undefined;
  /** Who may answer; empty: anybody who may operate the flow. */
  approvers?: string[] | undefined;
} | {
  kind: "task";
  /** The task. */
  taskId: TaskId;
};

/** Names a wait. */
export type WaitId = string;

/** What kind of thing is waited for. */
export type WaitKind = "task" | "timer" | "event" | "approval" | "input" | "flow" | "permission" | "in_doubt" | "budget";

/** Where a wait stands. */
export type WaitState = "open" | "resolved" | "expired" | "cancelled";

/** One thing that a flow or task waits for. */
export interface WhyReason {
  /**
   * `task`, `slot`, `queue`, `ahead`, `concurrency`, `timer`, `retry`, `approval`, `input`,
   * `event`, `flow`, `in_line`, `in_doubt`, `blocked`, `paused`, `cancel`, `controller`,
   * `caller`, `schedule`, `driver`, `ended`.
   */
  kind: string;
  /**
   * The flow concerned, where it is another one: a child, the flow of a task, or the one
   * that has the key.
   */
  flowId?: FlowId | undefined;
  /** The step concerned. */
  step?: string | undefined;
  /** In words. */
  text: string;
  /** Since when. */
  since?: number | undefined;
  /** Until when. */
  until?: number | undefined;
}

/** Why a call failed, as RFC 9457 has it. */
export interface ApiError {
  /** `urn:clawflow:error:` and the code. */
  type: string;
  /** What the code means. */
  title: string;
  /** The HTTP status. */
  status: number;
  /** As `message`. */
  detail: string;
  /** Stable, for programs. */
  code: "ambiguous" | "bad_file" | "bad_request" | "cancel_requested" | "engine_owned" | "forbidden" | "internal" | "invalid" | "invalid_state" | "key_conflict" | "not_found" | "not_managed" | "paused" | "persist_failed" | "rate_limited" | "revision_conflict" | "store_full" | "terminal" | "unauthorized" | "unavailable";
  /** Why, for people. */
  message: string;
  /** What to do about it. */
  hint?: string | undefined;
  /** The flow as it is, where a command was refused. */
  current?: Flow | undefined;
  /** Ids that a token may mean. */
  candidates?: string[] | undefined;
  /** The revision that was expected. */
  expectedRevision?: number | undefined;
  /** The revision that the flow has. */
  currentRevision?: number | undefined;
}

/** Requests and answers of every call, by its name. */
export interface Calls {
  /** Lists flows. */
  "flow.list": {
    request: {
      /** Only these states; empty: all. */
      status?: FlowStatus[] | undefined;
      /** Only this owner's. */
      owner?: string | undefined;
      /** Only child flows of this flow. */
      parent?: string | undefined;
      /** Only those created since. */
      since?: number | undefined;
      /** Only those of the workflow with this name. */
      name?: string | undefined;
      /** Only those with all of these labels, each as `NAME=VALUE`. */
      label?: string[] | undefined;
      /** Only those that another flow tried again, or only those that none did. */
      retried?: boolean | undefined;
      /** Also those that ended more than 24 hours ago. */
      all?: boolean | undefined;
      /** At most so many (default 50, at most 1000). */
      limit?: number | undefined;
      /** Only those before this id: the `next` of the page before. */
      after?: string | undefined;
    };
    response: FlowListResponse;
  };
  /** Starts a flow from a workflow file. */
  "flow.run": {
    request: FlowRunRequest;
    response: Flow;
  };
  /** Shows a flow with steps, waits and tasks. */
  "flow.show": {
    request: {
      /** The token. */
      flow: string;
    };
    response: FlowView;
  };
  /** Waits for news of a flow. */
  "flow.wait": {
    request: {
      /** The flow. */
      flow: string;
      /** The newest event that the caller knows; 0: none. */
      afterEvent?: number | undefined;
      /** How long to wait for a newer one, in milliseconds (at most 60,000). */
      timeoutMs?: number | undefined;
      /** Wait for the flow's end only; other news come with it. */
      untilEnded?: boolean | undefined;
      /**
       * Wait for news after which nothing of the flow runs: it has ended, is blocked, or waits
       * for somebody, an event or a time. Costs less than each piece of news by itself.
       */
      untilRest?: boolean | undefined;
    };
    response: FlowWaitResponse;
  };
  /** Drives a flow in this holder of the home, if it does not yet. */
  "flow.adopt": {
    request: {
      /** The token. */
      flow: string;
    };
    response: Flow;
  };
  /** Cancels a flow. */
  "flow.cancel": {
    request: {
      /** The flow. */
      flow: string;
    } & FlowCancelRequest;
    response: Flow;
  };
  /** Answers an approval of a flow. */
  "flow.answer": {
    request: {
      /** The flow. */
      flow: string;
    } & FlowAnswerRequest;
    response: FlowAnswerResponse;
  };
  /** Settles a step whose outcome is in doubt. */
  "flow.settle": {
    request: {
      /** The flow. */
      flow: string;
    } & FlowSettleRequest;
    response: Flow;
  };
  /** Holds back every start of a flow. */
  "flow.pause": {
    request: {
      /** The flow. */
      flow: string;
    } & FlowPauseRequest;
    response: Flow;
  };
  /** Allows starts again. */
  "flow.unpause": {
    request: {
      /** The flow. */
      flow: string;
    } & FlowPauseRequest;
    response: Flow;
  };
  /** Gives a flow another budget. */
  "flow.budget": {
    request: {
      /** The flow. */
      flow: string;
    } & FlowBudgetRequest;
    response: Flow;
  };
  /** Makes a new flow from an ended one, with its recorded results. */
  "flow.retry": {
    request: {
      /** The flow. */
      flow: string;
    } & FlowRetryRequest;
    response: Flow;
  };
  /** Makes a new flow from a step of another one, with its recorded results. */
  "flow.fork": {
    request: {
      /** The flow. */
      flow: string;
    } & FlowForkRequest;
    response: Flow;
  };
  /** Says why a flow stands where it stands. */
  "flow.why": {
    request: {
      /** The token. */
      flow: string;
    };
    response: FlowWhyResponse;
  };
  /** Shows the workflow file that a flow was made from. */
  "flow.source": {
    request: {
      /** The token. */
      flow: string;
    };
    response: FlowSourceResponse;
  };
  /** Lists the history of a flow, a task or all. */
  "flow.events": {
    request: {
      /** Of this flow or task; else of all. */
      flow?: string | undefined;
      /** Only after this position. */
      after?: number | undefined;
      /** At most so many (default 100, at most 1000). */
      limit?: number | undefined;
    };
    response: FlowEventsResponse;
  };
  /** Says what is wrong, and what mends it. */
  "audit.run": {
    request: {
      /** Only findings of this severity. */
      severity?: Severity | undefined;
      /** Only these; empty: all. */
      code?: AuditCode[] | undefined;
      /** At most so many (default 50, at most 1000). */
      limit?: number | undefined;
    };
    response: AuditResponse;
  };
  /** Deletes ended flows. */
  "flow.purge": {
    request: FlowPurgeRequest;
    response: FlowPurgeResponse;
  };
  /** Deletes ended tasks that belong to no flow. */
  "task.purge": {
    request: TaskPurgeRequest;
    response: TaskPurgeResponse;
  };
  /** Looks after the ledger, or says what would be done. */
  "maintenance.sweep": {
    request: MaintenanceRequest;
    response: MaintenanceResponse;
  };
  /** Lists tasks. */
  "task.list": {
    request: {
      /** Only these states; empty: all. */
      status?: TaskStatus[] | undefined;
      /** Only on these runtimes; empty: all. */
      runtime?: Runtime[] | undefined;
      /** Only those with this label. */
      label?: string | undefined;
      /** Only this flow's. */
      flow?: string | undefined;
      /** Only this owner's. */
      owner?: string | undefined;
      /** Only those created since. */
      since?: number | undefined;
      /** At most so many (default 50, at most 1000). */
      limit?: number | undefined;
      /** Only those before this id. */
      after?: string | undefined;
    };
    response: TaskListResponse;
  };
  /** Runs a command as a task of its own. */
  "task.run": {
    request: TaskRunRequest;
    response: Task;
  };
  /** Shows a task. */
  "task.show": {
    request: {
      /** The token. */
      task: string;
    };
    response: Task;
  };
  /** Says why a task stands where it stands. */
  "task.why": {
    request: {
      /** The token. */
      task: string;
    };
    response: TaskWhyResponse;
  };
  /** Reads a log of a task. */
  "task.logs": {
    request: {
      /** The task. */
      task: string;
      /** Standard error instead of standard output. */
      stderr?: boolean | undefined;
      /** From this byte on. */
      offset?: number | undefined;
      /** At most so many bytes (default and at most 1 MiB). */
      max?: number | undefined;
      /** How long to wait for more if there is none, in milliseconds (at most 60,000). */
      timeoutMs?: number | undefined;
    };
    response: TaskLogsResponse;
  };
  /** Waits for the end of a task. */
  "task.wait": {
    request: {
      /** The task. */
      task: string;
      /** How long, in milliseconds (at most 60,000). */
      timeoutMs?: number | undefined;
    };
    response: Task;
  };
  /** Stops a task. */
  "task.cancel": {
    request: {
      /** The task. */
      task: string;
    } & TaskCancelRequest;
    response: Task;
  };
  /** Runs the command of an ended task again. */
  "task.rerun": {
    request: {
      /** The task that has ended. */
      task: string;
    } & TaskRerunRequest;
    response: Task;
  };
  /** Asks an agent for something, as a sub-agent of the session. */
  "agent.spawn": {
    request: {
      /** The agent: a name of the gateway's configuration. */
      agent: string;
    } & AgentSpawnRequest;
    response: AgentSpawnResponse;
  };
  /** Makes a flow that code drives. */
  "flow.create": {
    request: FlowCreateRequest;
    response: Flow;
  };
  /** Reads the record of a flow by its id or key. */
  "flow.get": {
    request: {
      /** The token. */
      flow: string;
    };
    response: Flow;
  };
  /** Reads the newest flow of the bound owner. */
  "flow.findLatest": {
    request: Record<string, never>;
    response: FlowMaybe;
  };
  /** Finds a flow of the bound owner by id, key or session key. */
  "flow.resolve": {
    request: {
      /** The token. */
      token: string;
    };
    response: FlowMaybe;
  };
  /** Counts the tasks of a flow. */
  "flow.summary": {
    request: {
      /** The token. */
      flow: string;
    };
    response: TaskSummary;
  };
  /** Launches or records a child of a flow. */
  "flow.runTask": {
    request: {
      /** The flow. */
      flow: string;
    } & FlowRunTaskRequest;
    response: FlowRunTaskResponse;
  };
  /** Parks a flow until something happens. */
  "flow.setWaiting": {
    request: {
      /** The flow. */
      flow: string;
    } & FlowSetWaitingRequest;
    response: FlowWaitingResponse;
  };
  /** Goes on with a parked flow. */
  "flow.resume": {
    request: {
      /** The flow. */
      flow: string;
    } & FlowResumeRequest;
    response: Flow;
  };
  /** Ends a flow well. */
  "flow.finish": {
    request: {
      /** The flow. */
      flow: string;
    } & FlowFinishRequest;
    response: Flow;
  };
  /** Ends a flow badly. */
  "flow.fail": {
    request: {
      /** The flow. */
      flow: string;
    } & FlowFailRequest;
    response: Flow;
  };
  /** Records the intent to cancel a flow and lets its children be. */
  "flow.requestCancel": {
    request: {
      /** The flow. */
      flow: string;
    } & FlowRequestCancelRequest;
    response: Flow;
  };
  /** Replaces an output of a flow. */
  "flow.setOutput": {
    request: {
      /** The flow. */
      flow: string;
    } & FlowSetOutputRequest;
    response: Flow;
  };
  /** Makes an output of a flow an array, or extends the array. */
  "flow.appendOutput": {
    request: {
      /** The flow. */
      flow: string;
    } & FlowAppendOutputRequest;
    response: Flow;
  };
  /** Sends the owner of a flow one message. */
  "flow.emit": {
    request: {
      /** The flow. */
      flow: string;
    } & FlowEmitRequest;
    response: FlowEmitResponse;
  };
  /** Tells the waiting flows that something has happened. */
  "signal.send": {
    request: SignalRequest;
    response: SignalResponse;
  };
  /** Reports progress or the end of a task. */
  "task.report": {
    request: {
      /** The task. */
      task: string;
    } & TaskReportRequest;
    response: Task;
  };
  /** Records a task that somebody else runs, or reports about it. */
  "task.record": {
    request: TaskRecordRequest;
    response: Task;
  };
  /** Changes what the owner is told about a task. */
  "task.notify": {
    request: {
      /** The task. */
      task: string;
    } & TaskNotifyRequest;
    response: Task;
  };
  /** Lists the messages of an inbox. */
  "inbox.list": {
    request: {
      /** Only of this owner; a bound caller sees its own in any case. */
      owner?: string | undefined;
      /** Also those that were acknowledged. */
      all?: boolean | undefined;
      /** At most so many (default 50, at most 1000). */
      limit?: number | undefined;
      /**
       * Only those after this place: the `next` of the page before, or the `place` of the last
       * message that was seen. What comes later, and what is sent again, has a higher one.
       */
      after?: string | undefined;
      /** How long to wait for one if there is none, in milliseconds (at most 60,000). */
      timeoutMs?: number | undefined;
    };
    response: DeliveryListResponse;
  };
  /** Acknowledges messages. */
  "inbox.ack": {
    request: InboxAckRequest;
    response: InboxAckResponse;
  };
  /** Lists messages on all routes. */
  "delivery.list": {
    request: {
      /** Only of this owner. */
      owner?: string | undefined;
      /** Only about this flow. */
      flow?: string | undefined;
      /** Only about this task. */
      task?: string | undefined;
      /** Only in these states; empty: all. */
      state?: DeliveryState[] | undefined;
      /** At most so many (default 50, at most 1000). */
      limit?: number | undefined;
      /** Only those before this id. */
      after?: string | undefined;
    };
    response: DeliveryListResponse;
  };
  /** Sends messages once more. */
  "delivery.redeliver": {
    request: {
      /** A delivery, task or flow. */
      delivery: string;
    } & DeliveryRef;
    response: DeliveryListResponse;
  };
  /** Gives messages up. */
  "delivery.dismiss": {
    request: {
      /** A delivery, task or flow. */
      delivery: string;
    } & DeliveryRef;
    response: DeliveryListResponse;
  };
  /** Lists the queues, with who runs and who waits in them. */
  "queue.list": {
    request: {
      /** Only this one. */
      queue?: string | undefined;
      /** At most so many of those that wait in each; 20, if absent. */
      limit?: number | undefined;
    };
    response: QueueListResponse;
  };
  /** Takes over rows of OpenClaw's ledger. */
  "import.openclaw": {
    request: ImportOpenclawRequest;
    response: ImportOpenclawResponse;
  };
  /** Lists schedules. */
  "schedule.list": {
    request: {
      /** Only this owner's. */
      owner?: string | undefined;
      /** Only those that fire. */
      enabled?: boolean | undefined;
      /** At most so many (default 50, at most 1000). */
      limit?: number | undefined;
      /** Only those before this id: the `next` of the page before. */
      after?: string | undefined;
    };
    response: ScheduleListResponse;
  };
  /** Makes a schedule. */
  "schedule.add": {
    request: ScheduleAddRequest;
    response: Schedule;
  };
  /** Says whether schedules fire. */
  "schedule.status": {
    request: Record<string, never>;
    response: ScheduleStatusResponse;
  };
  /** Lists runs of schedules. */
  "schedule.runs": {
    request: {
      /** Only this schedule's. */
      schedule?: string | undefined;
      /** Only these states; empty: all. */
      status?: RunStatus[] | undefined;
      /** At most so many (default 50, at most 1000). */
      limit?: number | undefined;
      /** Only those before this id. */
      after?: string | undefined;
    };
    response: ScheduleRunsResponse;
  };
  /** Shows a schedule with its open runs. */
  "schedule.show": {
    request: {
      /** The token. */
      schedule: string;
    };
    response: ScheduleView;
  };
  /** Changes a schedule. */
  "schedule.edit": {
    request: {
      /** The schedule. */
      schedule: string;
    } & ScheduleEditRequest;
    response: Schedule;
  };
  /** Lets a schedule fire again. */
  "schedule.enable": {
    request: {
      /** The token. */
      schedule: string;
    };
    response: Schedule;
  };
  /** Lets a schedule fire no more. */
  "schedule.disable": {
    request: {
      /** The token. */
      schedule: string;
    };
    response: Schedule;
  };
  /** Deletes a schedule with its history; what runs goes on. */
  "schedule.remove": {
    request: {
      /** The token. */
      schedule: string;
    };
    response: Schedule;
  };
  /** Fires a schedule now. */
  "schedule.run": {
    request: {
      /** The token. */
      schedule: string;
    };
    response: ScheduleRun;
  };
  /** Tells the slots of a schedule to come. */
  "schedule.next": {
    request: {
      /** The schedule. */
      schedule: string;
      /** How many (default 5, at most 1000). */
      count?: number | undefined;
    };
    response: ScheduleNextResponse;
  };
  /** Lists access tokens. */
  "token.list": {
    request: Record<string, never>;
    response: TokenListResponse;
  };
  /** Makes an access token. */
  "token.create": {
    request: TokenCreateRequest;
    response: TokenCreateResponse;
  };
  /** Revokes an access token. */
  "token.revoke": {
    request: {
      /** The token. */
      token: string;
    };
    response: Token;
  };
  /** Says who holds the home and how much runs. */
  "gateway.status": {
    request: Record<string, never>;
    response: StatusResponse;
  };
  /** Stops the gateway; running tasks go on. */
  "gateway.stop": {
    request: Record<string, never>;
    response: StopResponse;
  };
  /** This interface as an OpenAPI 3.1 document. */
  "gateway.openapi": {
    request: Record<string, never>;
    response: Record<string, unknown>;
  };
}

/** Where every call is, by its name. */
export const ROUTES = {
  "flow.list": { method: "GET", path: "/v1/flows" },
  "flow.run": { method: "POST", path: "/v1/flows" },
  "flow.show": { method: "GET", path: "/v1/flows/{flow}" },
  "flow.wait": { method: "GET", path: "/v1/flows/{flow}/wait" },
  "flow.adopt": { method: "POST", path: "/v1/flows/{flow}/adopt" },
  "flow.cancel": { method: "POST", path: "/v1/flows/{flow}/cancel" },
  "flow.answer": { method: "POST", path: "/v1/flows/{flow}/answer" },
  "flow.settle": { method: "POST", path: "/v1/flows/{flow}/settle" },
  "flow.pause": { method: "POST", path: "/v1/flows/{flow}/pause" },
  "flow.unpause": { method: "POST", path: "/v1/flows/{flow}/unpause" },
  "flow.budget": { method: "POST", path: "/v1/flows/{flow}/budget" },
  "flow.retry": { method: "POST", path: "/v1/flows/{flow}/retry" },
  "flow.fork": { method: "POST", path: "/v1/flows/{flow}/fork" },
  "flow.why": { method: "GET", path: "/v1/flows/{flow}/why" },
  "flow.source": { method: "GET", path: "/v1/flows/{flow}/source" },
  "flow.events": { method: "GET", path: "/v1/events" },
  "audit.run": { method: "GET", path: "/v1/audit" },
  "flow.purge": { method: "POST", path: "/v1/purge" },
  "task.purge": { method: "POST", path: "/v1/tasks/purge" },
  "maintenance.sweep": { method: "POST", path: "/v1/maintenance" },
  "task.list": { method: "GET", path: "/v1/tasks" },
  "task.run": { method: "POST", path: "/v1/tasks" },
  "task.show": { method: "GET", path: "/v1/tasks/{task}" },
  "task.why": { method: "GET", path: "/v1/tasks/{task}/why" },
  "task.logs": { method: "GET", path: "/v1/tasks/{task}/logs" },
  "task.wait": { method: "GET", path: "/v1/tasks/{task}/wait" },
  "task.cancel": { method: "POST", path: "/v1/tasks/{task}/cancel" },
  "task.rerun": { method: "POST", path: "/v1/tasks/{task}/rerun" },
  "agent.spawn": { method: "POST", path: "/v1/agents/{agent}/spawn" },
  "flow.create": { method: "POST", path: "/v1/flows/managed" },
  "flow.get": { method: "GET", path: "/v1/flows/{flow}/record" },
  "flow.findLatest": { method: "GET", path: "/v1/latest-flow" },
  "flow.resolve": { method: "GET", path: "/v1/resolve-flow" },
  "flow.summary": { method: "GET", path: "/v1/flows/{flow}/task-summary" },
  "flow.runTask": { method: "POST", path: "/v1/flows/{flow}/tasks" },
  "flow.setWaiting": { method: "POST", path: "/v1/flows/{flow}/set-waiting" },
  "flow.resume": { method: "POST", path: "/v1/flows/{flow}/resume" },
  "flow.finish": { method: "POST", path: "/v1/flows/{flow}/finish" },
  "flow.fail": { method: "POST", path: "/v1/flows/{flow}/fail" },
  "flow.requestCancel": { method: "POST", path: "/v1/flows/{flow}/request-cancel" },
  "flow.setOutput": { method: "POST", path: "/v1/flows/{flow}/set-output" },
  "flow.appendOutput": { method: "POST", path: "/v1/flows/{flow}/append-output" },
  "flow.emit": { method: "POST", path: "/v1/flows/{flow}/emit" },
  "signal.send": { method: "POST", path: "/v1/signals" },
  "task.report": { method: "POST", path: "/v1/tasks/{task}/report" },
  "task.record": { method: "POST", path: "/v1/tasks/recorded" },
  "task.notify": { method: "POST", path: "/v1/tasks/{task}/notify" },
  "inbox.list": { method: "GET", path: "/v1/inbox" },
  "inbox.ack": { method: "POST", path: "/v1/inbox/ack" },
  "delivery.list": { method: "GET", path: "/v1/deliveries" },
  "delivery.redeliver": { method: "POST", path: "/v1/deliveries/{delivery}/redeliver" },
  "delivery.dismiss": { method: "POST", path: "/v1/deliveries/{delivery}/dismiss" },
  "queue.list": { method: "GET", path: "/v1/queues" },
  "import.openclaw": { method: "POST", path: "/v1/import/openclaw" },
  "schedule.list": { method: "GET", path: "/v1/schedules" },
  "schedule.add": { method: "POST", path: "/v1/schedules" },
  "schedule.status": { method: "GET", path: "/v1/schedule-status" },
  "schedule.runs": { method: "GET", path: "/v1/schedule-runs" },
  "schedule.show": { method: "GET", path: "/v1/schedules/{schedule}" },
  "schedule.edit": { method: "POST", path: "/v1/schedules/{schedule}/edit" },
  "schedule.enable": { method: "POST", path: "/v1/schedules/{schedule}/enable" },
  "schedule.disable": { method: "POST", path: "/v1/schedules/{schedule}/disable" },
  "schedule.remove": { method: "POST", path: "/v1/schedules/{schedule}/remove" },
  "schedule.run": { method: "POST", path: "/v1/schedules/{schedule}/run" },
  "schedule.next": { method: "GET", path: "/v1/schedules/{schedule}/next" },
  "token.list": { method: "GET", path: "/v1/tokens" },
  "token.create": { method: "POST", path: "/v1/tokens" },
  "token.revoke": { method: "POST", path: "/v1/tokens/{token}/revoke" },
  "gateway.status": { method: "GET", path: "/v1/status" },
  "gateway.stop": { method: "POST", path: "/v1/stop" },
  "gateway.openapi": { method: "GET", path: "/openapi.json" },
} as const;
