// Where the gateway is: options, then environment, then the default home.

import { homedir } from "node:os";
import { join } from "node:path";

/** Options of {@link connect}. */
export interface ConnectOptions {
  /** Path of the gateway's unix socket. */
  socket?: string | undefined;
  /** `http://host:port`, `https://…` behind a TLS proxy, or `unix:/path`. Instead of `socket`. */
  url?: string | undefined;
  /** Access token; needed over TCP. */
  token?: string | undefined;
  /** Home directory of the gateway, whose `gateway.sock` is taken. */
  home?: string | undefined;
  /** Name under which changes are recorded in the history. */
  actor?: string | undefined;
  /**
   * How long a call that is safe to repeat is tried again while the gateway cannot be reached, in
   * milliseconds; 10,000 if nothing is said, 0 for never.
   */
  retryForMs?: number | undefined;
  /** Longest wait for an answer, in milliseconds, beyond what the call itself waits; 30,000. */
  requestTimeoutMs?: number | undefined;
  /** Breaks the connecting off. */
  signal?: AbortSignal | undefined;
  /** Where the variables are read; `process.env`. */
  env?: Record<string, string | undefined> | undefined;
}

/** Where requests go. */
export type Target = { kind: "unix"; socket: string } | { kind: "tcp"; url: URL };

/** A target and what to show there. */
export interface Place {
  target: Target;
  token: string | undefined;
}

/**
 * Finds the gateway: `url`, `socket` and `home` of the options, then `CLAWFLOW_URL`,
 * `CLAWFLOW_SOCKET` and `CLAWFLOW_HOME`, then the default home. An empty variable is none.
 */
export function place(options: ConnectOptions): Place {
  const env = options.env ?? process.env;
  const variable = (name: string): string | undefined => env[name] || undefined;
  const token = options.token ?? variable("CLAWFLOW_TOKEN");
  const candidates: Array<() => Target | undefined> = [
    () => fromUrl(options.url),
    () => fromSocket(options.socket),
    () => fromHome(options.home),
    () => fromUrl(variable("CLAWFLOW_URL")),
    () => fromSocket(variable("CLAWFLOW_SOCKET")),
    () => fromHome(variable("CLAWFLOW_HOME")),
    () => fromHome(defaultHome(variable)),
  ];
  for (const candidate of candidates) {
    const target = candidate();
    if (target) return { target, token };
  }
  throw new TypeError("there is no home directory: set CLAWFLOW_HOME");
}

function fromSocket(socket: string | undefined): Target | undefined {
  return socket ? { kind: "unix", socket } : undefined;
}

function fromHome(home: string | undefined): Target | undefined {
  return home ? { kind: "unix", socket: join(home, "gateway.sock") } : undefined;
}

function fromUrl(text: string | undefined): Target | undefined {
  if (!text) return undefined;
  if (text.startsWith("unix:")) {
    const socket = text.slice("unix:".length).replace(/^\/\/(?=\/)/, "");
    if (!socket.startsWith("/")) throw new TypeError(`no absolute path in ${text}`);
    return { kind: "unix", socket };
  }
  const url = new URL(text);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new TypeError(`the URL of a gateway begins with http:, https: or unix:, not ${text}`);
  }
  return { kind: "tcp", url };
}

function defaultHome(variable: (name: string) => string | undefined): string | undefined {
  const state = variable("XDG_STATE_HOME");
  // As the gateway does: a relative one does not count.
  if (state?.startsWith("/")) return join(state, "clawflow");
  const user = variable("HOME") ?? homedir();
  return user ? join(user, ".local/state/clawflow") : undefined;
}
