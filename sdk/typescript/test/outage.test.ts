// The runtime while the real gateway is killed, and through TCP with a token.

import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, test } from "node:test";
import type { StoredEvent } from "../src/index.js";
import { DEADLINE_MS, Gateway } from "./gateway.js";

test("events come in order, each once, whatever happens to the gateway", async () => {
  const gateway = new Gateway();
  after(() => gateway.remove());
  await gateway.start();
  const api = await gateway.connect();
  const taskFlow = api.runtime.tasks.flow.bindSession({ sessionKey: "agent:test:events" });
  const { flowId } = await taskFlow.createManaged({ controllerId: "c", goal: "g" });
  const rounds = 60;
  const seen: StoredEvent[] = [];
  const read = async (): Promise<void> => {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    for await (const event of taskFlow.events({ flow: flowId, after: 0, signal })) {
      seen.push(event);
      if ((event.data as { to?: string } | undefined)?.to === "succeeded") return;
    }
  };
  const reading = read();
  for (let round = 0; round < rounds; round += 1) {
    // Where it is unknown whether it arrived, the same value may be sent again.
    const value = { flowId, key: `k${round}`, value: round };
    await taskFlow.setFlowOutput(value).catch(async () => taskFlow.setFlowOutput(value));
    if (round % 20 === 10) {
      await gateway.kill();
      await gateway.start();
    }
  }
  assert((await taskFlow.finishFlow({ flowId })).applied);
  await reading;
  const all = await api.call("flow.events", { flow: flowId, limit: 1_000 });
  assert.deepEqual(seen, all.events);
  assert(seen.length > rounds);
});

test("calls wait for a gateway that was killed", async () => {
  const gateway = new Gateway();
  after(() => gateway.remove());
  await gateway.start();
  const api = await gateway.connect();
  const taskFlow = api.runtime.tasks.flow.bindSession({ sessionKey: "agent:test:outage" });
  const input = { controllerId: "c", goal: "g", idempotencyKey: "once" };
  const first = await taskFlow.createManaged(input);
  await gateway.kill();
  const [again, waited] = await Promise.all([
    taskFlow.createManaged(input),
    taskFlow.waitForFlow(first.flowId, { until: "queued", timeoutMs: DEADLINE_MS }),
    gateway.start(),
  ]);
  assert.deepEqual(again, first);
  assert.equal(waited.flowId, first.flowId);
  assert.equal((await taskFlow.list()).length, 1);
});

test("over TCP a token says what is allowed", async () => {
  const gateway = new Gateway();
  after(() => gateway.remove());
  const port = await freePort();
  gateway.configure(`[gateway]\nlisten = "127.0.0.1:${port}"\n`);
  await gateway.start();
  const url = `http://127.0.0.1:${port}`;
  const operator = await gateway.connect();
  const owner = "agent:test:token";
  const secret = async (access: "read" | "operate"): Promise<string> =>
    (await operator.call("token.create", { label: access, access, owner })).secret;
  const mine = await gateway.connect({ url, token: await secret("operate") });
  const taskFlow = mine.runtime.tasks.flow.bindSession({ sessionKey: owner });
  const { flowId } = await taskFlow.createManaged({ controllerId: "c", goal: "g" });
  const reader = await gateway.connect({ url, token: await secret("read") });
  const looks = reader.runtime.tasks.flow.bindSession({ sessionKey: owner });
  assert.equal((await looks.get(flowId))?.revision, 0);
  await assert.rejects(looks.finish({ flowId, expectedRevision: 0 }), { code: "forbidden" });
  const foreign = mine.runtime.tasks.flow.bindSession({ sessionKey: "agent:test:other" });
  assert.equal(await foreign.get(flowId), undefined);
  await assert.rejects(foreign.createManaged({ controllerId: "c", goal: "g" }), {
    code: "forbidden",
  });
  await assert.rejects(
    gateway.connect({ url, token: "wrong" }).then((api) => api.call("flow.list", {})),
    {
      code: "unauthorized",
    },
  );
  assert((await taskFlow.finish({ flowId, expectedRevision: 0 })).applied);
});

/** A port that nobody listens on now. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  assert(typeof address === "object" && address);
  return address.port;
}
