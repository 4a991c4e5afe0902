// The runtime as plugins of the original know it: bind a session, then drive its flows.

import { authoredFlows, type AuthoredFlows } from "./authored.js";
import type { Client } from "./client.js";
import { events, type EventsOptions } from "./events.js";
import type { FlowView, Origin, StoredEvent } from "./generated.js";
import { inbox, type Inbox } from "./inbox.js";
import type { OriginInput, SessionInput, ToolContext, WaitForFlowOptions } from "./inputs.js";
import { waitForFlow } from "./loop.js";
import { managedFlows, type ManagedFlows } from "./managed.js";
import { flowViews, type FlowViews, runViews, type RunViews } from "./views.js";

const NO_SESSION = "TaskFlow runtime requires a bound sessionKey.";
const NO_TOOL_SESSION = "TaskFlow runtime requires tool context with a sessionKey.";

/** Binds a session. What is bound sees and changes the records of that session only. */
export interface Binder<T> {
  /** Binds a session by its key. Throws if it is blank. */
  bindSession(session: SessionInput): T;
  /** Binds the session that uses a tool. Throws if it has none. */
  fromToolContext(context: ToolContext): T;
}

/** Helpers for the loop of a controller. */
export interface LoopHelpers {
  /** Waits until a flow is where it is wanted; until it has ended, if nothing else is said. */
  waitForFlow(flowId: string, options?: WaitForFlowOptions): Promise<FlowView>;
  /** Events as they are committed; goes on by itself where a connection broke. */
  events(options?: EventsOptions): AsyncGenerator<StoredEvent, void, undefined>;
  /** Messages to the owner. */
  readonly inbox: Inbox;
}

/** The flows of one session. No method takes an owner: that is the binding's. */
export interface BoundTaskFlow extends ManagedFlows, AuthoredFlows, LoopHelpers {
  /** The session. */
  readonly sessionKey: string;
  /** Where its requests come from, if that was said. */
  readonly requesterOrigin?: Origin;
}

/** The original's runtime. */
export interface Runtime {
  readonly tasks: {
    /** Flows that code drives. */
    readonly flow: Binder<BoundTaskFlow>;
    /** The same as `flow`. */
    readonly managedFlows: Binder<BoundTaskFlow>;
    /** The newest name of the same. */
    readonly async: { readonly managedFlows: Binder<BoundTaskFlow> };
    /** Flows, to look at. */
    readonly flows: Binder<FlowViews>;
    /** Tasks, to look at. */
    readonly runs: Binder<RunViews>;
  };
  /** The same as `tasks.flow`. */
  readonly taskFlow: Binder<BoundTaskFlow>;
}

/** The runtime on a gateway. */
export function runtime(operator: Client): Runtime {
  const flow = binder(operator, boundTaskFlow);
  const flows = binder(operator, (client, { sessionKey }) =>
    flowViews(sessionKey, managedFlows(client, sessionKey)),
  );
  const runs = binder(operator, (client, { sessionKey }) => runViews(client, sessionKey));
  return {
    tasks: { flow, managedFlows: flow, async: { managedFlows: flow }, flows, runs },
    taskFlow: flow,
  };
}

interface Session {
  sessionKey: string;
  requesterOrigin?: Origin;
}

function boundTaskFlow(client: Client, session: Session): BoundTaskFlow {
  const managed = managedFlows(client, session.sessionKey);
  return { ...session, ...managed, ...authoredFlows(client, managed), ...loopHelpers(client) };
}

/** The helpers on behalf of a client. */
export function loopHelpers(client: Client): LoopHelpers {
  return {
    waitForFlow: (flowId, options) => waitForFlow(client, flowId, options),
    events: (options) => events(client, options),
    inbox: inbox(client),
  };
}

function binder<T>(operator: Client, make: (client: Client, session: Session) => T): Binder<T> {
  const bind = (key: unknown, origin: OriginInput | undefined, missing: string): T => {
    const sessionKey = typeof key === "string" ? key.trim() : "";
    if (sessionKey === "") throw new Error(missing);
    const requesterOrigin = originOf(origin);
    const session = { sessionKey, ...(requesterOrigin && { requesterOrigin }) };
    return make(operator.bind(session), session);
  };
  return {
    bindSession: (session) => bind(session?.sessionKey, session?.requesterOrigin, NO_SESSION),
    fromToolContext: (context) =>
      bind(context?.sessionKey, context?.deliveryContext, NO_TOOL_SESSION),
  };
}

/** The origin with its thread as text, as it is stored. */
function originOf(origin: OriginInput | undefined): Origin | undefined {
  if (!origin) return undefined;
  const { threadId, ...rest } = origin;
  return threadId === undefined ? { ...rest } : { ...rest, threadId: String(threadId) };
}
