// The feed of events: a stream that goes on where it broke off.

import type { IncomingMessage } from "node:http";
import type { Client } from "./client.js";
import { ClawflowError, errorOf } from "./errors.js";
import type { StoredEvent } from "./generated.js";
import { SseReader } from "./sse.js";
import { Backoff, sleep, throwIfAborted } from "./wait.js";

/** First and longest pause before the next connection, in milliseconds. */
const RECONNECT_FIRST_MS = 100;
const RECONNECT_MAX_MS = 5_000;
/** Silence after which a connection is dead, in milliseconds; the gateway sends signs of life. */
const IDLE_MS = 60_000;

/** Which events, and for how long. */
export interface EventsOptions {
  /** Only of this flow. */
  flow?: string | undefined;
  /** Only after the event with this `seq`; 0 for all that are kept. New ones only, if absent. */
  after?: number | undefined;
  /** Ends the stream: the iteration throws the signal's reason. */
  signal?: AbortSignal | undefined;
  /** Silence after which the connection is made anew, in milliseconds; 60,000. */
  idleMs?: number | undefined;
}

/**
 * Events in the order of their commits, each once. A connection that breaks is made again and goes
 * on after the last event that was handed out. Ends when the loop is left or the signal is aborted;
 * throws if the gateway refuses.
 */
export async function* events(
  client: Client,
  options: EventsOptions = {},
): AsyncGenerator<StoredEvent, void, undefined> {
  const { signal } = options;
  const backoff = new Backoff(RECONNECT_FIRST_MS, RECONNECT_MAX_MS);
  const cursor: Cursor = { id: undefined, seq: options.after };
  for (;;) {
    throwIfAborted(signal);
    let pause: number | undefined;
    const response = await connected(client, options, cursor);
    if (response) {
      const reader = new SseReader();
      try {
        for await (const event of received(response, reader, cursor, options.idleMs ?? IDLE_MS)) {
          backoff.reset();
          yield event;
        }
      } catch (error) {
        throwIfAborted(signal);
        if (error instanceof SyntaxError) throw error;
        // Anything else is a connection that broke: the next one goes on.
      } finally {
        response.destroy();
      }
      pause = reader.retryMs;
    }
    await sleep(pause ?? backoff.next(), signal);
  }
}

/** How far the stream has come. */
interface Cursor {
  id: string | undefined;
  seq: number | undefined;
}

/** A connection, or nothing if there is none now. Throws what another try would not change. */
async function connected(
  client: Client,
  options: EventsOptions,
  cursor: Cursor,
): Promise<IncomingMessage | undefined> {
  const query = new URLSearchParams();
  if (options.flow !== undefined) query.set("flow", options.flow);
  if (cursor.seq !== undefined) query.set("after", String(cursor.seq));
  const headers: Record<string, string> = { ...client.headers, accept: "text/event-stream" };
  if (cursor.id !== undefined) headers["last-event-id"] = cursor.id;
  const text = query.toString();
  const path = `/v1/events/stream${text === "" ? "" : `?${text}`}`;
  let response: IncomingMessage;
  try {
    const { signal } = options;
    response = await client.transport.open({
      method: "GET",
      path,
      headers,
      signal,
      repeatable: true,
    });
  } catch (error) {
    if (error instanceof ClawflowError && error.code === "unavailable") return undefined;
    throw error;
  }
  const status = response.statusCode ?? 0;
  if (status === 200) return response;
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const error = errorOf(status, Buffer.concat(chunks).toString("utf8"));
  if (error.code === "unavailable" || status === 429) return undefined;
  throw error;
}

async function* received(
  response: IncomingMessage,
  reader: SseReader,
  cursor: Cursor,
  idleMs: number,
): AsyncGenerator<StoredEvent> {
  const dead = (): void => {
    response.destroy(new Error(`nothing was heard for ${idleMs} ms`));
  };
  let timer = setTimeout(dead, idleMs);
  try {
    for await (const piece of response) {
      // Not while the events are worked on: that is the consumer's time.
      clearTimeout(timer);
      for (const { id, data } of reader.push(piece as Uint8Array)) {
        const event = JSON.parse(data) as StoredEvent;
        if (typeof event.seq !== "number") continue;
        if (cursor.seq !== undefined && event.seq <= cursor.seq) continue;
        cursor.id = id ?? String(event.seq);
        cursor.seq = event.seq;
        yield event;
      }
      cursor.id = reader.lastId ?? cursor.id;
      timer = setTimeout(dead, idleMs);
    }
  } finally {
    clearTimeout(timer);
  }
}
