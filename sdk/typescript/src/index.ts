// @clawflow/sdk: drive durable clawflow flows from TypeScript.

export { connect, type ClawflowApi } from "./connect.js";
export type { CallName, CallOptions } from "./client.js";
export { ClawflowError, REFUSALS, type RefusalCode } from "./errors.js";
export type { EventsOptions } from "./events.js";
export type { Inbox, InboxListInput } from "./inbox.js";
export { isOver, withConflictRetry, type ConflictOptions } from "./loop.js";
export type { AuthoredFlows } from "./authored.js";
export type { ManagedFlows } from "./managed.js";
export type { ConnectOptions } from "./options.js";
export type { Binder, BoundTaskFlow, LoopHelpers, Runtime } from "./runtime.js";
export type { FlowDetailDto, FlowDto, FlowViews, RunViews, TaskDto } from "./views.js";
export type * from "./inputs.js";
export type {
  Calls,
  Delivery,
  Flow,
  FlowStatus,
  FlowView,
  NotifyPolicy,
  OnChildrenDone,
  Origin,
  StoredEvent,
  Task,
  TaskStatus,
  TaskSummary,
  Wait,
  WaitFor,
} from "./generated.js";
