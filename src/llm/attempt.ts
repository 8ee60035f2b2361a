// A single request to a single model: what it yields and how it can fail. Retries and fallbacks are built on top.

import type { LlmEvent, LlmUsage } from "./llm.ts";

/** What `done` tells of the answer itself. */
export type Completion = Pick<
  Extract<LlmEvent, { type: "done" }>,
  "text" | "toolCalls" | "usage" | "isCut" | "continuation"
>;

export type AttemptEvent = Extract<LlmEvent, { type: "text" | "retry" }> | ({ type: "done" } & Completion);

/** Sends one request to the model. Ends with `done`, or throws an AttemptFailure or the abort reason. */
export type Attempt = (model: string) => AsyncIterable<AttemptEvent>;

/**
 * - `rate_limit`, `server`: the endpoint answered 429, or 408, 409 or 5xx
 * - `connection`, `timeout`: no answer, or none in time
 * - `garbled`, `cut`: an answer that is not in the protocol, or ends before its end
 * - `endless`: longer than any real answer
 * - `empty`: neither text nor a tool call
 * - `filtered`: the endpoint's content filter ended the answer
 * - `exhausted`: the account has no credit or quota left
 * - `too_long`: the endpoint takes less at once
 * - `refused`: any other 4xx; asking again would be answered the same
 */
export type FailureKind =
  | "rate_limit"
  | "server"
  | "connection"
  | "timeout"
  | "garbled"
  | "cut"
  | "endless"
  | "empty"
  | "filtered"
  | "exhausted"
  | "too_long"
  | "refused";

export interface FailureFacts {
  status?: number;
  /** How long the endpoint asked to wait, in milliseconds. */
  retryAfterMs?: number;
  /** With `too_long`: the token limit that the endpoint reports. */
  tokenLimit?: number;
  /** What the model wrote and the endpoint could not read. */
  written?: string;
  /** With `empty`: it is a call, though none may be made. */
  isCall?: boolean;
  cause?: unknown;
}

export class AttemptFailure extends Error {
  readonly kind: FailureKind;
  readonly status: number | undefined;
  readonly retryAfterMs: number | undefined;
  readonly tokenLimit: number | undefined;
  readonly written: string | undefined;
  readonly isCall: boolean;
  /** What the endpoint says that it used nevertheless. */
  usage: LlmUsage | null = null;

  constructor(kind: FailureKind, message: string, facts: FailureFacts = {}) {
    super(message, { cause: facts.cause });
    this.name = "AttemptFailure";
    this.kind = kind;
    this.status = facts.status;
    this.retryAfterMs = facts.retryAfterMs;
    this.tokenLimit = facts.tokenLimit;
    this.written = facts.written;
    this.isCall = facts.isCall ?? false;
  }
}
