import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ClawflowError,
  connect,
  type Flow,
  type FlowMutation,
  withConflictRetry,
} from "../src/index.js";
import { fake, flow, json } from "./server.js";

const record = (fields: Record<string, unknown>) => flow(fields) as unknown as Flow;
const conflict: FlowMutation = { applied: false, code: "revision_conflict", message: "changed" };

test("a conflict is decided again on the newest record", async () => {
  let revision = 0;
  const decidedOn: number[] = [];
  const handle = { get: async () => record({ revision: (revision += 1) }) };
  const done = await withConflictRetry(handle, "flow_1", (current): FlowMutation => {
    decidedOn.push(current.revision);
    return decidedOn.length < 3 ? conflict : { applied: true, flow: current };
  });
  assert(done.applied);
  assert.deepEqual(decidedOn, [1, 2, 3]);
});

test("whatever is no conflict ends it, and so do too many", async () => {
  const handle = { get: async () => record({}) };
  const refused: FlowMutation = { applied: false, code: "terminal", message: "over" };
  assert.equal(await withConflictRetry(handle, "flow_1", () => refused), refused);
  assert.equal(await withConflictRetry(handle, "flow_1", () => undefined), undefined);
  let tries = 0;
  const never = (): FlowMutation => {
    tries += 1;
    return conflict;
  };
  assert.equal(await withConflictRetry(handle, "flow_1", never, { attempts: 4 }), conflict);
  assert.equal(tries, 4);
  const nothing = { get: async () => undefined };
  const missing = await withConflictRetry(nothing, "flow_1", never);
  assert(missing && !missing.applied);
  assert.equal(missing.code, "not_found");
});

test("waiting for a flow asks again from the newest event", async (t) => {
  const view = (status: string, lastEvent: number) => ({
    ...flow({ status }),
    steps: [],
    waits: [],
    tasks: [],
    taskSummary: {},
    lastEvent,
  });
  const { socket, seen } = await fake(t, (request, response, all) => {
    if (!request.url.includes("/wait")) return json(response, view("running", 7));
    json(response, {
      events: [],
      view: all.length < 3 ? view("waiting", 8) : view("succeeded", 9),
    });
  });
  const api = await connect({ socket });
  t.after(() => api.close());
  const taskFlow = api.runtime.taskFlow.bindSession({ sessionKey: "s" });
  assert.equal((await taskFlow.waitForFlow("flow_1")).status, "succeeded");
  assert.deepEqual(
    seen.map((one) => one.url),
    [
      "/v1/flows/flow_1",
      "/v1/flows/flow_1/wait?afterEvent=7&timeoutMs=30000",
      "/v1/flows/flow_1/wait?afterEvent=8&timeoutMs=30000",
    ],
  );
});

test("waiting ends where the flow cannot get there any more, or with its time", async (t) => {
  let status = "cancelled";
  const { socket } = await fake(t, (request, response) => {
    const view = { ...flow({ status }), lastEvent: 1 };
    json(response, request.url.includes("/wait") ? { events: [], view } : view);
  });
  const api = await connect({ socket });
  t.after(() => api.close());
  const taskFlow = api.runtime.taskFlow.bindSession({ sessionKey: "s" });
  await assert.rejects(taskFlow.waitForFlow("flow_1", { until: "waiting" }), { code: "terminal" });
  status = "running";
  await assert.rejects(taskFlow.waitForFlow("flow_1", { timeoutMs: 20 }), (error) => {
    assert(error instanceof ClawflowError);
    assert.equal(error.code, "timeout");
    assert.equal(error.current?.status, "running");
    return true;
  });
  const reached = await taskFlow.waitForFlow("flow_1", { until: (view) => view.lastEvent === 1 });
  assert.equal(reached.status, "running");
});
