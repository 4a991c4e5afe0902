import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { test } from "node:test";
import { ClawflowError, connect } from "../src/index.js";
import { fake, flow, json } from "./server.js";

test("a refusal is an answer, a failure is thrown", async (t) => {
  const conflict = {
    status: 412,
    code: "revision_conflict",
    message: "the flow has revision 4",
    current: flow({ revision: 4 }),
  };
  const answers: Array<[number, unknown]> = [
    [412, conflict],
    [404, { status: 404, code: "not_found", message: "flow not found: x" }],
    [400, { status: 400, code: "bad_request", message: "unknown field", hint: "look" }],
    [401, "no JSON"],
  ];
  const { socket } = await fake(t, (_, response, all) => {
    const [status, body] = answers[all.length - 1] ?? [500, {}];
    json(response, body, status);
  });
  const api = await connect({ socket });
  t.after(() => api.close());
  const taskFlow = api.runtime.taskFlow.bindSession({ sessionKey: "s" });
  const finish = () => taskFlow.finish({ flowId: "flow_1", expectedRevision: 3 });
  assert.deepEqual(await finish(), {
    applied: false,
    code: "revision_conflict",
    message: "the flow has revision 4",
    current: conflict.current,
  });
  const missing = await finish();
  assert.deepEqual(missing, { applied: false, code: "not_found", message: "flow not found: x" });
  await assert.rejects(finish(), (error) => {
    assert(error instanceof ClawflowError);
    assert.deepEqual([error.code, error.status, error.hint], ["bad_request", 400, "look"]);
    return true;
  });
  await assert.rejects(finish(), { code: "unauthorized", status: 401 });
});

test("a change without its revision is refused before it is sent", async (t) => {
  const { socket, seen } = await fake(t, (_, response) => json(response, flow()));
  const api = await connect({ socket });
  t.after(() => api.close());
  const taskFlow = api.runtime.taskFlow.bindSession({ sessionKey: "s" });
  const input = { flowId: "flow_1" } as { flowId: string; expectedRevision: number };
  for (const verb of ["setWaiting", "resume", "finish", "fail", "requestCancel"] as const) {
    const refused = await taskFlow[verb](input);
    assert(!refused.applied);
    assert.equal(refused.code, "invalid");
  }
  assert.equal(seen.length, 0);
  assert((await taskFlow.finishFlow(input)).applied);
  assert.equal(seen[0]?.url, "/v1/flows/flow_1/finish");
  assert.deepEqual(seen[0]?.body, {});
});

test("fields of the original that have no place on the wire are not sent", async (t) => {
  const { socket, seen } = await fake(t, (_, response) => json(response, flow()));
  const api = await connect({ socket });
  t.after(() => api.close());
  const taskFlow = api.runtime.taskFlow.bindSession({ sessionKey: "s" });
  const input = { flowId: "a/b", expectedRevision: 3, stateJson: null, updatedAt: 1, endedAt: 2 };
  await taskFlow.finish(input);
  assert.equal(seen[0]?.url, "/v1/flows/a%2Fb/finish");
  assert.deepEqual(seen[0]?.body, { expectedRevision: 3, stateJson: null });
});

test("what is not there is undefined, and a blank id is asked of nobody", async (t) => {
  const { socket, seen } = await fake(t, (_, response) =>
    json(response, { status: 404, code: "not_found", message: "flow not found" }, 404),
  );
  const api = await connect({ socket });
  t.after(() => api.close());
  const taskFlow = api.runtime.taskFlow.bindSession({ sessionKey: "s" });
  assert.equal(await taskFlow.get("flow_1"), undefined);
  assert.equal(await taskFlow.getTaskSummary("flow_1"), undefined);
  assert.deepEqual(await taskFlow.cancel({ flowId: "flow_1" }), {
    found: false,
    cancelled: false,
    reason: "Flow not found.",
  });
  const child = await taskFlow.runTask({ flowId: "flow_1", runtime: "acp", task: "x" });
  assert.deepEqual(child, {
    created: false,
    found: false,
    reason: "Flow not found.",
    code: "not_found",
  });
  const before = seen.length;
  assert.equal(await taskFlow.get(" "), undefined);
  assert.equal(await taskFlow.resolve(""), undefined);
  assert.equal(seen.length, before);
});

test("what cannot be stored is thrown by createManaged, null from tryCreateManaged", async (t) => {
  let status = 503;
  let code = "persist_failed";
  const { socket } = await fake(t, (_, response) =>
    json(response, { status, code, message: "the disk is full" }, status),
  );
  const api = await connect({ socket, retryForMs: 0 });
  t.after(() => api.close());
  const taskFlow = api.runtime.taskFlow.bindSession({ sessionKey: "s" });
  const input = { controllerId: "c", goal: "g" };
  await assert.rejects(taskFlow.createManaged(input), { message: "TaskFlow persistence failed." });
  assert.equal(await taskFlow.tryCreateManaged(input), null);
  [status, code] = [507, "store_full"];
  await assert.rejects(taskFlow.createManaged(input), { code: "persist_failed", status: 507 });
  assert.equal(await taskFlow.tryCreateManaged(input), null);
  assert.deepEqual(await taskFlow.finish({ flowId: "flow_1", expectedRevision: 3 }), {
    applied: false,
    code: "persist_failed",
    message: "the disk is full",
  });
  [status, code] = [400, "invalid"];
  await assert.rejects(taskFlow.tryCreateManaged(input), { code: "invalid" });
});

test("only what is safe is tried again when the gateway says that it stops", async (t) => {
  const stops = { status: 503, code: "unavailable", message: "the server is stopping" };
  const { socket, seen } = await fake(t, (_, response, all) => {
    if (all.length % 2 === 1) json(response, stops, 503);
    else json(response, flow());
  });
  const api = await connect({ socket });
  t.after(() => api.close());
  const taskFlow = api.runtime.taskFlow.bindSession({ sessionKey: "s" });
  assert.equal((await taskFlow.get("flow_1"))?.revision, 3);
  const keyed = { controllerId: "c", goal: "g", idempotencyKey: "once" };
  assert.equal((await taskFlow.createManaged(keyed)).revision, 3);
  assert.equal(seen.length, 4);
  await assert.rejects(taskFlow.createManaged({ controllerId: "c", goal: "g" }), {
    code: "unavailable",
  });
  assert.equal(seen.length, 5);
});

test("a broken connection is tried again for a question, not for a command", async (t) => {
  const { socket, seen } = await fake(t, (_, response, all) => {
    if (all.length % 2 === 1) response.destroy();
    else json(response, flow());
  });
  const api = await connect({ socket });
  t.after(() => api.close());
  const taskFlow = api.runtime.taskFlow.bindSession({ sessionKey: "s" });
  assert.equal((await taskFlow.get("flow_1"))?.revision, 3);
  assert.equal(seen.length, 2);
  await assert.rejects(taskFlow.finish({ flowId: "flow_1", expectedRevision: 3 }), {
    code: "unavailable",
    hint: "the command may have been carried out: look",
  });
  assert.equal(seen.length, 3);
});

test("a command waits for a gateway that is being started again", async (t) => {
  const gateway = await fake(t, (_, response) => json(response, flow()));
  const api = await connect({ socket: gateway.socket });
  t.after(() => api.close());
  const taskFlow = api.runtime.taskFlow.bindSession({ sessionKey: "s" });
  await taskFlow.get("flow_1");
  await gateway.stop();
  const done = taskFlow.finish({ flowId: "flow_1", expectedRevision: 3 });
  await pause(120);
  await gateway.start();
  assert((await done).applied);
});

test("too many requests: the pause that is asked for is kept", async (t) => {
  const times: number[] = [];
  const { socket } = await fake(t, (_, response) => {
    times.push(Date.now());
    if (times.length > 1) return json(response, flow());
    response.setHeader("retry-after", "0.3");
    json(response, { status: 429, code: "rate_limited", message: "slowly" }, 429);
  });
  const api = await connect({ socket });
  t.after(() => api.close());
  const taskFlow = api.runtime.taskFlow.bindSession({ sessionKey: "s" });
  assert((await taskFlow.finish({ flowId: "flow_1", expectedRevision: 3 })).applied);
  assert((times[1] ?? 0) - (times[0] ?? 0) >= 290, `tried again at ${times.join(", ")}`);
});

test("an aborted call ends at once, with the reason that was given", async (t) => {
  const { socket, seen } = await fake(t, () => {
    // No answer.
  });
  const api = await connect({ socket });
  t.after(() => api.close());
  const taskFlow = api.runtime.taskFlow.bindSession({ sessionKey: "s" });
  const reason = new Error("enough");
  const controller = new AbortController();
  const waits = taskFlow.get("flow_1", { signal: controller.signal });
  while (seen.length === 0) await pause(5);
  controller.abort(reason);
  await assert.rejects(waits, (error) => error === reason);
  await assert.rejects(
    taskFlow.get("flow_1", { signal: controller.signal }),
    (error) => error === reason,
  );
});

test("an answer that does not come is given up", async (t) => {
  const { socket } = await fake(t, () => {
    // No answer.
  });
  const api = await connect({ socket, requestTimeoutMs: 100, retryForMs: 0 });
  t.after(() => api.close());
  const taskFlow = api.runtime.taskFlow.bindSession({ sessionKey: "s" });
  await assert.rejects(taskFlow.finish({ flowId: "flow_1", expectedRevision: 3 }), {
    code: "unavailable",
    message: /there was no answer within 100 ms/,
  });
});

test("all pages of a list are read, and a limit is kept", async (t) => {
  const { socket, seen } = await fake(t, (request, response) => {
    const query = new URL(request.url, "http://x").searchParams;
    const second = query.get("after") === "flow_2";
    const flows = [flow({ flowId: second ? "flow_1" : "flow_2", tasksActive: 0, tasksTotal: 1 })];
    json(response, { flows, counts: {}, cancelRequested: 0, ...(!second && { next: "flow_2" }) });
  });
  const api = await connect({ socket });
  t.after(() => api.close());
  const taskFlow = api.runtime.taskFlow.bindSession({ sessionKey: "s" });
  const all = await taskFlow.list();
  assert.deepEqual(all, [flow({ flowId: "flow_2" }), flow({ flowId: "flow_1" })]);
  assert.equal(seen[0]?.url, "/v1/flows?all=true&limit=1000");
  assert.equal((await taskFlow.list({ limit: 1, status: ["running", "waiting"] })).length, 1);
  assert.equal(seen.at(-1)?.url, "/v1/flows?all=true&limit=1&status=running&status=waiting");
});
