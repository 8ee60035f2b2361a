// Tools, and the context of the run that calls an integration's code.

import type { Static, TSchema } from "@sinclair/typebox";
import type { JsonObject } from "../json.ts";

/** What a tool, a dispatcher or a hook knows about the run that it serves. */
export interface RunContext {
  /** The bot that runs. */
  bot_id: string;
  /** The session whose message it answers. */
  session_id: string;
  /** The channel of the session. */
  channel_id: string;
  /** The place of the channel: "github:owner/repo". */
  client_id: string;
  /** One id from the webhook to the receipt. */
  correlation_id: string;
}

/** The second argument of a tool. */
export interface ToolContext extends RunContext {
  /** The run's task. */
  task_id: string;
  /** One id for each call, and the same when it is made again after a crash: an idempotency key for the service. */
  call_id: string;
  /**
   * Whether the run answers somebody whom the operator has not allowed, and whom a tool should tell nothing that is not theirs. Heddle always
   * says it; only contexts that are made by hand may leave it out.
   */
  answers_stranger?: boolean;
  /** Aborted on cancellation, timeout and shutdown. */
  signal: AbortSignal;
  /**
   * Tells those who watch the run how far the call is: `ctx.progress("12 of 40 files", 12 / 40)`. Call it as often as you like; the
   * newest is shown, up to four times a second. It is not stored, and the model does not see it.
   */
  progress(message: string, fraction?: number): void;
}

/** JSON Schema of an object. TypeBox's `t.Object(…)` is one. */
export type ParameterSchema = TSchema | JsonObject;

/** What a call of a tool does to the world. What is left out is not known, and taken for no. */
export interface ToolAnnotations {
  /** It changes nothing. After a crash, a call whose outcome is unknown is made again. */
  readOnly?: boolean;
  /** A second call with the same arguments changes nothing more. It is made again in the same way. */
  idempotent?: boolean;
  /** It may delete or overwrite something that cannot be brought back. */
  destructive?: boolean;
  /** What it is given can leave the server: it posts, sends, or fetches an address from its arguments. */
  egress?: boolean;
}

/** What became of a call whose outcome the server does not know. */
export type Reconciled =
  | {
      /** It took effect. */
      outcome: "done";
      /** What the tool would have returned. */
      result: unknown;
    }
  | {
      /** "not_done": it did not take effect, and is made again. "unknown": the model reads that its outcome is unknown. */
      outcome: "not_done" | "unknown";
    };

/** Looks whether a call took effect. Gets the arguments and `call_id` of that call; must change nothing. */
export type ReconcileFunction<Args = JsonObject> = (
  args: Args,
  ctx: ToolContext,
) => Reconciled | Promise<Reconciled>;

/** What may be said about a tool beside its schema. */
export interface ToolDetails<Args = JsonObject> {
  /** The time limit of a call in seconds; default 60. */
  timeoutSeconds?: number;
  /** What a call does: `{ readOnly: true }`. People, policies and the handling of crashes go by it. */
  annotations?: ToolAnnotations;
  /**
   * Called after a crash for a call whose outcome is unknown, unless the tool is `readOnly` or `idempotent`. It has 30 seconds, or the
   * tool's `timeoutSeconds` if that is less.
   */
  reconcile?: ReconcileFunction<Args>;
}

/** A tool's description in the shape that OpenAI-compatible APIs use. */
export interface OpenAiToolSchema {
  /** Always "function". */
  type: "function";
  /** The name, what the tool does, and JSON Schema of its arguments. */
  function: {
    /** [a-zA-Z0-9_-], at most 64 characters, unique in the server. */
    name: string;
    /** What it does and when to use it, for the model. */
    description?: string;
    /** Default: no arguments. */
    parameters?: ParameterSchema;
  };
}

/** A tool's description in Heddle's own shape. */
export interface ToolOptions<Parameters extends ParameterSchema = ParameterSchema>
  extends ToolDetails<Arguments<Parameters>> {
  /** [a-zA-Z0-9_-], at most 64 characters, unique in the server. */
  name: string;
  /** What it does and when to use it, for the model. */
  description: string;
  /** The schema of the arguments, such as `t.Object({ id: t.String() })`. Default: no arguments. */
  parameters?: Parameters;
}

/** The type that a schema describes: `Arguments<typeof parameters>`. */
export type Arguments<Parameters> = Parameters extends TSchema ? Static<Parameters> : JsonObject;

/**
 * A tool's function. Arguments are validated before the call. The result is a string or JSON. An object with `error`
 * marks the call as failed; `client_action` is passed to the dispatcher, and `injected_images: [{ mime_type, base64 }]` are shown to
 * the model; with these two, it reads only `message` of the rest.
 */
export type ToolFunction<Args = JsonObject> = (args: Args, ctx: ToolContext) => unknown;
