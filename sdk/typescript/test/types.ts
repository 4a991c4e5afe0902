// Compiled, and never run: what the types must let through, and what they must not.

import type { BoundTaskFlow, Flow } from "../src/index.js";

export async function refused(taskFlow: BoundTaskFlow): Promise<void> {
  // @ts-expect-error: a move names the revision that it was decided on.
  await taskFlow.finish({ flowId: "flow_1" });
  // @ts-expect-error: a misspelt field would be lost.
  await taskFlow.finish({ flowId: "flow_1", expectedRevision: 1, stateJSON: {} });
  // @ts-expect-error: no method takes an owner.
  await taskFlow.createManaged({ controllerId: "c", goal: "g", ownerKey: "s" });
  // @ts-expect-error: the flow is there only if the move was applied.
  (await taskFlow.resume({ flowId: "flow_1", expectedRevision: 1 })).flow;
  // @ts-expect-error: a person is asked something.
  await taskFlow.setFlowWaiting({ flowId: "flow_1", waitFor: { kind: "person" } });
}

export function records(flow: Flow): { step: string | undefined; waits: unknown } {
  // An absent field of a record is left out, as in the original: it is never null.
  return { step: flow.currentStep, waits: flow.waitJson };
}
