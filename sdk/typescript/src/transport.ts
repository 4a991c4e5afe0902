// HTTP/1.1 to the gateway: one request, with its limits and what may be tried again.

import * as http from "node:http";
import * as https from "node:https";
import { ClawflowError, errorOf } from "./errors.js";
import type { Place, Target } from "./options.js";
import { Backoff, sleep, throwIfAborted } from "./wait.js";

/** First and longest pause between two tries, in milliseconds. */
const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 1_000;
/** Longest pause that an answer may ask for, in milliseconds. */
const RETRY_AFTER_MAX_MS = 30_000;
/**
 * Errors after which a request cannot have been carried out: the connection was never made, or
 * (EPIPE) was closed before the request had been written to its end.
 */
const NEVER_SENT = new Set([
  "ECONNREFUSED",
  "ENOENT",
  "EAGAIN",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EMFILE",
  "EPIPE",
]);

/** One request. */
export interface Outgoing {
  method: string;
  /** Path and query. */
  path: string;
  headers?: Record<string, string> | undefined;
  /** JSON text. */
  body?: string | undefined;
  /** Breaks it off. */
  signal?: AbortSignal | undefined;
  /** Longest wait for the answer, in milliseconds. */
  timeoutMs?: number | undefined;
  /** Whether carrying it out twice comes to the same. */
  repeatable: boolean;
}

/** One answer, read to its end. */
export interface Incoming {
  status: number;
  headers: http.IncomingHttpHeaders;
  body: string;
}

/** Settings of a {@link Transport}. */
export interface TransportOptions extends Place {
  retryForMs: number;
  requestTimeoutMs: number;
}

/** A request that got no answer. */
class Broken extends ClawflowError {
  constructor(
    message: string,
    cause: unknown,
    /** Whether it is certain that nothing was carried out. */
    readonly neverSent: boolean,
  ) {
    super({
      code: "unavailable",
      message,
      hint: neverSent ? "clawflow gateway run" : "the command may have been carried out: look",
      cause,
    });
  }
}

/** Connections to one gateway. */
export class Transport {
  readonly target: Target;
  readonly #options: TransportOptions;
  readonly #agent: http.Agent;
  readonly #make: typeof http.request;

  constructor(options: TransportOptions) {
    this.target = options.target;
    this.#options = options;
    const tls = options.target.kind === "tcp" && options.target.url.protocol === "https:";
    this.#agent = new (tls ? https : http).Agent({ keepAlive: true });
    this.#make = tls ? https.request : http.request;
  }

  /** Whether the gateway is on this machine, behind its unix socket. */
  get local(): boolean {
    return this.target.kind === "unix";
  }

  /** Lets go of idle connections, and breaks off those at work. */
  close(): void {
    this.#agent.destroy();
  }

  /**
   * Sends a request, again if need be and if that is safe, and returns the answer of a success.
   * Throws a {@link ClawflowError} for every other.
   */
  async send(request: Outgoing): Promise<Incoming> {
    const backoff = new Backoff(RETRY_FIRST_MS, RETRY_MAX_MS);
    const giveUpAt = Date.now() + this.#options.retryForMs;
    for (;;) {
      let error: ClawflowError;
      let pause: number;
      try {
        const answer = await this.#once(request);
        if (answer.status >= 200 && answer.status < 300) return answer;
        error = errorOf(answer.status, answer.body);
        if (!mayRepeat(request, error)) throw error;
        pause = retryAfter(answer.headers) ?? backoff.next();
      } catch (thrown) {
        if (!(thrown instanceof Broken)) throw thrown;
        if (!thrown.neverSent && !request.repeatable) throw thrown;
        error = thrown;
        pause = backoff.next();
      }
      if (Date.now() + pause > giveUpAt) throw error;
      await sleep(pause, request.signal);
    }
  }

  /**
   * Opens a stream: resolves with the answer's head when it is there. Aborting the signal breaks
   * the stream off as well.
   */
  open(request: Outgoing): Promise<http.IncomingMessage> {
    // A connection of its own: it is not given back before the stream ends.
    return new Promise((resolve, reject) => {
      this.#start(request, resolve, reject, false);
    });
  }

  async #once(request: Outgoing): Promise<Incoming> {
    throwIfAborted(request.signal);
    const limit = request.timeoutMs ?? this.#options.requestTimeoutMs;
    return await new Promise((resolve, reject) => {
      let timer: NodeJS.Timeout | undefined;
      const fail = (error: unknown): void => {
        clearTimeout(timer);
        reject(error);
      };
      const sent = this.#start(
        request,
        (response) => {
          read(response).then(
            (body) => {
              clearTimeout(timer);
              resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
            },
            (error: unknown) => fail(this.#failure(request, error, false)),
          );
        },
        fail,
        true,
      );
      timer = setTimeout(() => {
        sent.destroy(new Error(`there was no answer within ${limit} ms`));
      }, limit);
    });
  }

  #start(
    request: Outgoing,
    answered: (response: http.IncomingMessage) => void,
    failed: (error: unknown) => void,
    pooled: boolean,
  ): http.ClientRequest {
    const sent = this.#make(this.#requestOptions(request, pooled), answered);
    const abort = (): void => {
      sent.destroy(abortError(request.signal));
    };
    request.signal?.addEventListener("abort", abort, { once: true });
    sent.on("close", () => request.signal?.removeEventListener("abort", abort));
    sent.on("error", (error: NodeJS.ErrnoException) => {
      const neverSent = NEVER_SENT.has(error.code ?? "");
      failed(this.#failure(request, error, neverSent));
    });
    if (request.signal?.aborted) abort();
    sent.end(request.body);
    return sent;
  }

  #requestOptions(request: Outgoing, pooled: boolean): http.RequestOptions {
    const headers: Record<string, string> = { accept: "application/json", ...request.headers };
    if (request.body !== undefined) {
      headers["content-type"] = "application/json";
      headers["content-length"] = String(Buffer.byteLength(request.body));
    } else if (request.method !== "GET") {
      headers["content-length"] = "0";
    }
    if (this.#options.token) headers["authorization"] = `Bearer ${this.#options.token}`;
    const agent = pooled ? this.#agent : false;
    const common = { method: request.method, headers, agent };
    if (this.target.kind === "unix") {
      // `host` would be `localhost`; the name says what is meant in the gateway's log.
      headers["host"] = "clawflow";
      return { ...common, socketPath: this.target.socket, path: request.path };
    }
    const { url } = this.target;
    const base = url.pathname.replace(/\/$/, "");
    return {
      ...common,
      protocol: url.protocol,
      hostname: url.hostname.replace(/^\[|\]$/g, ""),
      port: url.port,
      path: `${base}${request.path}`,
    };
  }

  #failure(request: Outgoing, error: unknown, neverSent: boolean): unknown {
    if (request.signal?.aborted) return request.signal.reason;
    const why = error instanceof Error ? error.message : String(error);
    const where = this.target.kind === "unix" ? this.target.socket : this.target.url.origin;
    const what = neverSent ? "cannot reach the gateway at" : "no answer from the gateway at";
    return new Broken(`${what} ${where}: ${why}`, error, neverSent);
  }
}

function mayRepeat(request: Outgoing, error: ClawflowError): boolean {
  // Refused before anything was done.
  if (error.status === 429) return true;
  return request.repeatable && error.code === "unavailable";
}

function retryAfter(headers: http.IncomingHttpHeaders): number | undefined {
  const seconds = Number(headers["retry-after"]);
  if (!Number.isFinite(seconds) || seconds < 0) return undefined;
  return Math.min(seconds * 1_000, RETRY_AFTER_MAX_MS);
}

function abortError(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error("aborted");
}

async function read(response: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
