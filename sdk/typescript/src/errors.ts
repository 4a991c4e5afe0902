// What can go wrong, and how a refusal is told from a failure.

import type { Flow } from "./generated.js";

/** Codes with which a command is refused; nothing was changed. */
export const REFUSALS = [
  "not_found",
  "not_managed",
  "revision_conflict",
  "terminal",
  "cancel_requested",
  "paused",
  "engine_owned",
  "invalid_state",
  "invalid",
  "key_conflict",
  "persist_failed",
] as const;

/** A code with which a command is refused. */
export type RefusalCode = (typeof REFUSALS)[number];

/** The fields of a {@link ClawflowError}. */
export interface ErrorFields {
  /** Stable code; see {@link ClawflowError.code}. */
  code: string;
  /** HTTP status; 0 if there was no answer. */
  status?: number;
  /** Why, for people. */
  message: string;
  /** What to do about it. */
  hint?: string | undefined;
  /** The flow as it is, where a command on it was refused. */
  current?: Flow | undefined;
  /** Ids that an ambiguous name may mean. */
  candidates?: string[] | undefined;
  /** What caused it. */
  cause?: unknown;
}

/** A call that failed or was refused. */
export class ClawflowError extends Error {
  override readonly name = "ClawflowError";
  /**
   * Stable code: one of {@link REFUSALS}; or what else the gateway says, such as `ambiguous`,
   * `bad_request`, `forbidden`, `store_full` or `internal`; or from this package `unavailable` (no
   * gateway, or no answer: a command may have been carried out) and `timeout`.
   */
  readonly code: string;
  /** HTTP status; 0 if there was no answer. */
  readonly status: number;
  /** What to do about it. */
  readonly hint: string | undefined;
  /** The flow as it is, where a command on it was refused. */
  readonly current: Flow | undefined;
  /** Ids that an ambiguous name may mean. */
  readonly candidates: readonly string[];

  constructor(fields: ErrorFields) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause });
    this.code = fields.code;
    this.status = fields.status ?? 0;
    this.hint = fields.hint;
    this.current = fields.current;
    this.candidates = fields.candidates ?? [];
  }
}

/** Why a command was refused. */
export interface Refusal {
  /** Why, for programs. */
  code: RefusalCode;
  /** Why, for people. */
  message: string;
  /** The flow as it is, where there is one that the caller may see. */
  current?: Flow;
}

/** The error as a refusal, or nothing if it is a failure. */
export function refusal(error: unknown): Refusal | undefined {
  if (!(error instanceof ClawflowError)) return undefined;
  const { message, current } = error;
  // A full disk is one way in which storing fails.
  const code = error.code === "store_full" ? "persist_failed" : error.code;
  const known = REFUSALS.find((one) => one === code);
  return known && { code: known, message, ...(current && { current }) };
}

/** The error that an answer with this status and body is. */
export function errorOf(status: number, body: string): ClawflowError {
  const problem = parsed(body);
  const text = (name: string): string | undefined => {
    const value = problem[name];
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  const candidates = problem["candidates"];
  return new ClawflowError({
    code: text("code") ?? codeOf(status),
    status,
    message: text("message") ?? text("detail") ?? text("title") ?? `the answer was ${status}`,
    hint: text("hint"),
    current: (problem["current"] ?? undefined) as Flow | undefined,
    candidates: Array.isArray(candidates) ? candidates.map(String) : undefined,
  });
}

function parsed(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // Not from the gateway: a proxy, perhaps. The status has to do.
  }
  return {};
}

function codeOf(status: number): string {
  switch (status) {
    case 401:
      return "unauthorized";
    case 403:
      return "forbidden";
    case 429:
      return "rate_limited";
    case 502:
    case 503:
    case 504:
      return "unavailable";
    default:
      return status >= 500 ? "internal" : "bad_request";
  }
}
