// The way in: finds the gateway, and makes the api on it.

import { Client, type CallName, type CallOptions } from "./client.js";
import type { Calls } from "./generated.js";
import { type ConnectOptions, place } from "./options.js";
import { loopHelpers, type LoopHelpers, runtime, type Runtime } from "./runtime.js";
import { Transport } from "./transport.js";

/** How long safe calls are tried again if nothing is said, in milliseconds. */
const RETRY_FOR_MS = 10_000;
/** Longest wait for an answer if nothing is said, in milliseconds. */
const REQUEST_TIMEOUT_MS = 30_000;

/** A gateway. Its helpers, and `call`, are the operator's: no session is bound. */
export interface ClawflowApi extends LoopHelpers {
  /** The runtime as plugins of the original know it. */
  readonly runtime: Runtime;
  /** Any call of the gateway by its name, as its OpenAPI document has it. */
  call<N extends CallName>(
    name: N,
    request: Calls[N]["request"],
    options?: CallOptions,
  ): Promise<Calls[N]["response"]>;
  /** Lets go of the connections. */
  close(): void;
}

/**
 * Connects to a gateway: that of the options, of the environment (`CLAWFLOW_URL`,
 * `CLAWFLOW_SOCKET`, `CLAWFLOW_HOME`, `CLAWFLOW_TOKEN`), or of the default home. Resolves once the
 * gateway has answered; one that is just being started is waited for.
 */
export async function connect(options: ConnectOptions = {}): Promise<ClawflowApi> {
  const transport = new Transport({
    ...place(options),
    retryForMs: options.retryForMs ?? RETRY_FOR_MS,
    requestTimeoutMs: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
  });
  const client = new Client(transport, { actor: options.actor });
  try {
    const { signal } = options;
    await transport.send({ method: "GET", path: "/readyz", signal, repeatable: true });
  } catch (error) {
    transport.close();
    throw error;
  }
  return {
    runtime: runtime(client),
    ...loopHelpers(client),
    call: (name, request, callOptions) => client.call(name, request, callOptions),
    close: () => transport.close(),
  };
}
