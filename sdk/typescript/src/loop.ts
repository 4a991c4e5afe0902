// Helpers for the loop of a controller: decide again on a conflict, and wait for a flow.

import type { CallOptions, Client } from "./client.js";
import { ClawflowError } from "./errors.js";
import type { Flow, FlowView } from "./generated.js";
import type { Refused, WaitForFlowOptions } from "./inputs.js";
import { Backoff, sleep } from "./wait.js";

/** Tries of {@link withConflictRetry} if nothing is said. */
const ATTEMPTS = 100;
/** First and longest pause between two tries, in milliseconds. */
const CONFLICT_FIRST_MS = 1;
const CONFLICT_MAX_MS = 50;
/** How long one look at a flow waits for news, in milliseconds. */
const LOOK_MS = 30_000;

/** Options of {@link withConflictRetry}. */
export interface ConflictOptions extends CallOptions {
  /** Most tries; 100. The last conflict is returned. */
  attempts?: number | undefined;
}

/** What a change came to, as far as it matters here. */
interface Change {
  applied: boolean;
  code?: string;
  current?: Flow;
}

/**
 * Reads the flow, lets `fn` decide on what it reads, and does both again while somebody else was
 * faster. Whatever else `fn` answers or throws goes to the caller; so does `undefined`, which says
 * that there is nothing to change. `fn` may be called more than once: work with effects of its own
 * belongs before it.
 */
export async function withConflictRetry<R extends Change | undefined>(
  handle: { get(flowId: string, options?: CallOptions): Promise<Flow | undefined> },
  flowId: string,
  fn: (flow: Flow) => R | Promise<R>,
  options: ConflictOptions = {},
): Promise<R | Refused> {
  const { attempts = ATTEMPTS, signal } = options;
  const backoff = new Backoff(CONFLICT_FIRST_MS, CONFLICT_MAX_MS);
  let flow = await handle.get(flowId, { signal });
  for (let attempt = 1; ; attempt += 1) {
    if (!flow) return { applied: false, code: "not_found", message: "Flow not found." };
    const change = await fn(flow);
    if (!change || change.applied || change.code !== "revision_conflict") return change;
    if (attempt >= attempts) return change;
    // Two that always read at the same time would always meet again.
    await sleep(backoff.next(), signal);
    flow = await handle.get(flowId, { signal });
  }
}

/**
 * Waits until a flow is where it is wanted: until it has ended, if nothing else is said. Returns it
 * with its steps, waits and tasks as they are then. Throws `not_found` if there is no such flow,
 * `terminal` if it has ended otherwise, and `timeout` if the time is over; both with `current`.
 */
export async function waitForFlow(
  client: Client,
  flowId: string,
  options: WaitForFlowOptions = {},
): Promise<FlowView> {
  const { signal, timeoutMs } = options;
  const reached = condition(options.until);
  const until = timeoutMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + timeoutMs;
  let view = await client.call("flow.show", { flow: flowId }, { signal });
  while (!reached(view)) {
    const left = until - Date.now();
    if (left <= 0) {
      const message = `the flow is still ${view.status} after ${timeoutMs} ms`;
      throw new ClawflowError({ code: "timeout", message, current: view });
    }
    if (isOver(view)) {
      const message = `the flow is ${view.status}, and will not get where it was waited for`;
      throw new ClawflowError({ code: "terminal", message, current: view });
    }
    const request = {
      flow: view.flowId,
      afterEvent: view.lastEvent,
      timeoutMs: Math.ceil(Math.min(left, LOOK_MS)),
    };
    view = (await client.call("flow.wait", request, { signal })).view;
  }
  return view;
}

/** Whether nothing moves a flow any more. */
export function isOver(flow: Pick<Flow, "status" | "endedAt">): boolean {
  const ends = ["succeeded", "failed", "cancelled", "lost"];
  return ends.includes(flow.status) || (flow.status === "blocked" && flow.endedAt !== undefined);
}

function condition(until: WaitForFlowOptions["until"]): (view: FlowView) => boolean {
  if (until === undefined) return isOver;
  if (typeof until === "function") return until;
  const statuses: string[] = [until].flat();
  return (view) => statuses.includes(view.status);
}
