// Caches work on the common beginning of two requests, so this holds how much of each request that is.

import { beforeAll, describe, expect, test } from "bun:test";
import { createSkills } from "../../src/content/skills/skills.ts";
import type { Database } from "../../src/db/database.ts";
import { embeddedDatabase } from "../database.ts";
import { BODIES, cacheable, say, shared } from "./chatting.ts";
import { addBot, addSession, agentOver, call, type ScriptedLlm, scriptedLlm, tool } from "./fixture.ts";

const open = embeddedDatabase();
let db: Database;
beforeAll(async () => {
  db = await open();
});

const TURNS = 20;
const words = (count: number, seed: string): string =>
  Array.from({ length: count }, (_, at) => `${seed}${(at * 7919) % 997}`).join(" ");
const TOOLS = Array.from({ length: 12 }, (_, at) =>
  tool(`tool_${at}`, () => words(300, `result${at}x`), {
    description: words(30, "does"),
    parameters: { type: "object", properties: { what: { type: "string", description: words(12, "what") } } },
  }),
);
const isSummary = (content: string): boolean => content.startsWith("You keep the notes of an agent");

/** Calls a tool in every turn, then answers. */
const working = (): ScriptedLlm =>
  scriptedLlm(({ messages }) => {
    const at = messages.length;
    if (isSummary(messages[0]?.content ?? "")) return words(150, "note");
    if (messages.at(-1)?.role === "tool") return words(60, `answer${at}x`);
    const signature = { google: { thought_signature: "sig", a: 1 }, other: 2 };
    const continuation = { model: "default-model", fields: { extra_content: signature } };
    return { calls: [{ ...call(`call_${at}`, `tool_${at % 12}`, { what: words(5, "w") }), continuation }] };
  });

async function chat(
  llm: ScriptedLlm,
  turns: number,
  options: { window?: number; text?: (at: number) => string } = {},
) {
  const skills = createSkills();
  skills.replaceOwner("core", [
    {
      id: "house",
      name: "House",
      description: "",
      tags: [],
      text: words(400, "skill"),
      origin: { kind: "home" },
      file: "/house.md",
      path: "skills/house.md",
    },
  ]);
  const { agent } = agentOver(db, llm, {
    tools: TOOLS,
    skills,
    ...(options.window !== undefined && { contextWindow: options.window }),
  });
  const bot = await addBot(db, {
    system_prompt: words(200, "prompt"),
    skills: [{ id: "house", mode: "pinned" }],
  });
  const session = await addSession(db, bot);
  const starts: number[] = [];
  for (let at = 0; at < turns; at++) {
    starts.push(llm.sent.length);
    await say({ db, session, agent }, options.text?.(at) ?? `${words(40, "question")} ${at}?`);
  }
  return { starts };
}

describe("a chat of 20 turns with tools and a pinned skill", () => {
  const llm = working();
  let starts: number[];
  beforeAll(async () => {
    ({ starts } = await chat(llm, TURNS));
  });

  for (const [protocol, bodyOf] of Object.entries(BODIES)) {
    test(`over ${protocol}, a turn's request begins with all of the one before, and 90 % can be cached`, () => {
      const bodies = llm.sent.map(bodyOf);
      for (const [turn, start] of starts.entries()) {
        if (turn === 0) continue;
        const [before, body] = [bodies[start - 1] ?? "", bodies[start] ?? ""];
        const common = shared(before, body);
        // Only what closes the JSON differs.
        expect(before.length - common).toBeLessThanOrEqual(4);
        // The rest is new: the answer and the next message, which weigh more in a short conversation.
        expect(common / body.length).toBeGreaterThan(turn < 5 ? 0.9 : 0.95);
      }
      expect(cacheable(bodies)).toBeGreaterThan(0.9);
    });
  }
});

test("over a window that is too small for the chat, it is compacted seldom, and most can still be cached", async () => {
  const llm = working();
  await chat(llm, 36, { window: 20_000 });
  const summaries = llm.sent.filter(({ messages }) => isSummary(messages[0]?.content ?? ""));
  expect(summaries.length).toBeGreaterThan(1);
  expect(summaries.length).toBeLessThan(12);
  for (const bodyOf of Object.values(BODIES)) {
    const bodies = llm.sent.filter((request) => !summaries.includes(request)).map(bodyOf);
    expect(cacheable(bodies)).toBeGreaterThan(0.9);
  }
});

test("a preamble and a skill that a message asks for are sent with that message only", async () => {
  const llm = scriptedLlm(() => "Fine.");
  const { agent } = agentOver(db, llm);
  const session = await addSession(db, await addBot(db));
  await say({ db, session, agent }, "First", { execution_config: { system_preamble: "In French, please." } });
  await say({ db, session, agent }, "Second");
  const [first, second] = llm.sent.map(BODIES["chat completions"] ?? String);
  expect(first).toContain("In French, please.");
  expect(second).not.toContain("In French, please.");
  expect(second?.match(/Current time/g)?.length).toBe(2);
});
