// The core tools with which a bot remembers, corrects, forgets and searches.

import { type TObject, Type } from "@sinclair/typebox";
import type { ToolContext } from "../../../sdk/types.ts";
import { cutText } from "../../cut-text.ts";
import type { Tool } from "../registry.ts";
import { answering } from "./answering.ts";
import { type FoundFit, NOTHING_FITTING, shownFit } from "./search-history.ts";

interface Remembered {
  memory_id: string;
  version: number;
  text: string | null;
  status: string;
  channel_id: string | null;
}

interface At {
  memory_id: string;
  version: number;
}

/** The part of the memory that the tools need. */
export interface MemoryForTools {
  remember(run: ToolContext, text: string, options: { onlyHere: boolean }): Promise<Remembered>;
  correct(run: ToolContext, at: At, change: { old: string; new: string }): Promise<Remembered>;
  forget(run: ToolContext, at: At): Promise<Remembered>;
  search(
    run: ToolContext,
    query: string,
    limit: number,
  ): Promise<({ text: string; untrusted?: true } & FoundFit)[]>;
}

const LIMIT = 10;
/** Characters of one hit. */
const EXCERPT = 2_000;
const WAITS =
  "It waits for a person's review, because this conversation contains text that no person with a key wrote.";

export function createMemoryTools(memory: MemoryForTools): Tool[] {
  return [rememberTool, correctTool, forgetTool, searchTool].map((make) => answering(make(memory)));
}

const rememberTool = ({ remember }: MemoryForTools): Tool => ({
  name: "remember",
  description:
    "Remember one lasting fact for later conversations: a preference, a decision, who someone is, how something works. Write it so that " +
    'it can be understood alone, with names and dates instead of "he" and "tomorrow". Not for secrets, or for what only this ' +
    "conversation needs.",
  parameters: schema({
    text: Type.String({ minLength: 1, maxLength: 1000, description: "The fact, in one or two sentences." }),
    only_here: Type.Optional(
      Type.Boolean({
        description: "Whether it stays in this channel; default false, and always so in a private channel.",
      }),
    ),
  }),
  run: async ({ text, only_here = false }: { text: string; only_here?: boolean }, context: ToolContext) =>
    answerOf(await remember(context, text, { onlyHere: only_here })),
});

const correctTool = ({ correct }: MemoryForTools): Tool => ({
  name: "correct_memory",
  description: "Change a part of something that you remember. search_memory gives its id and version.",
  parameters: schema({
    id: Type.String({ format: "uuid", description: "The memory." }),
    version: Type.Integer({ minimum: 1, description: "The version that you have read." }),
    old: Type.String({ minLength: 1, maxLength: 1000, description: "The part of the text that is wrong." }),
    new: Type.String({ maxLength: 1000, description: "What stands there instead." }),
  }),
  run: async (
    { id, version, ...change }: { id: string; version: number; old: string; new: string },
    context: ToolContext,
  ) => answerOf(await correct(context, { memory_id: id, version }, change)),
});

const forgetTool = ({ forget }: MemoryForTools): Tool => ({
  name: "forget_memory",
  annotations: { destructive: true },
  description: "Forget something that you remember. search_memory gives its id and version.",
  parameters: schema({
    id: Type.String({ format: "uuid", description: "The memory." }),
    version: Type.Integer({ minimum: 1, description: "The version that you have read." }),
  }),
  run: async ({ id, version }: { id: string; version: number }, context: ToolContext) =>
    answerOf(await forget(context, { memory_id: id, version })),
});

const searchTool = ({ search }: MemoryForTools): Tool => ({
  name: "search_memory",
  annotations: { readOnly: true },
  description:
    "Search what you remember, and what was said in earlier conversations of this channel. Returns the best results first.",
  parameters: schema({
    query: Type.String({ minLength: 1, maxLength: 1000, description: "What to look for, in a few words." }),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 30,
        description: `The maximum number of results; default ${LIMIT}.`,
      }),
    ),
  }),
  async run({ query, limit = LIMIT }: { query: string; limit?: number }, context: ToolContext) {
    const hits = await search(context, query, limit);
    return {
      // First, because the middle of a long result is cut out: the text of strangers would be left without its mark.
      ...(hits.some(({ untrusted }) => untrusted) && { untrusted: true }),
      results: hits.map(({ weak, missing, ...hit }) => ({
        ...hit,
        text: cutText(hit.text, EXCERPT),
        ...shownFit({ weak, missing }),
      })),
      ...(hits.every(({ weak }) => weak) && { note: NOTHING_FITTING }),
    };
  },
});

const answerOf = ({ memory_id, version, text, status, channel_id }: Remembered) => ({
  id: memory_id,
  version,
  ...(text === null ? { forgotten: true } : { text }),
  only_here: channel_id !== null,
  ...(status === "unreviewed" && { note: WAITS }),
});

const schema = (properties: TObject["properties"]): Tool["parameters"] =>
  Type.Object(properties, { additionalProperties: false }) as unknown as Tool["parameters"];
