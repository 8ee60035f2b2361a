// Sessions over endpoints that refuse what real ones refuse: no answer of a model and no failed run makes a later one fail.

import { afterEach, beforeAll, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { saveFinalStep } from "../../src/agent/turn.ts";
import type { Database } from "../../src/db/database.ts";
import { messages, tasks } from "../../src/db/schema.ts";
import { embeddedDatabase } from "../database.ts";
import { createOpenAiLlm } from "../llm/openai-llm.ts";
import {
  type Answer,
  delta,
  EVERYWHERE,
  type Rule,
  reasoningContent,
  type StrictEndpoint,
  says,
  startStrictEndpoint,
  thoughtSignatures,
} from "../llm/strict-endpoint.ts";
import { addBot, addSession, addTask, agentOver, log, tool } from "./fixture.ts";

const open = embeddedDatabase();
let db: Database;
let endpoint: StrictEndpoint;
beforeAll(async () => {
  db = await open();
});
afterEach(() => endpoint.stop());

type Session = Awaited<ReturnType<typeof addSession>>;

async function conversation(rules: Rule[], answers: Answer[], bot: Parameters<typeof addBot>[1] = {}) {
  endpoint = await startStrictEndpoint([...Object.values(EVERYWHERE), ...rules], answers);
  const llm = createOpenAiLlm({ apiKey: "key", baseUrl: endpoint.url, log, sleep: async () => undefined });
  const search = tool("search", () => "found");
  const broken = tool("broken", () => Promise.reject(new Error("no")));
  const { agent } = agentOver(db, llm, { tools: [search, broken] });
  const session = await addSession(db, await addBot(db, bot));
  return {
    session,
    say: (text: string, more: object = {}) => say(session, agent, text, more),
  };
}

async function say(
  session: Session,
  agent: ReturnType<typeof agentOver>["agent"],
  text: string,
  more: object,
) {
  const task = await addTask(db, session, text, more);
  const outcome = await agent.runTurn(task, new AbortController().signal).catch((error: Error) => error);
  const failed = outcome instanceof Error;
  if (!failed) await db.query.transaction((tx) => saveFinalStep(tx, task, outcome.final));
  await db.query
    .update(tasks)
    .set({ status: failed ? "failed" : "complete" })
    .where(eq(tasks.id, task.id));
  const [row] = await db.query.select({ warnings: tasks.warnings }).from(tasks).where(eq(tasks.id, task.id));
  return { text: failed ? `failed: ${outcome.message}` : outcome.text, warnings: row?.warnings ?? [] };
}

const calls = (...made: { id?: string; name?: string; args?: string; more?: object }[]): Answer => ({
  events: [
    delta(
      {
        tool_calls: made.map(({ id, name = "search", args = "{}", more }, index) => ({
          index,
          ...(id !== undefined && { id }),
          function: { name, arguments: args },
          ...more,
        })),
      },
      "tool_calls",
    ),
  ],
});

test("a session goes on after every kind of broken call, and after a run that failed behind its tool", async () => {
  const { say } = await conversation(
    [],
    [
      calls({ id: "1", args: '{"text": "unfinis' }, { id: "2", args: '["a"]' }, { id: "3", args: "null" }),
      calls({ id: "x".repeat(230), name: "multi_tool_use.parallel" }),
      calls({}),
      says("Done."),
      calls({ id: "5" }),
      // Of the model, and of its fallback.
      { status: 401, error: { message: "bad key" } },
      { status: 401, error: { message: "bad key" } },
      says("Still here."),
    ],
  );
  expect((await say("Go")).text).toBe("Done.");
  expect((await say("Again")).text).toContain("bad key");
  expect((await say("Are you there?")).text).toBe("Still here.");
  expect(endpoint.refusals).toEqual([]);
});

test("tools of an earlier message, and the last call of a run that never ends, do not make a request invalid", async () => {
  const { say } = await conversation(
    [],
    [calls({ id: "1" }), says("One."), says("Two."), calls({ id: "2" }), calls({ id: "3" }), says("Enough.")],
    { tools: [], max_iterations: 2 },
  );
  const withTool = { execution_config: { tools: ["search"] } };
  expect((await say("Go", withTool)).text).toBe("One.");
  expect((await say("No tools now")).text).toBe("Two.");
  expect((await say("For ever", withTool)).text).toBe("Enough.");
  expect(endpoint.requests.at(-1)?.tool_choice).toBe("none");
  expect(endpoint.refusals).toEqual([]);
});

test("thought signatures and reasoning reach the next request of the run; signatures also the next run", async () => {
  const signature = { extra_content: { google: { thought_signature: "sig" } } };
  const step = calls({ id: "1", more: signature });
  const { say, session } = await conversation(
    [thoughtSignatures, reasoningContent],
    [
      { events: [delta({ reasoning_content: "Hm." }), ...("events" in step ? step.events : [])] },
      says("One."),
      says("Two."),
    ],
  );
  expect((await say("Go")).text).toBe("One.");
  expect((await say("Go on")).text).toBe("Two.");
  expect(endpoint.refusals).toEqual([]);
  const rows = await db.query.select().from(messages).where(eq(messages.session_id, session.id));
  expect(rows.filter(({ continuation }) => continuation).map(({ continuation }) => continuation)).toEqual([
    { model: "default-model", fields: { reasoning_content: "Hm." } },
  ]);
});

test("an answer cut at the output limit says so; its calls do not run", async () => {
  const { say } = await conversation(
    [],
    [
      {
        events: [
          delta(
            { tool_calls: [{ index: 0, id: "1", function: { name: "broken", arguments: "{}" } }] },
            "length",
          ),
        ],
      },
      { events: [delta({ content: "The steps are: 1. stop the ser" }, "length")] },
    ],
  );
  const { text, warnings } = await say("How?");
  expect(text).toStartWith("The steps are: 1. stop the ser\n\n[The answer ends here");
  expect(warnings).toEqual(["The answer was cut off at the model's output limit."]);
  expect(JSON.stringify(endpoint.requests[1]?.messages)).toContain("This call was not carried out");
});
