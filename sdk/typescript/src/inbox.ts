// The inbox of a session: messages that wait to be read.

import type { CallOptions, Client } from "./client.js";
import type { Calls, Delivery } from "./generated.js";

/** How long one look waits for a message, in milliseconds. */
const LOOK_MS = 30_000;

/** What `inbox.list` takes. */
export type InboxListInput = Calls["inbox.list"]["request"];

/** Messages to an owner. */
export interface Inbox {
  /** A page of messages, oldest first; those that are acknowledged only with `all`. */
  list(input?: InboxListInput, options?: CallOptions): Promise<Calls["inbox.list"]["response"]>;
  /** Acknowledges messages. Those that were acknowledged before are no error. */
  ack(ids: string | string[], by?: string, options?: CallOptions): Promise<Delivery[]>;
  /** Messages as they come, oldest first, beginning with those that lie there unacknowledged. */
  watch(
    input?: Omit<InboxListInput, "timeoutMs">,
    options?: CallOptions,
  ): AsyncGenerator<Delivery, void, undefined>;
}

/** The inbox of a client's session; of all, if it is not bound. */
export function inbox(client: Client): Inbox {
  return {
    list: (input, options) => client.call("inbox.list", input ?? {}, options),
    ack: async (ids, by, options) => {
      const request = { ids: [ids].flat(), ...(by !== undefined && { by }) };
      const again = { ...options, repeatable: true };
      return (await client.call("inbox.ack", request, again)).deliveries;
    },
    watch: (input, options) => watch(client, input ?? {}, options),
  };
}

async function* watch(
  client: Client,
  input: Omit<InboxListInput, "timeoutMs">,
  options?: CallOptions,
): AsyncGenerator<Delivery, void, undefined> {
  let after = input.after;
  for (;;) {
    const request = { ...input, after, timeoutMs: LOOK_MS };
    const page = await client.call("inbox.list", request, options);
    for (const message of page.deliveries) {
      // Its place, not its id: a message may be stored after one with a later id.
      after = message.place === undefined ? after : String(message.place);
      yield message;
    }
  }
}
