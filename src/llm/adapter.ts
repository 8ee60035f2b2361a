// The interface between an endpoint and the protocol that it speaks. Retries, fallbacks and time limits are the same for all.

import type { Completion } from "./attempt.ts";
import type { Fetch } from "./bounded-fetch.ts";
import type { ToFailure } from "./failure.ts";
import type { LlmRequest } from "./llm.ts";
import type { Quirks } from "./quirks.ts";

export interface Adapter {
  /** Passed to hooks and stored with each call. */
  readonly name: string;
  /** Sends the request to the model and resolves with the events of its answer. */
  open(request: LlmRequest, sending: Sending): Promise<AsyncIterable<unknown>>;
  createAnswer(options: AnswerOptions): Answer;
  /** Classifies an error that `open` or its events threw. */
  readonly toFailure: ToFailure;
}

export interface Sending {
  model: string;
  /** What the endpoint is known not to take. */
  quirks: Quirks;
  signal: AbortSignal;
  fetch: Fetch;
}

export interface AnswerOptions {
  model: string;
  /** The names of the tools that the model may call now. Calls are dropped when it may call none. */
  offered: ReadonlySet<string>;
  /** Whether the conversation already has this text, by a user or as a result. */
  isRepeated: (text: string) => boolean;
}

/** Assembles the events of one answer. */
export interface Answer {
  /** Adds the next event and returns its text. Only valid JSON is guaranteed; it may be any value. */
  add(event: unknown): string;
  /** Whether the answer is complete, though its stream may go on. */
  isFinished(): boolean;
  /** Returns the complete answer; throws an AttemptFailure if it was ended early, filtered, garbled or empty. */
  finish(): Completion;
}

/** How an endpoint is reached. */
export interface Connection {
  /** Undefined for endpoints without authentication; no key is sent then. */
  apiKey: string | undefined;
  /** Including the version, for protocols whose addresses have one. Undefined: the vendor's own. */
  baseUrl: string | undefined;
  /** Timeout until the response headers arrive. */
  timeoutMs: number;
}
