// The interface between the agent and a language model provider.

/** A message as the model sees it. A tool call's `arguments` is the JSON text that the model wrote. */
export type LlmMessage =
  | { role: "system"; content: string }
  /**
   * `context` is what Heddle adds to the message for this one run. `from_person`: a person with a key wrote it, so its
   * commands are carried out; it is not sent to the endpoint.
   */
  | { role: "user"; content: string; context?: string; from_person?: true; attachments?: LlmAttachment[] }
  | { role: "assistant"; content: string; tool_calls?: LlmToolCall[]; continuation?: Continuation }
  /**
   * `attachments`: images that the tool returned; they are sent as those of a user message after all results. `outside`: the id by
   * which the content is marked as text from outside, in the request; absent there, and for what Heddle itself says.
   */
  | { role: "tool"; content: string; tool_call_id: string; attachments?: LlmAttachment[]; outside?: string };

/** A file that came with a message. */
export type LlmAttachment =
  | { kind: "text"; name: string; media_type: string; text: string; pdf?: LlmPdf }
  | LlmImage;

/** The file that a text was read from. Models that read PDFs themselves get it instead of the text. */
export interface LlmPdf {
  /** Names the file itself. */
  id: string;
  bytes: number;
  pages: number;
  /** The model of the run reads it, and there is room for it. */
  isShown?: true;
  /** Base64; absent: the text is sent. */
  data?: string;
}

export interface LlmImage {
  kind: "image";
  /** Names the file itself. */
  id: string;
  name: string;
  media_type: string;
  bytes: number;
  /** Base64; absent: it is not sent. */
  data?: string;
  /** Why it is not sent, as the end of a sentence: "there is no room for it". */
  reason?: string;
}

export interface LlmToolCall {
  id: string;
  name: string;
  arguments: string;
  continuation?: Continuation;
}

/**
 * Fields that a model needs back together with its own message or call, such as Gemini's thought signatures or
 * DeepSeek's reasoning. No other model may get them.
 */
export interface Continuation {
  /** With its provider, unless that is the environment's: "openrouter/z-ai/glm-4.6". */
  model: string;
  fields: Record<string, unknown>;
}

export interface LlmTool {
  name: string;
  description: string;
  /** A JSON Schema of type object. */
  parameters: Record<string, unknown>;
}

export interface LlmRequest {
  model: string;
  /** Tried in order when retries of `model` have failed. */
  fallbackModels: string[];
  messages: LlmMessage[];
  tools: LlmTool[];
  /** The model must answer in text, whatever tools there are. They are sent nevertheless: the conversation uses them. */
  mustAnswer?: boolean;
  /** The model must call a tool rather than answer in text: any of them, or the one with this name. */
  mustCall?: true | string | undefined;
  /** JSON Schema that the answer should match; endpoints that can are asked to hold the model to it. */
  outputSchema?: Record<string, unknown> | undefined;
  signal: AbortSignal;
}

export interface LlmUsage {
  /** All that was read, whether or not it came from the cache. */
  prompt_tokens: number;
  /** All that was written, thoughts included. */
  completion_tokens: number;
  /** The part of `prompt_tokens` that was read from the endpoint's cache. Absent: the endpoint does not tell. */
  cached_input_tokens?: number;
  /** The part of `prompt_tokens` that was written to the cache for later requests. */
  cache_write_tokens?: number;
  /** What the endpoint itself says that the call cost, in US dollars. */
  cost_usd?: number;
}

export type LlmEvent =
  | { type: "text"; text: string }
  /** Another attempt starts; discard the text received so far. */
  | { type: "retry"; reason: string; model: string; delayMs: number }
  | {
      type: "done";
      text: string;
      toolCalls: LlmToolCall[];
      usage: LlmUsage | null;
      /** The answer reached the model's output limit: its text is not whole, nor perhaps its last call. */
      isCut?: boolean;
      continuation?: Continuation;
      /** The provider that answered. Default: the one that `Llm` names. */
      provider?: string;
      /** The model that answered, as its provider names it. */
      model: string;
      /** US dollars; null or absent: the price is not known. */
      costUsd?: number | null;
      fallbackUsed: boolean;
      durationMs: number;
      /** What was reserved for the call in budgets; settled where the call is recorded. */
      reservationId?: string;
    };

/** A model, and the provider that has it under this name. */
export interface ModelTarget {
  provider: string;
  model: string;
}

/** `stream` ends with one `done`, or throws a HeddleError (`model_failed`, `cancelled`, `timeout`). */
export interface Llm {
  /** The id of the provider; passed to hooks and stored with the call. */
  readonly provider: string;
  /**
   * What `stream` would ask first: another than `model` while that one is left out. Default: `model`, of this provider.
   */
  firstModel?(request: Pick<LlmRequest, "model" | "fallbackModels">): ModelTarget;
  stream(request: LlmRequest): AsyncIterable<LlmEvent>;
}
