// Waiting that can be broken off.

/** Throws the reason of a signal that was aborted. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  signal?.throwIfAborted();
}

/**
 * Waits so many milliseconds. Rejects with the signal's reason if it is aborted before.
 */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) {
      reject(signal.reason);
      return;
    }
    const end = (): void => {
      signal?.removeEventListener("abort", abort);
      resolve();
    };
    const timer = setTimeout(end, ms);
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", abort, { once: true });
  });
}

/** Delays that grow from `first` to `max` milliseconds, each a random part shorter. */
export class Backoff {
  readonly #first: number;
  readonly #max: number;
  #next: number;

  constructor(first: number, max: number) {
    this.#first = first;
    this.#max = max;
    this.#next = first;
  }

  /** The delay to wait now, in milliseconds. */
  next(): number {
    const full = this.#next;
    this.#next = Math.min(full * 2, this.#max);
    return full * (0.5 + Math.random() / 2);
  }

  /** Begins again with the first delay. */
  reset(): void {
    this.#next = this.#first;
  }
}
