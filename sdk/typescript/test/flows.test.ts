// The runtime on the real gateway.

import assert from "node:assert/strict";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { BoundTaskFlow, ClawflowApi, Flow, FlowView, ToolContext } from "../src/index.js";
import { withConflictRetry } from "../src/index.js";
import { DEADLINE_MS, Gateway } from "./gateway.js";

const gateway = new Gateway();
let api: ClawflowApi;

before(async () => {
  await gateway.start();
  api = await gateway.connect();
});
after(() => gateway.remove());

let sessions = 0;
/** A session that no other test has. */
function session(): BoundTaskFlow {
  sessions += 1;
  return api.runtime.tasks.flow.bindSession({ sessionKey: `agent:test:${sessions}` });
}

/** A flow to begin with. */
function create(taskFlow: BoundTaskFlow, fields: object = {}): Promise<Flow> {
  return taskFlow.createManaged({ controllerId: "test/controller", goal: "try it", ...fields });
}

/** Waits until the flow is so. */
function until(
  taskFlow: BoundTaskFlow,
  flow: Flow,
  reached: (view: FlowView) => boolean,
): Promise<FlowView> {
  return taskFlow.waitForFlow(flow.flowId, { until: reached, timeoutMs: DEADLINE_MS });
}

test("the first example: a launched child", async () => {
  const ctx: ToolContext = { sessionKey: "agent:main:main", deliveryContext: { channel: "slack" } };
  const directory = join(gateway.home, "work");
  mkdirSync(directory);
  writeFileSync(join(directory, "classify"), '#!/bin/sh\necho classified in "$PWD"\n');
  chmodSync(join(directory, "classify"), 0o755);
  process.chdir(directory);

  const taskFlow = api.runtime.tasks.flow.fromToolContext(ctx);
  const created = await taskFlow.createManaged({
    controllerId: "my-plugin/inbox-triage",
    goal: "triage inbox",
    currentStep: "classify",
    stateJson: { businessThreads: [], personalItems: [], eodSummary: [] },
  });
  const classify = await taskFlow.runTask({
    flowId: created.flowId,
    runtime: "cli",
    runId: "inbox-classify-1",
    task: "Classify inbox messages",
    command: ["./classify"],
  });
  if (!classify.created) throw new Error(classify.reason);

  assert.equal(created.revision, 0);
  assert.equal(created.ownerKey, "agent:main:main");
  assert.deepEqual(created.requesterOrigin, { channel: "slack" });
  const { taskId } = classify.task;
  const over = await until(taskFlow, created, (view) => view.tasks[0]?.endedAt !== undefined);
  assert.equal(over.tasks[0]?.status, "succeeded", over.tasks[0]?.error);
  assert.equal((await taskFlow.getTaskLogs({ taskId })).text, `classified in ${directory}\n`);
  // The end of a child moves nothing by itself.
  const summary = await taskFlow.getTaskSummary(created.flowId);
  assert.deepEqual([summary?.total, summary?.active, summary?.byStatus["succeeded"]], [1, 0, 1]);
  const expectedRevision = (await taskFlow.get(created.flowId))?.revision ?? -1;
  assert.equal(expectedRevision, 0);
  const finished = await taskFlow.finish({ flowId: created.flowId, expectedRevision });
  assert(finished.applied);
  assert.equal(finished.flow.status, "succeeded");
});

test("the second example: a child that its caller runs", async () => {
  const taskFlow = session();
  const created = await create(taskFlow);

  const child = await taskFlow.runTask({
    flowId: created.flowId,
    runtime: "acp",
    childSessionKey: "agent:main:subagent:classifier",
    runId: "inbox-classify-1",
    task: "Classify inbox messages",
    status: "running",
    startedAt: Date.now(),
    lastEventAt: Date.now(),
  });

  assert(child.created, JSON.stringify(child));
  assert.equal(child.task.status, "running");
  const { taskId } = child.task;
  const progress = await taskFlow.updateTask({ taskId, progressSummary: "3 of 7" });
  assert(progress.applied);
  assert.equal(progress.task.progressSummary, "3 of 7");
  const ended = await taskFlow.updateTask({
    taskId,
    status: "succeeded",
    terminalSummary: "7 messages",
    endedAt: Date.now(),
  });
  assert(ended.applied);
  assert.equal(ended.task.status, "succeeded");
  const late = await taskFlow.updateTask({ taskId, status: "failed", error: "late" });
  assert.deepEqual([late.applied, !late.applied && late.code], [false, "terminal"]);
  const runs = api.runtime.tasks.runs.bindSession({ sessionKey: taskFlow.sessionKey });
  assert.equal((await runs.get(taskId))?.title, "Classify inbox messages");
  const flows = api.runtime.tasks.flows.bindSession({ sessionKey: taskFlow.sessionKey });
  const detail = await flows.get(created.flowId);
  assert.equal(detail?.id, created.flowId);
  assert.deepEqual(
    detail?.tasks.map((task) => task.status),
    ["succeeded"],
  );
});

test("every move is refused with the newest record when its revision is old", async () => {
  const taskFlow = session();
  const { flowId } = await create(taskFlow);
  const waiting = await taskFlow.setWaiting({
    flowId,
    expectedRevision: 0,
    currentStep: "ask",
    stateJson: { a: 1 },
    waitJson: null,
  });
  assert(waiting.applied);
  assert.deepEqual([waiting.flow.status, waiting.flow.revision], ["waiting", 1]);
  assert.equal(waiting.flow.waitJson, null);
  const old = { flowId, expectedRevision: 0 };
  for (const verb of ["setWaiting", "resume", "finish", "fail", "requestCancel"] as const) {
    const refused = await taskFlow[verb](old);
    assert(!refused.applied);
    assert.equal(refused.code, "revision_conflict");
    assert.equal(refused.current?.revision, 1);
  }
  const resumed = await taskFlow.resume({ flowId, expectedRevision: 1, stateJson: null });
  assert(resumed.applied);
  assert.deepEqual([resumed.flow.status, resumed.flow.stateJson], ["running", null]);
  const twice = await taskFlow.resume({ flowId, expectedRevision: 2 });
  assert.deepEqual([twice.applied, !twice.applied && twice.code], [false, "invalid_state"]);
  const failed = await taskFlow.fail({ flowId, expectedRevision: 2, error: "no luck" });
  assert(failed.applied);
  assert.equal(failed.flow.error, "no luck");
  const over = await taskFlow.finish({ flowId, expectedRevision: 3 });
  assert.deepEqual([over.applied, !over.applied && over.code], [false, "terminal"]);
  const child = await taskFlow.runTask({ flowId, runtime: "acp", task: "x" });
  assert(!child.created);
  assert.deepEqual([child.found, child.reason], [true, "Flow is already failed."]);
});

test("another session's flows do not exist", async () => {
  const mine = session();
  const other = session();
  const { flowId } = await create(mine, { key: "private" });
  const missing = await other.finish({
    flowId: "flow_00000000000000000000000000",
    expectedRevision: 0,
  });
  const foreign = await other.finish({ flowId, expectedRevision: 0 });
  for (const refused of [missing, foreign]) {
    assert(!refused.applied);
    assert.deepEqual([refused.code, refused.current], ["not_found", undefined]);
  }
  assert.equal(await other.get(flowId), undefined);
  assert.equal(await other.show(flowId), undefined);
  assert.equal(await other.resolve(flowId), undefined);
  assert.equal(await other.resolve(mine.sessionKey), undefined);
  assert.equal(await other.findLatest(), undefined);
  assert.deepEqual(await other.list(), []);
  assert.deepEqual(await other.cancel({ flowId }), {
    found: false,
    cancelled: false,
    reason: "Flow not found.",
  });
  const child = await other.runTask({ flowId, runtime: "acp", task: "x" });
  assert.deepEqual([child.created, !child.created && child.reason], [false, "Flow not found."]);
  await assert.rejects(
    async () => {
      for await (const _ of other.events({ flow: flowId, after: 0 })) break;
    },
    { code: "not_found" },
  );
  assert.equal((await mine.get("private"))?.revision, 0);
  assert.equal((await mine.resolve(mine.sessionKey))?.flowId, flowId);
});

test("a creating command with an idempotency key happens once", async () => {
  const taskFlow = session();
  const input = { key: "weekly", idempotencyKey: "k1" };
  const first = await create(taskFlow, input);
  assert.deepEqual(await create(taskFlow, input), first);
  await assert.rejects(create(taskFlow, { ...input, goal: "other" }), { code: "key_conflict" });
  await assert.rejects(create(taskFlow, { key: "weekly" }), { code: "key_conflict" });
  assert.equal((await create(taskFlow, { key: "weekly", join: true })).flowId, first.flowId);
  await assert.rejects(create(taskFlow, { goal: " " }), { code: "invalid" });
  const task = { flowId: first.flowId, runtime: "acp", runId: "r1", task: "x" } as const;
  const [one, two] = [await taskFlow.runTask(task), await taskFlow.runTask(task)];
  assert(one.created && two.created);
  assert.equal(one.task.taskId, two.task.taskId);
  assert.equal((await taskFlow.list()).length, 1);
});

test("the engine wakes a flow that waits for a person, a signal, a time or a task", async () => {
  const taskFlow = session();
  const flow = await create(taskFlow);
  const { flowId } = flow;
  const revisionOf = async () => (await taskFlow.get(flowId))?.revision ?? -1;
  const running = (view: FlowView): boolean => view.status === "running";

  const asks = { kind: "person", prompt: "Really?" } as const;
  const asked = await taskFlow.setWaiting({ flowId, expectedRevision: 0, waitFor: asks });
  assert(asked.applied);
  assert(asked.waitId);
  const answered = await taskFlow.answer({ flowId, waitId: asked.waitId, approve: true });
  assert(answered.applied);
  assert.equal(answered.wait.answeredBy, taskFlow.sessionKey);
  const late = await taskFlow.answer({ flowId, waitId: asked.waitId, approve: false, by: "late" });
  assert(!late.applied);
  assert.equal(late.code, "answered");
  assert.deepEqual([await revisionOf(), (await taskFlow.get(flowId))?.status], [2, "running"]);

  const waitFor = { kind: "event", name: "paid", key: "4711" } as const;
  assert((await taskFlow.setWaiting({ flowId, expectedRevision: 2, waitFor })).applied);
  const other = await taskFlow.signal({ name: "paid", key: "1" });
  assert.deepEqual([other.waits, other.kept], [[], true]);
  const paid = await taskFlow.signal({ name: "paid", key: "4711", payload: { amount: 5 } });
  assert.deepEqual([paid.flows, paid.kept], [[flowId], false]);
  const woken = await until(taskFlow, flow, running);
  assert.deepEqual(woken.waits.at(-1)?.answer, { amount: 5 });

  const timer = { kind: "timer", afterMs: 10 } as const;
  assert((await taskFlow.setFlowWaiting({ flowId, waitFor: timer })).applied);
  await until(taskFlow, flow, running);

  const command = ["sh", "-c", "exit 3"];
  const run = { flowId, runtime: "cli", task: "fails", command, currentStep: "work" } as const;
  const child = await taskFlow.runTaskInFlow(run);
  assert(child.created, JSON.stringify(child));
  assert.deepEqual([child.flow.status, child.flow.currentStep], ["waiting", "work"]);
  const end = await until(taskFlow, flow, running);
  assert.equal(end.tasks.at(-1)?.status, "failed");
});

test("outputs, updates and the end reach the owner, with the origin", async () => {
  const requesterOrigin = { channel: "slack", to: "C1", accountId: "T1", threadId: "9.1" };
  const sessionKey = "agent:test:origin";
  const taskFlow = api.runtime.taskFlow.bindSession({ sessionKey, requesterOrigin });
  const flow = await taskFlow.createFlow({ goal: "tell me" });
  const { flowId } = flow;
  assert((await taskFlow.setFlowOutput({ flowId, key: "count", value: 1 })).applied);
  assert((await taskFlow.appendFlowOutput({ flowId, key: "lines", value: "a" })).applied);
  const two = await taskFlow.appendFlowOutput({ flowId, key: "lines", value: "b" });
  assert(two.applied);
  assert.deepEqual(two.flow.outputs, { count: 1, lines: ["a", "b"] });
  const wrong = await taskFlow.appendFlowOutput({ flowId, key: "count", value: 2 });
  assert(!wrong.applied);
  assert.equal(wrong.message, "Flow output count is not an array.");
  const update = { flowId, content: "half way", eventKey: "half" };
  const sent = await taskFlow.emitFlowUpdate(update);
  assert.equal(sent.delivery, "session_queued");
  assert.equal(sent.deliveryIds.length, 1);
  assert.deepEqual((await taskFlow.emitFlowUpdate(update)).deliveryIds, []);
  await assert.rejects(taskFlow.emitFlowUpdate({ flowId, content: " " }), { code: "invalid" });
  assert((await taskFlow.finishFlow({ flowId })).applied);
  const messages = [];
  for await (const message of taskFlow.inbox.watch()) {
    messages.push(message);
    if (messages.length === 2) break;
  }
  assert.deepEqual(
    messages.map((one) => one.kind),
    ["flow.update", "flow.ended"],
  );
  for (const one of messages) assert.deepEqual(one.requesterOrigin, requesterOrigin);
  const ids = messages.map((one) => one.deliveryId);
  // One that is sent again comes again while somebody watches.
  const again: string[] = [];
  for await (const message of taskFlow.inbox.watch()) {
    again.push(message.deliveryId);
    if (again.length === 2) await api.call("delivery.redeliver", { delivery: again[0] ?? "" });
    if (again.length === 3) break;
  }
  assert.deepEqual(again, [ids[0], ids[1], ids[0]]);
  const acknowledged = await taskFlow.inbox.ack(ids, "me");
  assert.deepEqual(
    acknowledged.map((one) => one.state),
    ["acknowledged", "acknowledged"],
  );
  assert.deepEqual((await taskFlow.inbox.list()).deliveries, []);
  assert.equal((await taskFlow.inbox.list({ all: true })).deliveries.length, 2);
});

test("a cancel stops the children; its intent refuses new ones", async () => {
  const taskFlow = session();
  const { flowId } = await create(taskFlow);
  const command = ["sleep", "600"];
  const child = await taskFlow.runTask({ flowId, runtime: "cli", task: "long", command });
  assert(child.created);
  const intent = await taskFlow.cancel({ flowId, reason: "enough", waitMs: 0 });
  assert.equal(intent.found, true);
  assert.notEqual(intent.flow?.cancelRequestedAt, undefined);
  const refused = await taskFlow.runTask({ flowId, runtime: "acp", task: "more" });
  assert(!refused.created);
  const over = await taskFlow.waitForFlow(flowId, { timeoutMs: DEADLINE_MS });
  assert.equal(over.status, "cancelled");
  assert.deepEqual(
    over.tasks.map((task) => task.status),
    ["cancelled"],
  );
  const again = await taskFlow.cancel({ flowId });
  assert.deepEqual([again.found, again.cancelled], [true, false]);
  assert.equal(again.reason, "Flow is already cancelled.");

  const idle = await create(taskFlow);
  const requested = await taskFlow.requestCancel({ flowId: idle.flowId, expectedRevision: 0 });
  assert(requested.applied);
  const ended = await taskFlow.waitForFlow(idle.flowId, { timeoutMs: DEADLINE_MS });
  assert.equal(ended.status, "cancelled");
});

test("pause, unpause, retry and purge", async () => {
  const taskFlow = session();
  const flow = await create(taskFlow);
  const { flowId } = flow;
  const paused = await taskFlow.pause({ flowId, reason: "lunch" });
  assert(paused.applied);
  assert.notEqual(paused.flow.pausedAt, undefined);
  const child = await taskFlow.runTask({ flowId, runtime: "acp", task: "x" });
  assert.deepEqual([child.created, !child.created && child.code], [false, "paused"]);
  assert((await taskFlow.unpause({ flowId })).applied);
  assert((await taskFlow.failFlow({ flowId, error: "no" })).applied);
  const retried = await taskFlow.retry({ flowId });
  assert(retried.applied, JSON.stringify(retried));
  assert.equal(retried.flow.retryOf, flowId);
  const forked = await taskFlow.fork({ flowId, from: "a" });
  assert.deepEqual([forked.applied, !forked.applied && forked.code], [false, "invalid"]);
  assert.deepEqual((await taskFlow.purge({ flowId })).flows, [flowId]);
  assert.equal(await taskFlow.get(flowId), undefined);
});

test("two controllers race: no update is lost", async () => {
  const taskFlow = session();
  const { flowId } = await create(taskFlow, { stateJson: { n: 0 } });
  const rounds = 100;
  const race = async (own: BoundTaskFlow): Promise<void> => {
    for (let round = 0; round < rounds; round += 1) {
      const done = await withConflictRetry(own, flowId, (flow) => {
        const { n } = flow.stateJson as { n: number };
        const stateJson = { n: n + 1 };
        return own.setWaiting({ flowId, expectedRevision: flow.revision, stateJson });
      });
      assert(done.applied, JSON.stringify(done));
    }
  };
  const { sessionKey } = taskFlow;
  const second = (await gateway.connect()).runtime.taskFlow.bindSession({ sessionKey });
  await Promise.all([race(taskFlow), race(second)]);
  const flow = await taskFlow.get(flowId);
  assert.deepEqual([flow?.revision, flow?.stateJson], [2 * rounds, { n: 2 * rounds }]);
});
