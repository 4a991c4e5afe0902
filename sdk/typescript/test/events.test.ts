import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { test } from "node:test";
import { connect, type StoredEvent } from "../src/index.js";
import { SseReader } from "../src/sse.js";
import { fake, json, type Seen } from "./server.js";

const event = (seq: number) =>
  ({ seq, subject: "flow_1", number: seq, ownerKey: "s", at: 0, kind: "flow.x" }) as StoredEvent;
const text = (seq: number) => `id: ${seq}\nevent: flow.x\ndata: ${JSON.stringify(event(seq))}\n\n`;

test("events are read however the stream is cut", () => {
  const stream =
    ": hello\r\nretry: 7\r\n\r\nid: 1\ndata: {\ndata:  ü}\n\nevent: x\rdata\r\rdata: cut";
  const bytes = Buffer.from(stream, "utf8");
  for (let size = 1; size <= bytes.length; size += 1) {
    const reader = new SseReader();
    const seen = [];
    for (let at = 0; at < bytes.length; at += size) {
      seen.push(...reader.push(bytes.subarray(at, at + size)));
    }
    assert.deepEqual(seen, [
      { id: "1", name: "message", data: "{\n ü}" },
      { id: "1", name: "x", data: "" },
    ]);
    assert.equal(reader.retryMs, 7);
  }
});

test("a stream that breaks goes on after the last event, and repeats nothing", async (t) => {
  const connections: Seen[] = [];
  const { socket } = await fake(t, (request, response) => {
    connections.push(request);
    const from = Number(request.headers["last-event-id"] ?? 4) + 1;
    response.writeHead(200, { "content-type": "text/event-stream" });
    // The first event again, as a server might that counts otherwise; then half of one.
    response.write(`retry: 1\n\n${text(from - 1)}${text(from)}${text(from + 1).slice(0, 20)}`);
    setImmediate(() => response.destroy());
  });
  const api = await connect({ socket });
  t.after(() => api.close());
  const taskFlow = api.runtime.taskFlow.bindSession({ sessionKey: "s" });
  const seen: number[] = [];
  for await (const one of taskFlow.events({ flow: "flow_1", after: 4 })) {
    seen.push(one.seq);
    if (seen.length === 5) break;
  }
  assert.deepEqual(seen, [5, 6, 7, 8, 9]);
  assert.equal(connections[0]?.url, "/v1/events/stream?flow=flow_1&after=4");
  assert.equal(connections[0]?.headers["clawflow-session"], "s");
  assert.equal(connections[0]?.headers["last-event-id"], undefined);
  assert.equal(connections[4]?.headers["last-event-id"], "8");
});

test("a stream outlives a restart of the gateway", async (t) => {
  let open: ServerResponse | undefined;
  let next = 1;
  const gateway = await fake(t, (_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(text(next++));
    open = response;
  });
  const api = await connect({ socket: gateway.socket });
  t.after(() => api.close());
  const seen: number[] = [];
  for await (const one of api.events({ after: 0 })) {
    seen.push(one.seq);
    if (seen.length === 3) break;
    open?.destroy();
    await gateway.stop();
    await gateway.start();
  }
  assert.deepEqual(seen, [1, 2, 3]);
});

test("a stream of new events that broke before the first goes on where it began", async (t) => {
  const { socket, seen: connections } = await fake(t, (_, response, all) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(all.length === 1 ? "retry: 1\nid: 41\n\n" : text(42));
    if (all.length === 1) setImmediate(() => response.destroy());
  });
  const api = await connect({ socket });
  t.after(() => api.close());
  for await (const one of api.events()) {
    assert.equal(one.seq, 42);
    break;
  }
  assert.equal(connections[0]?.url, "/v1/events/stream");
  assert.equal(connections[1]?.headers["last-event-id"], "41");
});

test("a silent connection counts as dead", async (t) => {
  const { socket, seen: connections } = await fake(t, (_, response, all) => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(all.length === 1 ? "retry: 1\n\n" : text(1));
  });
  const api = await connect({ socket });
  t.after(() => api.close());
  for await (const one of api.events({ idleMs: 50 })) {
    assert.equal(one.seq, 1);
    break;
  }
  assert.equal(connections.length, 2);
});

test("an aborted stream throws the reason; a refused one the refusal", async (t) => {
  const { socket } = await fake(t, (request, response) => {
    if (request.url.includes("flow_2")) {
      json(response, { status: 404, code: "not_found", message: "flow not found" }, 404);
      return;
    }
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(text(1));
  });
  const api = await connect({ socket });
  t.after(() => api.close());
  const reason = new Error("enough");
  const controller = new AbortController();
  const read = async (flow: string): Promise<void> => {
    for await (const _ of api.events({ flow, signal: controller.signal })) controller.abort(reason);
  };
  await assert.rejects(read("flow_2"), { code: "not_found" });
  await assert.rejects(read("flow_1"), (error) => error === reason);
});
