// The interface between an endpoint and the protocol that it speaks. Retries, fallbacks and time limits are the same for all.

import type { Completion } from "./attempt.ts";
import type { Fetch } from "./bounded-fetch.ts";
import type { ToFailure } from "./failure.ts";
import type { LlmRequest, LlmUsage } from "./llm.ts";
import type { Quirks } from "./quirks.ts";

export interface Adapter {
  /** Sends the request to the model and resolves when its answer begins. */
  open(request: LlmRequest, sending: Sending): Promise<Response>;
  /** Resolves with the endpoint's answer, whatever its form. `after`: the last model of the page before. */
  listModels(sending: Pick<Sending, "signal" | "fetch"> & { after?: string }): Promise<unknown>;
  createAnswer(options: AnswerOptions): Answer;
  /** How many tokens of output each request asks for, where nothing else is known of its model. Absent: a request names no limit. */
  readonly outputTokens?: number;
  /** The schema with which a request is sent, if any. */
  outputSchemaOf(request: LlmRequest, quirks: Quirks): Record<string, unknown> | undefined;
  /** Classifies an error that `open`, or reading its answer, threw. */
  readonly toFailure: ToFailure;
}

export interface Sending {
  /** As the endpoint names it. */
  model: string;
  /** Names the model among all providers: what another one wrote for itself is not sent to it. */
  origin: string;
  /** What the endpoint is known not to take. */
  quirks: Quirks;
  signal: AbortSignal;
  fetch: Fetch;
}

/** What a request is written from. */
export type Written = Pick<Sending, "model" | "origin" | "quirks">;

export interface AnswerOptions {
  /** Names the model among all providers, for what it wants back later. */
  origin: string;
  /** The names of the tools that the model may call now. Calls are dropped when it may call none. */
  offered: ReadonlySet<string>;
  /**
   * The tools that the model knows of, with their parameters, whether or not it may call them now: calls of them are not text. Default:
   * those that are offered.
   */
  tools?: ReadonlyMap<string, Record<string, unknown>>;
  /** Answers of this model end a thought that they have not begun; "perhaps": it has not answered yet. */
  startsInThought?: boolean | "perhaps";
  /** Whether the conversation already has this text, by a user or as a result. */
  isRepeated: (text: string) => boolean;
}

/** Assembles the events of one answer. */
export interface Answer {
  /**
   * Adds the next event, which may be any JSON value, and returns the text that may be shown now: the beginning of the answer, as far as it
   * is known.
   */
  add(event: unknown): string;
  /** Whether the answer is complete, though its stream may go on. */
  isFinished(): boolean;
  /** Returns the complete answer; throws an AttemptFailure if it was ended early, filtered, garbled or empty. */
  finish(): Completion;
  /** Whether the whole answer has ended a thought that it had not begun; undefined where its thoughts came apart, or cannot. */
  startedInThought?(): boolean | undefined;
  /** What the endpoint has said so far of what the answer uses. */
  usage(): LlmUsage | null;
}

/** How an endpoint is reached. */
export interface Connection {
  /** Undefined for endpoints without authentication; no key is sent then. */
  apiKey: string | undefined;
  /**
   * Including the version, for protocols whose addresses have one. Its query is part of each request. Undefined: the
   * vendor's own.
   */
  baseUrl: string | undefined;
  /** Sent with each request. */
  headers?: Record<string, string>;
  /** Timeout until the response headers arrive. */
  timeoutMs: number;
}
