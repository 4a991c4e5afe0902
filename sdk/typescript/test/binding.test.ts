import assert from "node:assert/strict";
import { test } from "node:test";
import { connect } from "../src/index.js";
import { fake, fakeTcp, flow, json } from "./server.js";

test("a bound handle sends its session, origin and actor with every call", async (t) => {
  const { socket, seen } = await fake(t, (_, response) => json(response, flow()));
  const api = await connect({ socket, actor: "größe" });
  t.after(() => api.close());
  const requesterOrigin = { channel: "slack", to: "C1", threadId: 42 };
  const session = { sessionKey: "agent:ä b", requesterOrigin };
  const taskFlow = api.runtime.tasks.flow.bindSession(session);
  assert.equal(taskFlow.sessionKey, "agent:ä b");
  assert.deepEqual(taskFlow.requesterOrigin, { channel: "slack", to: "C1", threadId: "42" });
  await taskFlow.get("flow_1");
  const headers = seen[0]?.headers ?? {};
  assert.equal(decodeURIComponent(String(headers["clawflow-session"])), "agent:ä b");
  const origin = Buffer.from(String(headers["clawflow-origin"]), "base64url").toString();
  assert.deepEqual(JSON.parse(origin), { channel: "slack", to: "C1", threadId: "42" });
  assert.equal(decodeURIComponent(String(headers["clawflow-actor"])), "größe");
  await api.call("flow.get", { flow: "flow_1" });
  assert.equal(seen[1]?.headers["clawflow-session"], undefined);
});

test("a tool context binds by its session and delivery context", async (t) => {
  const { socket } = await fake(t, (_, response) => json(response, flow()));
  const api = await connect({ socket });
  t.after(() => api.close());
  const context = { sessionKey: " agent:main:main ", deliveryContext: { channel: "telegram" } };
  const taskFlow = api.runtime.tasks.flow.fromToolContext(context);
  assert.equal(taskFlow.sessionKey, "agent:main:main");
  assert.deepEqual(taskFlow.requesterOrigin, { channel: "telegram" });
});

test("blank keys are refused in the original's words", async (t) => {
  const { socket, seen } = await fake(t, (_, response) => json(response, flow()));
  const api = await connect({ socket });
  t.after(() => api.close());
  const { flow: canonical, managedFlows, async: newest } = api.runtime.tasks;
  for (const binder of [canonical, managedFlows, newest.managedFlows, api.runtime.taskFlow]) {
    assert.throws(() => binder.bindSession({ sessionKey: "  " }), {
      message: "TaskFlow runtime requires a bound sessionKey.",
    });
    for (const context of [{}, { sessionKey: "" }]) {
      assert.throws(() => binder.fromToolContext(context), {
        message: "TaskFlow runtime requires tool context with a sessionKey.",
      });
    }
  }
  assert.equal(seen.length, 0);
});

test("over TCP the token is shown, and no directory of this machine is sent", async (t) => {
  const answer = { created: true, found: true, flow: flow(), task: { taskId: "task_1" } };
  const { url, seen } = await fakeTcp(t, (_, response) => json(response, answer));
  const api = await connect({ url, token: "secret" });
  t.after(() => api.close());
  const taskFlow = api.runtime.taskFlow.bindSession({ sessionKey: "s" });
  await taskFlow.runTask({ flowId: "flow_1", runtime: "cli", task: "x", command: ["./x"] });
  assert.equal(seen[0]?.headers.authorization, "Bearer secret");
  assert.deepEqual(seen[0]?.body, { runtime: "cli", task: "x", command: ["./x"] });
});

test("the gateway is found by options first, then by the environment", async (t) => {
  const { socket, seen } = await fake(t, (_, response) => json(response, flow()));
  const home = socket.replace(/\/gateway\.sock$/, "");
  const nowhere = "/nonexistent/gateway.sock";
  const cases = [
    { socket, env: { CLAWFLOW_SOCKET: nowhere } },
    { url: `unix:${socket}`, env: { CLAWFLOW_HOME: "/nonexistent" } },
    { home, env: { CLAWFLOW_URL: "http://127.0.0.1:1" } },
    { env: { CLAWFLOW_SOCKET: socket, CLAWFLOW_HOME: "/nonexistent" } },
    { env: { CLAWFLOW_HOME: home, CLAWFLOW_URL: "" } },
    { env: { CLAWFLOW_URL: `unix://${socket}` } },
  ];
  for (const options of cases) {
    const api = await connect({ ...options, retryForMs: 0 });
    await api.call("flow.get", { flow: "flow_1" });
    api.close();
  }
  assert.equal(seen.length, cases.length);
  await assert.rejects(connect({ env: { XDG_STATE_HOME: "/nonexistent" }, retryForMs: 0 }), {
    code: "unavailable",
    message: /\/nonexistent\/clawflow\/gateway\.sock/,
    hint: "clawflow gateway run",
  });
});
