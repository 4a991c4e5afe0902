// An HTTP server in the test, for what only a wire that misbehaves can show.

import { mkdtempSync, rmSync } from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";

/** A request that the server has read. */
export interface Seen {
  method: string;
  url: string;
  headers: http.IncomingHttpHeaders;
  body: unknown;
}

/** Answers a request; `seen` is the request, `all` those so far with it. */
export type Handler = (seen: Seen, response: http.ServerResponse, all: Seen[]) => void;

/** A running server. */
export interface Fake {
  socket: string;
  seen: Seen[];
  server: http.Server;
  /** Stops listening, and breaks every connection. */
  stop(): Promise<void>;
  /** Listens again at the same place. */
  start(): Promise<void>;
}

/** Serves on a unix socket until the test ends. Readiness is answered without the handler. */
export async function fake(t: TestContext, handler: Handler): Promise<Fake> {
  const dir = mkdtempSync(join(tmpdir(), "clawflow-sdk-"));
  const socket = join(dir, "gateway.sock");
  const seen: Seen[] = [];
  const server = http.createServer((request, response) => {
    void answer(request, response, seen, handler);
  });
  const start = (): Promise<void> => new Promise((resolve) => server.listen(socket, resolve));
  const stop = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  await start();
  t.after(async () => {
    await stop();
    rmSync(dir, { recursive: true });
  });
  return { socket, seen, server, stop, start };
}

/** Serves on a port of the loopback until the test ends. */
export async function fakeTcp(
  t: TestContext,
  handler: Handler,
): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = http.createServer((request, response) => {
    void answer(request, response, seen, handler);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, seen };
}

async function answer(
  request: http.IncomingMessage,
  response: http.ServerResponse,
  seen: Seen[],
  handler: Handler,
): Promise<void> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  if (request.url === "/readyz") {
    response.end("ok\n");
    return;
  }
  const one: Seen = {
    method: request.method ?? "",
    url: request.url ?? "",
    headers: request.headers,
    body: text === "" ? undefined : JSON.parse(text),
  };
  seen.push(one);
  handler(one, response, seen);
}

/** Answers with JSON. */
export function json(response: http.ServerResponse, body: unknown, status = 200): void {
  const type = status < 400 ? "application/json" : "application/problem+json";
  response.writeHead(status, { "content-type": type });
  response.end(JSON.stringify(body));
}

/** A flow as a gateway would answer it. */
export function flow(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    flowId: "flow_1",
    syncMode: "managed",
    ownerKey: "agent:main:main",
    revision: 3,
    status: "running",
    notifyPolicy: "done_only",
    goal: "triage inbox",
    outputs: {},
    createdAt: 1,
    updatedAt: 2,
    ...fields,
  };
}
