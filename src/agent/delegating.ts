// A bot may give work to another one. That is a run of its own, in a session of its own; the run that asked for it pauses until the
// result is there, as it does for its client's tools, so that neither holds a place in the worker while it waits.

import { Type } from "@sinclair/typebox";
import type { Capabilities } from "../capabilities/effective-set.ts";
import { matchesPattern, namesTool } from "../capabilities/tool-patterns.ts";
import type { Queryable } from "../db/database.ts";
import { bots } from "../db/schema.ts";
import type { LlmToolCall } from "../llm/llm.ts";
import type { JsonObject } from "../sdk/types.ts";
import type { ClaimedTask } from "./claimed-task.ts";
import type { LoadedTurn } from "./load-turn.ts";
import type { ToolOutcome } from "./loop.ts";
import { compileTool, DELEGATE, type RegisteredTool } from "./tools/registry.ts";

/** Runs that may lie between a message and the run that delegates last. */
const MAX_DEPTH = 3;
/** More would fill the context with descriptions. */
const MOST_LISTED = 50;
const DESCRIPTION_LENGTH = 200;

export interface Delegation {
  /** The run that waits for the result. */
  task: Pick<ClaimedTask, "id" | "session_id" | "channel_id" | "client_id" | "owner" | "schedule_id">;
  by: { id: string; name: string };
  /** The bot that gets the work. */
  to: string;
  prompt: string;
  call: { id: string; iteration: number };
  /** The bots that have delegated so far, the first one first. */
  chain: string[];
  /** Set if the answer is also posted where the conversation takes place: in its thread, or outside of it. */
  post?: "thread" | "place" | undefined;
}

/**
 * Starts the run; a repeated call starts no second one. Resolves with its result if that is known without a run. Throws a
 * HeddleError that the model can read.
 */
export type Delegate = (delegation: Delegation) => Promise<string | undefined>;

type CallWith = (
  tools: ReadonlyMap<string, RegisteredTool>,
  isBegun: () => boolean,
) => (call: LlmToolCall, context: { iteration: number; signal: AbortSignal }) => Promise<ToolOutcome>;

export interface Delegating {
  /** With the bots that the run may delegate to in its description. */
  tool: RegisteredTool;
  /** Resolves with an outcome if the work could not be begun. */
  begin(callWith: CallWith, ...call: Parameters<ReturnType<CallWith>>): Promise<ToolOutcome | undefined>;
}

interface Asked {
  bot_id: string;
  prompt: string;
  post_answer?: boolean;
  reply_in_thread?: boolean;
}

const PARAMETERS = Type.Object(
  {
    bot_id: Type.String({ minLength: 1, maxLength: 64, description: "The bot that does it." }),
    prompt: Type.String({
      minLength: 1,
      maxLength: 100_000,
      description: "What it should do, with everything that it needs to know.",
    }),
    post_answer: Type.Optional(
      Type.Boolean({
        description:
          "Also post its answer in its own name where this conversation takes place. Default: only you read it.",
      }),
    ),
    reply_in_thread: Type.Optional(
      Type.Boolean({ description: "With post_answer: false posts it outside of the thread. Default: true." }),
    ),
  },
  { additionalProperties: false },
) as unknown as JsonObject;

const DESCRIPTION =
  "Give a piece of work to another bot, and get its answer. It does not see this conversation. The bots:";

/** Compiled once; each run supplies its own bots. */
const compiled = compileTool("core", {
  name: DELEGATE,
  description: DESCRIPTION,
  // A repeated call starts no second run.
  annotations: { idempotent: true },
  parameters: PARAMETERS,
  run: () => ({}),
});

export interface DelegatingOptions {
  query: Queryable;
  task: ClaimedTask;
  turn: Pick<LoadedTurn, "bot" | "metadata">;
  capabilities: Pick<Capabilities, "delegates" | "tools">;
  delegate?: Delegate | undefined;
}

/** Undefined if the run may not delegate: there is no such bot, or the work has been passed on too often. */
export async function createDelegating(options: DelegatingOptions): Promise<Delegating | undefined> {
  const { query, task, turn, capabilities, delegate } = options;
  const { delegates, tools } = capabilities;
  const chain = [...chainIn(turn.metadata), task.bot_id];
  if (!delegate || delegates.length === 0 || chain.length > MAX_DEPTH) return undefined;
  if (namesTool(tools.disabled)(DELEGATE)) return undefined;
  const isWanted = matchesPattern(delegates);
  const all = await query
    .select({ id: bots.id, name: bots.name, description: bots.description })
    .from(bots)
    .orderBy(bots.id);
  // A bot that waits for this very work could not do it.
  const offered = all.filter(({ id }) => isWanted(id) && !chain.includes(id)).slice(0, MOST_LISTED);
  if (offered.length === 0) return undefined;
  const lines = offered.map(({ id, name, description }) =>
    `- ${id}: ${name}. ${description.slice(0, DESCRIPTION_LENGTH)}`.trimEnd(),
  );
  return {
    tool: { ...compiled, description: [DESCRIPTION, ...lines].join("\n") },
    async begin(callWith, call, context) {
      let isBegun = false;
      const run = async ({ bot_id: to, prompt, ...wanted }: Asked) => {
        if (!offered.some(({ id }) => id === to)) {
          return { error: `bot_id must be one of ${offered.map(({ id }) => id).join(", ")}; got ${to}.` };
        }
        const known = await delegate({
          task,
          by: { id: turn.bot.id, name: turn.bot.name },
          to,
          prompt,
          call: { id: call.id, iteration: context.iteration },
          chain,
          post: wanted.post_answer ? (wanted.reply_in_thread === false ? "place" : "thread") : undefined,
        });
        if (known !== undefined) return known;
        isBegun = true;
        return {};
      };
      const outcome = await callWith(new Map([[DELEGATE, { ...compiled, run }]]), () => isBegun)(
        call,
        context,
      );
      return isBegun ? undefined : outcome;
    },
  };
}

/** A sender could write this into the metadata of a message; that would only bind its own run. */
function chainIn({ delegation_chain: chain }: JsonObject): string[] {
  return Array.isArray(chain) ? chain.filter((id) => typeof id === "string") : [];
}
