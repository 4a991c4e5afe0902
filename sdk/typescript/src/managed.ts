// The methods of TaskFlow's bound runtime.

import type { CallOptions, Client } from "./client.js";
import { ClawflowError, refusal } from "./errors.js";
import type { Calls, Flow, FlowView, Task, TaskSummary } from "./generated.js";
import type {
  AnswerInput,
  AnswerResult,
  BudgetInput,
  CancelInput,
  CancelResult,
  CreateManagedInput,
  FailInput,
  FinishInput,
  FlowMutation,
  FlowName,
  ForkInput,
  GivenTimes,
  ListInput,
  MaybeDecided,
  PauseInput,
  PurgeInput,
  Refused,
  RequestCancelInput,
  ResumeInput,
  RetryInput,
  RunTaskInput,
  RunTaskResult,
  SetWaitingInput,
  SignalInput,
  SpawnInput,
  TaskLogsInput,
  TaskMutation,
  UpdateTaskInput,
  WaitingMutation,
} from "./inputs.js";

/** Wait of `cancel` if nothing is said, in milliseconds. */
const CANCEL_WAIT_MS = 30_000;
/** Flows and tasks of one page. */
const PAGE = 1_000;
type Settled<T> = { applied: true; answer: T } | Refused;

/** Flows that code drives, as the original's bound handle has them. */
export interface ManagedFlows {
  /** Makes a flow at revision 0. Throws if it is refused, or cannot be stored. */
  createManaged(input: CreateManagedInput, options?: CallOptions): Promise<Flow>;
  /** The same, but `null` if it cannot be stored. */
  tryCreateManaged(input: CreateManagedInput, options?: CallOptions): Promise<Flow | null>;
  /** The flow with this id or key, if it is the session's. */
  get(flowId: string, options?: CallOptions): Promise<Flow | undefined>;
  /** The same with its steps, waits and tasks. */
  show(flowId: string, options?: CallOptions): Promise<FlowView | undefined>;
  /** The session's flows, newest first; all of them, if no `limit` is given. */
  list(input?: ListInput, options?: CallOptions): Promise<Flow[]>;
  /** The newest flow of the session, ended or not. */
  findLatest(options?: CallOptions): Promise<Flow | undefined>;
  /** A flow by id, key, or the session's own key. */
  resolve(token: string, options?: CallOptions): Promise<Flow | undefined>;
  /** The flow's tasks in numbers. */
  getTaskSummary(flowId: string, options?: CallOptions): Promise<TaskSummary | undefined>;
  /** Launches a command as a child of the flow, or records a child that its caller runs. */
  runTask(input: RunTaskInput, options?: CallOptions): Promise<RunTaskResult>;
  /** Parks the flow: blocked if a blocker is given, else waiting. */
  setWaiting(input: SetWaitingInput, options?: CallOptions): Promise<WaitingMutation>;
  /** Goes on with a parked flow. */
  resume(input: ResumeInput, options?: CallOptions): Promise<FlowMutation>;
  /** Ends the flow well. */
  finish(input: FinishInput, options?: CallOptions): Promise<FlowMutation>;
  /** Ends the flow badly. */
  fail(input: FailInput, options?: CallOptions): Promise<FlowMutation>;
  /** Records the intent to cancel; the flow ends once no child is active. */
  requestCancel(input: RequestCancelInput, options?: CallOptions): Promise<FlowMutation>;
  /** Cancels the flow and stops its children. */
  cancel(input: CancelInput, options?: CallOptions): Promise<CancelResult>;
  /** Asks an agent for something, as a sub-agent of the session: its answer comes to the inbox. */
  spawnAgent(input: SpawnInput, options?: CallOptions): Promise<Calls["agent.spawn"]["response"]>;
  /** Reports progress or the end of a child that its caller runs. */
  updateTask(input: UpdateTaskInput, options?: CallOptions): Promise<TaskMutation>;
  /** A part of the log of a child that was launched. */
  getTaskLogs(input: TaskLogsInput, options?: CallOptions): Promise<Calls["task.logs"]["response"]>;
  /** Tells the session's waiting flows that something has happened. */
  signal(input: SignalInput, options?: CallOptions): Promise<Calls["signal.send"]["response"]>;
  /** Answers a question of the flow. */
  answer(input: AnswerInput, options?: CallOptions): Promise<AnswerResult>;
  /** Holds back every start of the flow. */
  pause(input: PauseInput, options?: CallOptions): Promise<FlowMutation>;
  /** Allows starts again. */
  unpause(input: PauseInput, options?: CallOptions): Promise<FlowMutation>;
  /** Gives the flow another budget; one that is held goes on if there is something left of it. */
  setBudget(input: BudgetInput, options?: CallOptions): Promise<FlowMutation>;
  /** Makes a new flow from an ended one, with what it has recorded. */
  retry(input: RetryInput, options?: CallOptions): Promise<FlowMutation>;
  /** Makes a new flow from a step of another one, maybe with other arguments. */
  fork(input: ForkInput, options?: CallOptions): Promise<FlowMutation>;
  /** Deletes ended flows. */
  purge(input: PurgeInput, options?: CallOptions): Promise<Calls["flow.purge"]["response"]>;
}

/** The methods on behalf of a bound client. */
export function managedFlows(client: Client, sessionKey: string): ManagedFlows {
  return {
    ...creating(client),
    ...reading(client),
    ...moving(client),
    ...steering(client, sessionKey),
    runTask: (input, options) => runTask(client, input, options),
    spawnAgent: (input, options) => client.call("agent.spawn", input, options),
    updateTask: async ({ taskId, ...input }, options) => {
      const done = await settle(client.call("task.report", { ...input, task: taskId }, options));
      return done.applied ? { applied: true, task: done.answer } : done;
    },
    getTaskLogs: ({ taskId, ...input }, options) =>
      client.call("task.logs", { ...input, task: taskId }, options),
  };
}

function creating(client: Client): Pick<ManagedFlows, "createManaged" | "tryCreateManaged"> {
  const create = (input: CreateManagedInput, options?: CallOptions): Promise<Flow> =>
    client.call("flow.create", withoutTimes(input), options);
  return {
    createManaged: async (input, options) => {
      try {
        return await create(input, options);
      } catch (error) {
        if (!notStored(error)) throw error;
        const { status, hint } = error;
        const code = "persist_failed";
        const message = "TaskFlow persistence failed.";
        throw new ClawflowError({ code, status, hint, message, cause: error });
      }
    },
    tryCreateManaged: async (input, options) => {
      try {
        return await create(input, options);
      } catch (error) {
        if (notStored(error)) return null;
        throw error;
      }
    },
  };
}

type Reading = "get" | "show" | "list" | "findLatest" | "resolve" | "getTaskSummary";

function reading(client: Client): Pick<ManagedFlows, Reading> {
  return {
    get: (flowId, options) => maybe(client.call("flow.get", { flow: flowId }, options)),
    show: (flowId, options) => maybe(client.call("flow.show", { flow: flowId }, options)),
    list: (input, options) => list(client, input ?? {}, options),
    findLatest: async (options) => {
      return (await client.call("flow.findLatest", {}, options)).flow ?? undefined;
    },
    resolve: async (token, options) => {
      if (token.trim() === "") return undefined;
      return (await client.call("flow.resolve", { token }, options)).flow ?? undefined;
    },
    getTaskSummary: (flowId, options) =>
      maybe(client.call("flow.summary", { flow: flowId }, options)),
  };
}

type Moving = "setWaiting" | "resume" | "finish" | "fail" | "requestCancel";

function moving(client: Client): Pick<ManagedFlows, Moving> {
  const named = moves(client);
  /** Refuses what was not decided on a revision: it must be said, not forgotten. */
  const decided =
    <I extends MaybeDecided, R>(verb: string, move: Move<I, R>): Move<I, R | Refused> =>
    async (input, options) => {
      if (Number.isInteger(input.expectedRevision)) return move(input, options);
      const message = `${verb} needs the expectedRevision that it was decided on.`;
      return { applied: false, code: "invalid", message };
    };
  return {
    setWaiting: decided("setWaiting", named.setWaiting),
    resume: decided("resume", named.resume),
    finish: decided("finish", named.finish),
    fail: decided("fail", named.fail),
    requestCancel: decided("requestCancel", named.requestCancel),
  };
}

type Move<I, R> = (input: I, options?: CallOptions) => Promise<R>;
type Loose<I> = Omit<I, "expectedRevision"> & MaybeDecided;

/** The moves of a flow, whether or not they name the revision that they were decided on. */
export function moves(client: Client): {
  setWaiting: Move<Loose<SetWaitingInput>, WaitingMutation>;
  resume: Move<Loose<ResumeInput>, FlowMutation>;
  finish: Move<Loose<FinishInput>, FlowMutation>;
  fail: Move<Loose<FailInput>, FlowMutation>;
  requestCancel: Move<Loose<RequestCancelInput>, FlowMutation>;
} {
  return {
    setWaiting: async (input, options) => {
      const done = await settle(client.call("flow.setWaiting", flowRequest(input), options));
      if (!done.applied) return done;
      const { waitId, ...flow } = done.answer;
      return waitId == null ? { applied: true, flow } : { applied: true, flow, waitId };
    },
    resume: (input, options) => mutation(client.call("flow.resume", flowRequest(input), options)),
    finish: (input, options) => mutation(client.call("flow.finish", flowRequest(input), options)),
    fail: (input, options) => mutation(client.call("flow.fail", flowRequest(input), options)),
    requestCancel: (input, options) =>
      mutation(client.call("flow.requestCancel", flowRequest(input), options)),
  };
}

type Steering =
  | "cancel"
  | "signal"
  | "answer"
  | "pause"
  | "unpause"
  | "setBudget"
  | "retry"
  | "fork"
  | "purge";

function steering(client: Client, sessionKey: string): Pick<ManagedFlows, Steering> {
  return {
    cancel: (input, options) => cancel(client, input, options),
    signal: ({ flowId, ...input }, options) =>
      client.call("signal.send", { ...input, ...(flowId && { flow: flowId }) }, options),
    answer: async ({ flowId, by, ...input }, options) => {
      const request = { ...input, flow: flowId, by: by ?? client.actor ?? sessionKey };
      const done = await settle(client.call("flow.answer", request, options));
      if (!done.applied) return done;
      const { applied, flow, wait } = done.answer;
      if (applied) return { applied, flow, wait };
      const message = `It was answered before${wait.answeredBy ? ` by ${wait.answeredBy}` : ""}.`;
      return { applied, code: "answered", message, current: flow, wait };
    },
    pause: (input, options) => mutation(client.call("flow.pause", flowRequest(input), options)),
    unpause: (input, options) => mutation(client.call("flow.unpause", flowRequest(input), options)),
    setBudget: ({ by, ...input }, options) => {
      const request = { ...flowRequest(input), by: by ?? client.actor ?? sessionKey };
      return mutation(client.call("flow.budget", request, options));
    },
    retry: (input, options) => mutation(client.call("flow.retry", flowRequest(input), options)),
    fork: (input, options) => mutation(client.call("flow.fork", flowRequest(input), options)),
    purge: ({ flowId, ...input }, options) =>
      client.call("flow.purge", { ...input, ...(flowId && { flow: flowId }) }, options),
  };
}

async function runTask(
  client: Client,
  input: RunTaskInput,
  options?: CallOptions,
): Promise<RunTaskResult> {
  const { preferMetadata: _, deliveryStatus: __, ...rest } = input;
  const request = flowRequest(rest);
  // The gateway has a directory of its own; on the same machine the caller's is meant.
  if (request.command?.length && request.cwd == null && client.transport.local) {
    request.cwd = process.cwd();
  }
  // The same run is the same task. Waiting for it is a change of its own.
  const repeatable = Boolean(request.runId) && !request.await;
  try {
    const answer = await client.call("flow.runTask", request, { ...options, repeatable });
    const { flow, task } = answer;
    if (answer.created && flow && task) return { created: true, flow, task };
    const code = answer.code ?? "internal";
    const reason = answer.reason ?? code;
    return { created: false, found: answer.found, reason, code, ...(flow && { flow }) };
  } catch (error) {
    const refused = refusal(error);
    if (!refused) throw error;
    const { code, message, current } = refused;
    const found = code !== "not_found";
    const reason = found ? message : "Flow not found.";
    return { created: false, found, reason, code, ...(current && { flow: current }) };
  }
}

async function cancel(
  client: Client,
  input: CancelInput,
  options?: CallOptions,
): Promise<CancelResult> {
  const { cfg: _, ...rest } = input;
  const request = { ...flowRequest(rest), waitMs: input.waitMs ?? CANCEL_WAIT_MS };
  const done = await settle(client.call("flow.cancel", request, options));
  if (!done.applied && done.code === "not_found") {
    return { found: false, cancelled: false, reason: "Flow not found." };
  }
  const flow = done.applied ? done.answer : done.current;
  if (!flow) {
    const reason = done.applied ? "" : done.message;
    return { found: true, cancelled: false, reason };
  }
  const tasks = await tasksOf(client, flow.flowId, options);
  if (!done.applied) {
    const over = done.code === "terminal" ? `Flow is already ${flow.status}.` : done.message;
    return { found: true, cancelled: false, reason: over, flow, tasks };
  }
  if (flow.status === "cancelled") return { found: true, cancelled: true, flow, tasks };
  const ended = flow.endedAt !== undefined;
  const reason = ended
    ? `Flow is already ${flow.status}.`
    : "One or more child tasks are still active.";
  return { found: true, cancelled: false, reason, flow, tasks };
}

/** All tasks of a flow, or of the session, newest first. */
export async function tasksOf(
  client: Client,
  flowId: string | undefined,
  options?: CallOptions,
): Promise<Task[]> {
  const tasks: Task[] = [];
  let after: string | undefined;
  do {
    const page = await client.call("task.list", { flow: flowId, limit: PAGE, after }, options);
    tasks.push(...page.tasks);
    after = page.next;
  } while (after !== undefined);
  return tasks;
}

/** Flows of the session, page by page. */
async function list(client: Client, input: ListInput, options?: CallOptions): Promise<Flow[]> {
  const flows: Flow[] = [];
  const limit = input.limit ?? Number.POSITIVE_INFINITY;
  let after = input.after;
  while (flows.length < limit) {
    const request = { all: true, ...input, limit: Math.min(PAGE, limit - flows.length), after };
    const page = await client.call("flow.list", request, options);
    for (const { tasksActive: _, tasksTotal: __, ...flow } of page.flows) flows.push(flow);
    after = page.next;
    if (after === undefined) break;
  }
  return flows;
}

/** The input as a request: `flowId` is `flow` on the wire, and times are the gateway's. */
function flowRequest<I extends FlowName & GivenTimes>(
  input: I,
): Omit<Omit<I, "flowId">, keyof GivenTimes> & { flow: string } {
  const { flowId, ...fields } = input;
  return { ...withoutTimes(fields), flow: flowId };
}

function withoutTimes<I extends GivenTimes>(input: I): Omit<I, keyof GivenTimes> {
  const { createdAt: _, updatedAt: __, endedAt: ___, ...rest } = input;
  return rest;
}

function notStored(error: unknown): error is ClawflowError {
  return refusal(error)?.code === "persist_failed";
}

/** An answer, or nothing if there is no such record. */
export async function maybe<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (refusal(error)?.code === "not_found") return undefined;
    throw error;
  }
}

/** An answer, or the refusal; failures are thrown. */
export async function settle<T>(answer: Promise<T>): Promise<Settled<T>> {
  try {
    return { applied: true, answer: await answer };
  } catch (error) {
    const refused = refusal(error);
    if (!refused) throw error;
    return { applied: false, ...refused };
  }
}

/** A changed flow, or the refusal. */
export async function mutation(answer: Promise<Flow>): Promise<FlowMutation> {
  const done = await settle(answer);
  return done.applied ? { applied: true, flow: done.answer } : done;
}
