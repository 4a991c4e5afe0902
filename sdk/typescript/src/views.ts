// Read-only views of flows and tasks, in the original's shape for other plugins.

import type { CallOptions, Client } from "./client.js";
import type { Flow, Task, TaskSummary } from "./generated.js";
import { maybe, tasksOf } from "./managed.js";
import type { ManagedFlows } from "./managed.js";

/** A flow as others may see it. */
export interface FlowDto {
  id: string;
  ownerKey: string;
  requesterOrigin?: Flow["requesterOrigin"];
  status: Flow["status"];
  notifyPolicy: Flow["notifyPolicy"];
  goal: string;
  currentStep?: string;
  cancelRequestedAt?: number;
  createdAt: number;
  updatedAt: number;
  endedAt?: number;
}

/** The same with its state and its tasks. */
export interface FlowDetailDto extends FlowDto {
  state?: unknown;
  wait?: unknown;
  blocked?: { taskId?: string; summary?: string };
  tasks: TaskDto[];
  taskSummary: TaskSummary;
}

/** A task as others may see it. */
export interface TaskDto {
  id: string;
  runtime: Task["runtime"];
  sourceId?: string;
  sessionKey: string;
  ownerKey: string;
  scope: Task["scopeKind"];
  childSessionKey?: string;
  flowId?: string;
  parentTaskId?: string;
  agentId?: string;
  runId?: string;
  label?: string;
  title: string;
  status: Task["status"];
  deliveryStatus: Task["deliveryStatus"];
  notifyPolicy: Task["notifyPolicy"];
  createdAt: number;
  startedAt?: number;
  endedAt?: number;
  lastEventAt?: number;
  error?: string;
  progressSummary?: string;
  terminalSummary?: string;
  terminalOutcome?: Task["terminalOutcome"];
}

/** Flows, to look at. */
export interface FlowViews {
  readonly sessionKey: string;
  list(options?: CallOptions): Promise<FlowDto[]>;
  get(flowId: string, options?: CallOptions): Promise<FlowDetailDto | undefined>;
  findLatest(options?: CallOptions): Promise<FlowDetailDto | undefined>;
  resolve(token: string, options?: CallOptions): Promise<FlowDetailDto | undefined>;
  getTaskSummary(flowId: string, options?: CallOptions): Promise<TaskSummary | undefined>;
}

/** Tasks, to look at. */
export interface RunViews {
  readonly sessionKey: string;
  list(options?: CallOptions): Promise<TaskDto[]>;
  /** A task by its id, run id or session key. */
  get(token: string, options?: CallOptions): Promise<TaskDto | undefined>;
  findLatest(options?: CallOptions): Promise<TaskDto | undefined>;
}

/** The views of flows on behalf of a bound client. */
export function flowViews(sessionKey: string, managed: ManagedFlows): FlowViews {
  const detail = async (
    flow: Flow | undefined,
    options?: CallOptions,
  ): Promise<FlowDetailDto | undefined> => {
    const view = flow && (await managed.show(flow.flowId, options));
    return view && flowDetailDto(view, view.tasks, view.taskSummary);
  };
  return {
    sessionKey,
    list: async (options) => (await managed.list({}, options)).map(flowDto),
    get: async (flowId, options) => detail(await managed.get(flowId, options), options),
    findLatest: async (options) => detail(await managed.findLatest(options), options),
    resolve: async (token, options) => detail(await managed.resolve(token, options), options),
    getTaskSummary: managed.getTaskSummary,
  };
}

/** The views of tasks on behalf of a bound client. */
export function runViews(client: Client, sessionKey: string): RunViews {
  return {
    sessionKey,
    list: async (options) => (await tasksOf(client, undefined, options)).map(taskDto),
    get: async (token, options) => {
      const task = await maybe(client.call("task.show", { task: token }, options));
      return task && taskDto(task);
    },
    findLatest: async (options) => {
      const [task] = (await client.call("task.list", { limit: 1 }, options)).tasks;
      return task && taskDto(task);
    },
  };
}

/** A record as a view. */
export function flowDto(flow: Flow): FlowDto {
  return present({
    id: flow.flowId,
    ownerKey: flow.ownerKey,
    requesterOrigin: flow.requesterOrigin,
    status: flow.status,
    notifyPolicy: flow.notifyPolicy,
    goal: flow.goal,
    currentStep: flow.currentStep,
    cancelRequestedAt: flow.cancelRequestedAt,
    createdAt: flow.createdAt,
    updatedAt: flow.updatedAt,
    endedAt: flow.endedAt,
  });
}

function flowDetailDto(flow: Flow, tasks: Task[], taskSummary: TaskSummary): FlowDetailDto {
  const { blockedTaskId, blockedSummary } = flow;
  const isBlocked = blockedTaskId !== undefined || blockedSummary !== undefined;
  return present({
    ...flowDto(flow),
    state: flow.stateJson,
    wait: flow.waitJson,
    blocked: isBlocked ? present({ taskId: blockedTaskId, summary: blockedSummary }) : undefined,
    tasks: tasks.map(taskDto),
    taskSummary,
  });
}

/** A record as a view. */
export function taskDto(task: Task): TaskDto {
  return present({
    id: task.taskId,
    runtime: task.runtime,
    sourceId: task.sourceId,
    sessionKey: task.ownerKey,
    ownerKey: task.ownerKey,
    scope: task.scopeKind,
    childSessionKey: task.childSessionKey,
    flowId: task.parentFlowId,
    parentTaskId: task.parentTaskId,
    agentId: task.agentId,
    runId: task.runId,
    label: task.label,
    title: task.task,
    status: task.status,
    deliveryStatus: task.deliveryStatus,
    notifyPolicy: task.notifyPolicy,
    createdAt: task.createdAt,
    startedAt: task.startedAt,
    endedAt: task.endedAt,
    lastEventAt: task.lastEventAt,
    error: task.error,
    progressSummary: task.progressSummary,
    terminalSummary: task.terminalSummary,
    terminalOutcome: task.terminalOutcome,
  });
}

/** An object's fields that are not `undefined`. */
type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Leaves out what is absent, as JSON does. */
function present<T extends object>(record: T): Present<T> {
  const kept = Object.entries(record).filter(([, value]) => value !== undefined);
  return Object.fromEntries(kept) as Present<T>;
}
