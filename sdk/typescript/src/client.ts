// A call by its name: fields into path, query and body, answer out. Types and routes are generated.

import { ClawflowError } from "./errors.js";
import { ROUTES, type Calls, type Origin } from "./generated.js";
import type { Incoming, Transport } from "./transport.js";

/** Time beyond what a call itself waits until its answer must be there, in milliseconds. */
const WAIT_MARGIN_MS = 15_000;

/** The name of a call. */
export type CallName = keyof Calls;

/** Options of every call. */
export interface CallOptions {
  /** Breaks it off: the call rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** As {@link CallOptions}, and what only this package knows. */
export interface InnerOptions extends CallOptions {
  /** Whether carrying it out twice comes to the same; GETs and keyed commands do in any case. */
  repeatable?: boolean | undefined;
}

/** Whose calls they are. */
export interface Binding {
  sessionKey?: string | undefined;
  requesterOrigin?: Origin | undefined;
  actor?: string | undefined;
}

/** Calls on behalf of one session, or of the operator. */
export class Client {
  readonly transport: Transport;
  readonly #binding: Binding;
  readonly #headers: Record<string, string>;

  constructor(transport: Transport, binding: Binding) {
    this.transport = transport;
    this.#binding = binding;
    this.#headers = headersOf(binding);
  }

  /** The same gateway for another session. */
  bind(binding: Binding): Client {
    return new Client(this.transport, { ...this.#binding, ...binding });
  }

  /** Who the changes are by, if that was said. */
  get actor(): string | undefined {
    return this.#binding.actor;
  }

  /** What every request of this client carries. */
  get headers(): Record<string, string> {
    return { ...this.#headers };
  }

  /** Carries out a call. Throws a `ClawflowError` if it fails or is refused. */
  async call<N extends CallName>(
    name: N,
    request: Calls[N]["request"],
    options: InnerOptions = {},
  ): Promise<Calls[N]["response"]> {
    const { method, path } = ROUTES[name];
    const fields = new Map(Object.entries(request).filter(([, value]) => value !== undefined));
    const filled = fill(path, fields);
    const waits = waitOf(name, fields);
    const query = method === "GET" ? queryOf(fields) : "";
    const key = fields.get("idempotencyKey");
    const answer = await this.transport.send({
      method,
      path: `${filled}${query}`,
      headers: this.#headers,
      body: method === "GET" ? undefined : JSON.stringify(Object.fromEntries(fields)),
      signal: options.signal,
      timeoutMs: waits > 0 ? waits + WAIT_MARGIN_MS : undefined,
      repeatable: method === "GET" || Boolean(key) || options.repeatable === true,
    });
    return parse(name, answer) as Calls[N]["response"];
  }
}

function headersOf(binding: Binding): Record<string, string> {
  const headers: Record<string, string> = {};
  if (binding.sessionKey) headers["clawflow-session"] = encodeURIComponent(binding.sessionKey);
  if (binding.requesterOrigin) {
    const json = JSON.stringify(binding.requesterOrigin);
    headers["clawflow-origin"] = Buffer.from(json, "utf8").toString("base64url");
  }
  if (binding.actor) headers["clawflow-actor"] = encodeURIComponent(binding.actor);
  return headers;
}

/** Puts fields into the path, and takes them out of the map. */
function fill(path: string, fields: Map<string, unknown>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = fields.get(name);
    fields.delete(name);
    const text = typeof value === "string" ? value.trim() : "";
    // A blank name would be another path; no record has one.
    if (text === "") {
      throw new ClawflowError({ code: "not_found", status: 404, message: `${name} is blank` });
    }
    return encodeURIComponent(text);
  });
}

function queryOf(fields: Map<string, unknown>): string {
  const query = new URLSearchParams();
  for (const [name, value] of fields) {
    const values: unknown[] = Array.isArray(value) ? value : [value];
    for (const one of values) {
      if (one !== null) query.append(name, String(one));
    }
  }
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}

/** How long the call itself may wait, in milliseconds. */
function waitOf(name: CallName, fields: Map<string, unknown>): number {
  // There they are limits on a run, which the call does not wait for.
  const runs = name === "task.run" || name === "flow.runTask";
  const wait = runs ? 0 : (fields.get("waitMs") ?? fields.get("timeoutMs"));
  return typeof wait === "number" ? wait : 0;
}

function parse(name: string, answer: Incoming): unknown {
  try {
    return JSON.parse(answer.body) as unknown;
  } catch (cause) {
    throw new ClawflowError({
      code: "internal",
      status: answer.status,
      message: `the answer to ${name} is no JSON`,
      cause,
    });
  }
}
