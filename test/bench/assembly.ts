// Measures the start of a run whose bot has much: from the claim of its task until the first model call has its whole request. The
// rows are read from the database, and nothing is sent.

import { createSkills } from "../../src/content/skills/skills.ts";
import type { Database } from "../../src/db/database.ts";
import { messages } from "../../src/db/schema.ts";
import { newId } from "../../src/ids.ts";
import type { Llm } from "../../src/llm/llm.ts";
import { addBot, addSession, addTask, agentOver, tool } from "../agent/fixture.ts";
import { median } from "./numbers.ts";

const SKILLS = 50;
const PINNED = 10;
const TOOLS = 100;
const MESSAGES = 200;
const ROUNDS = 60;
const WARM_UP = 20;

const WORDS = "The quick brown fox watches how the lazy dog reads the newest report of the inverter. ";
const SCHEMA = {
  type: "object",
  properties: {
    id: { type: "string", description: "The identifier of the thing, as list_things gives it." },
    kind: { type: "string", enum: ["first", "second", "third"] },
    limit: { type: "integer", minimum: 1, maximum: 100, description: "How many are returned at most." },
    filters: {
      type: "object",
      properties: { since: { type: "string" }, labels: { type: "array", items: { type: "string" } } },
    },
  },
  required: ["id"],
} as const;

/** Milliseconds, median. */
export async function measureAssembly(db: Database): Promise<number> {
  let asked = 0;
  const llm: Llm = {
    provider: "bench",
    async *stream({ model, messages, tools = [] }) {
      asked = performance.now();
      if (messages.length < MESSAGES || tools.length < TOOLS) throw new Error("The request lacks a part.");
      yield {
        type: "done",
        text: "Done.",
        toolCalls: [],
        usage: null,
        model,
        costUsd: null,
        fallbackUsed: false,
        durationMs: 0,
      };
    },
  };
  const skills = createSkills();
  skills.replaceOwner(
    "core",
    Array.from({ length: SKILLS }, (_, nr) => {
      const [id, path] = [`skill-${nr}`, `skills/skill-${nr}.md`];
      const origin = { kind: "home" } as const;
      return {
        id,
        name: id,
        origin,
        file: `/${path}`,
        path,
        description: WORDS,
        tags: [],
        text: WORDS.repeat(25),
      };
    }),
  );
  const tools = Array.from({ length: TOOLS }, (_, nr) =>
    tool(`tool_${nr}`, () => ({}), { description: WORDS, parameters: SCHEMA }),
  );
  const { agent } = agentOver(db, llm, { tools, skills });
  const bot = await addBot(db, {
    skills: Array.from({ length: SKILLS }, (_, nr) => ({
      id: `skill-${nr}`,
      mode: nr < PINNED ? ("pinned" as const) : ("on_demand" as const),
    })),
  });
  const session = await addSession(db, bot);
  for (let nr = 0; nr < MESSAGES / 2; nr++) {
    const { id } = await addTask(db, session, `Question ${nr}. ${WORDS}`);
    await db.query.insert(messages).values({
      id: newId(),
      session_id: session.id,
      role: "assistant",
      content: `Answer ${nr}. ${WORDS}`,
      task_id: id,
    });
  }
  await db.execute("analyze");
  const took: number[] = [];
  for (let round = 0; round < WARM_UP + ROUNDS; round++) {
    const task = await addTask(db, session, "And now?");
    const started = performance.now();
    await agent.runTurn(task, new AbortController().signal);
    if (round >= WARM_UP) took.push(asked - started);
  }
  return median(took);
}
