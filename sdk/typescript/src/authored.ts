// The names of ClawFlow: the same commands, which apply to the newest revision if none is given.

import type { CallOptions, Client } from "./client.js";
import type { Calls, Flow } from "./generated.js";
import type {
  CreateFlowInput,
  EmitInput,
  FailFlowInput,
  FinishFlowInput,
  FlowMutation,
  OutputInput,
  ResumeFlowInput,
  RunTaskInFlowInput,
  RunTaskResult,
  SetFlowWaitingInput,
  WaitingMutation,
} from "./inputs.js";
import { type ManagedFlows, moves, mutation } from "./managed.js";

/** The controller of a flow whose maker names none. */
const CONTROLLER = "clawflow/sdk";

/** Flows under the names of ClawFlow. */
export interface AuthoredFlows {
  /** As `createManaged`. */
  createFlow(input: CreateFlowInput, options?: CallOptions): Promise<Flow>;
  /** As `get`. */
  getFlow(flowId: string, options?: CallOptions): Promise<Flow | undefined>;
  /** As `runTask` with `await`: the flow waits for the child from now on. */
  runTaskInFlow(input: RunTaskInFlowInput, options?: CallOptions): Promise<RunTaskResult>;
  /** As `setWaiting`, on the newest revision. */
  setFlowWaiting(input: SetFlowWaitingInput, options?: CallOptions): Promise<WaitingMutation>;
  /** Replaces an output. */
  setFlowOutput(input: OutputInput, options?: CallOptions): Promise<FlowMutation>;
  /** Makes an output an array, or extends the array. */
  appendFlowOutput(input: OutputInput, options?: CallOptions): Promise<FlowMutation>;
  /** Sends the owner one message; once per `eventKey`. Throws if it is refused. */
  emitFlowUpdate(input: EmitInput, options?: CallOptions): Promise<Calls["flow.emit"]["response"]>;
  /** As `resume`, on the newest revision. */
  resumeFlow(input: ResumeFlowInput, options?: CallOptions): Promise<FlowMutation>;
  /** As `finish`, on the newest revision. */
  finishFlow(input: FinishFlowInput, options?: CallOptions): Promise<FlowMutation>;
  /** As `fail`, on the newest revision. */
  failFlow(input: FailFlowInput, options?: CallOptions): Promise<FlowMutation>;
}

/** The names on behalf of a bound client. */
export function authoredFlows(client: Client, managed: ManagedFlows): AuthoredFlows {
  const named = moves(client);
  return {
    createFlow: (input, options) =>
      managed.createManaged({ ...input, controllerId: input.controllerId ?? CONTROLLER }, options),
    getFlow: managed.get,
    runTaskInFlow: ({ launch, ...input }, options) => {
      const status = launch ?? input.status;
      return managed.runTask({ ...input, ...(status && { status }), await: true }, options);
    },
    setFlowWaiting: ({ waitingOnTaskId, ...input }, options) => {
      const waitFor = waitingOnTaskId
        ? ({ kind: "task", taskId: waitingOnTaskId } as const)
        : input.waitFor;
      return named.setWaiting({ ...input, ...(waitFor && { waitFor }) }, options);
    },
    setFlowOutput: ({ flowId, key, ...input }, options) =>
      mutation(client.call("flow.setOutput", { ...input, flow: flowId, name: key }, options)),
    appendFlowOutput: ({ flowId, key, ...input }, options) =>
      mutation(client.call("flow.appendOutput", { ...input, flow: flowId, name: key }, options)),
    emitFlowUpdate: ({ flowId, ...input }, options) =>
      // The same key is the same message, however often it is sent.
      client.call(
        "flow.emit",
        { ...input, flow: flowId },
        {
          ...options,
          repeatable: Boolean(input.eventKey),
        },
      ),
    resumeFlow: named.resume,
    finishFlow: named.finish,
    failFlow: named.fail,
  };
}
