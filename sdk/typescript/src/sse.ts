// Server-sent events: the text format, piece by piece.

/** One event of a stream. */
export interface ServerSentEvent {
  /** The last id that was sent, if any. */
  id: string | undefined;
  /** Its name; `message` if none was sent. */
  name: string;
  /** Its data. */
  data: string;
}

/** Most characters of one line or event: beyond that the stream is broken, not large. */
const LENGTH_MAX = 16 * 1024 * 1024;

/** Reads a stream of events from pieces that may be cut anywhere. */
export class SseReader {
  /** The id of the last event, or of a sign of life that has one: where to go on. */
  lastId: string | undefined;
  /** Pause before the next connection that the server asks for, in milliseconds. */
  retryMs: number | undefined;
  readonly #decoder = new TextDecoder("utf-8");
  #rest = "";
  #id: string | undefined;
  #name = "";
  #data: string[] = [];
  #length = 0;

  /** The events that are complete with this piece. */
  *push(piece: Uint8Array): Generator<ServerSentEvent> {
    this.#rest += this.#decoder.decode(piece, { stream: true });
    for (;;) {
      const end = this.#rest.search(/[\r\n]/);
      // A carriage return may be half of a line end whose other half is still to come.
      if (end < 0 || (this.#rest[end] === "\r" && end === this.#rest.length - 1)) break;
      const line = this.#rest.slice(0, end);
      const skip = this.#rest.startsWith("\r\n", end) ? 2 : 1;
      this.#rest = this.#rest.slice(end + skip);
      const event = this.#line(line);
      if (event) yield event;
    }
    if (this.#rest.length + this.#length > LENGTH_MAX) throw new Error("an event is too long");
  }

  #line(line: string): ServerSentEvent | undefined {
    if (line === "") return this.#dispatch();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") {
      this.#data.push(value);
      this.#length += value.length;
    } else if (field === "event") this.#name = value;
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    else if (field === "retry" && /^\d+$/.test(value)) this.retryMs = Number(value);
    return undefined;
  }

  #dispatch(): ServerSentEvent | undefined {
    const data = this.#data;
    const name = this.#name || "message";
    this.#data = [];
    this.#name = "";
    this.#length = 0;
    // Also where there is no data: a server may say so where the stream is.
    this.lastId = this.#id;
    return data.length === 0 ? undefined : { id: this.#id, name, data: data.join("\n") };
  }
}
