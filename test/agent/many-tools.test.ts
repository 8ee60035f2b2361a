// Runs with more tools than a model should be shown: it sees a core, and what its session has found stays.

import { beforeAll, describe, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import type { Tool } from "../../src/agent/tools/registry.ts";
import type { Database } from "../../src/db/database.ts";
import { type bots, sessions, tasks } from "../../src/db/schema.ts";
import { HeddleError } from "../../src/errors.ts";
import type { LlmRequest } from "../../src/llm/llm.ts";
import { eachDatabase } from "../database.ts";
import { BODIES, say, shared } from "./chatting.ts";
import { addBot, addSession, addTask, agentOver, call, scriptedLlm, tool } from "./fixture.ts";

const FINDERS: Tool[] = ["search_tools", "get_tool_info"].map((name) => tool(name, () => "the registry's"));
const THINGS = ["kettle", "lamp", "garage", "tractor", "printer", "camera"];
const MANY: Tool[] = Array.from({ length: 60 }, (_, at) => {
  const thing = `${THINGS[at % THINGS.length]}${Math.floor(at / THINGS.length)}`;
  return tool(`acme_${thing}_start`, () => `${thing} runs`, {
    type: "local",
    description: `Starts the ${thing} of the house.`,
  });
});
/** Of an MCP server, which bots do not name as models do. */
const OF_SERVER = tool("look_up", () => "found", { type: "mcp", reference: "mcp:crm/look_up" });
const TOOLS = [OF_SERVER, ...FINDERS, tool("clock", () => "12:00"), ...MANY];
const shownIn = ({ tools }: LlmRequest) => tools.map(({ name }) => name);

eachDatabase("a run with many tools", (open) => {
  let db: Database;
  beforeAll(async () => {
    db = await open();
  });

  const chat = async (bot: Partial<typeof bots.$inferInsert> = {}, settings = {}) => {
    const session = await addSession(db, await addBot(db, bot), settings);
    return {
      session,
      turn: (llm: ReturnType<typeof scriptedLlm>, text = "Go", more = {}) =>
        say({ db, session, agent: agentOver(db, llm, { tools: TOOLS }).agent }, text, more),
    };
  };

  test("is shown a core, and keeps what it finds at the end of the list, from turn to turn", async () => {
    const { turn } = await chat();
    const llm = scriptedLlm([
      { calls: [call("a", "search_tools", { query: "start the garage3" })] },
      { calls: [call("b", "acme_garage3_start")] },
      "The garage runs.",
      // The next message.
      { calls: [call("c", "get_tool_info", { name: "acme_lamp1_start" })] },
      "I know it now.",
      "Hello.",
    ]);
    await turn(llm);
    await turn(llm);
    // Another server would load the same.
    const again = scriptedLlm(["Hello."]);
    await turn(again);
    const core = ["clock", "get_tool_info", "search_tools"];
    const shown = [...llm.requests.slice(0, 5), ...again.requests].map(shownIn);
    expect(shown[0]).toEqual(core);
    expect(shown[1]?.slice(0, 4)).toEqual([...core, "acme_garage3_start"]);
    expect(shown[1]?.length).toBeLessThanOrEqual(core.length + 5);
    expect(shown[2]).toEqual(shown[1] ?? []);
    expect(shown[3]).toEqual(shown[1] ?? []);
    expect(shown[4]).toEqual([...(shown[1] ?? []), "acme_lamp1_start"]);
    expect(shown[5]).toEqual(shown[4] ?? []);

    const search = llm.requests[0]?.tools.find(({ name }) => name === "search_tools");
    expect(search?.description).toContain("There are 60 more: Heddle (60).");
    const results = (llm.requests[2]?.messages ?? []).filter(({ role }) => role === "tool");
    expect(JSON.parse(results[0]?.content ?? "").tools[0]).toEqual({
      name: "acme_garage3_start",
      description: "Starts the garage3 of the house.",
    });
    expect(results[1]?.content).toBe("garage3 runs");
    const info = llm.requests[4]?.messages.at(-1)?.content ?? "";
    expect(JSON.parse(info)).toMatchObject({ name: "acme_lamp1_start", parameters: { type: "object" } });
    // Whoever caches prompts finds all tools of the request before at the beginning of the next.
    for (const body of Object.values(BODIES)) {
      const [before, after] = [shown[3], shown[4]].map((_, at) => body(llm.requests[3 + at] as LlmRequest));
      const common = shared(before ?? "", after ?? "");
      expect((after ?? "").slice(0, common)).toContain(String(shown[3]?.at(-1)));
    }
  });

  test("may call what is not shown, but nothing that it does not have", async () => {
    const { turn } = await chat({}, { tools_disabled: ["acme_lamp0_start"] });
    const llm = scriptedLlm([
      { calls: [call("a", "acme_kettle2_start"), call("b", "acme_lamp0_start"), call("c", "acme_nothing")] },
      { calls: [call("d", "search_tools", { query: "lamp0", limit: 20 })] },
      "Done",
    ]);
    await turn(llm);
    const results = (llm.requests[1]?.messages ?? []).filter(({ role }) => role === "tool");
    expect(results.map(({ content }) => content)).toEqual([
      "kettle2 runs",
      expect.stringContaining('There is no tool \\"acme_lamp0_start\\"'),
      expect.stringContaining("and 2 more."),
    ]);
    expect(llm.requests[2]?.messages.at(-1)?.content).not.toContain("acme_lamp0_start");
  });

  test("is always shown what the bot names, as far as there is room, and what its message names", async () => {
    const named = MANY.map(({ name }) => name).slice(0, 6);
    const { turn } = await chat({ tools: [...named, "*"], max_tools: 8 });
    const llm = scriptedLlm(["One", "Two"]);
    await turn(llm, "Go", { execution_config: { tools: ["acme_camera9_start", "mcp:crm"] } });
    await turn(llm);
    const core = ["clock", "get_tool_info", "search_tools", ...named.slice(0, 5)].sort();
    expect(llm.requests.map(shownIn)).toEqual([[...core, "acme_camera9_start", "look_up"], core]);
  });

  test("is shown all of them if the bot wants that, or if the channel disables the search", async () => {
    for (const [bot, settings] of [
      [{ tool_retrieval: false }, {}],
      [{ max_tools: 128 }, {}],
      [{}, { tools_disabled: ["search_tools"] }],
    ] as const) {
      const { turn } = await chat(bot, settings);
      const llm = scriptedLlm(["Hello"]);
      await turn(llm);
      expect(shownIn(llm.requests[0] as LlmRequest)).toEqual(
        [...MANY.map(({ name }) => name), "clock"].sort(),
      );
    }
  });

  describe("sends no endpoint more than it takes", () => {
    const HUNDREDS = Array.from({ length: 200 }, (_, at) =>
      tool(`bulk_${String(at).padStart(3, "0")}`, () => "done", { type: "local" }),
    );
    const last = "bulk_199";
    const first = async (bot: Partial<typeof bots.$inferInsert>, settings = {}, more = {}) => {
      const session = await addSession(db, await addBot(db, bot), settings);
      const llm = scriptedLlm(["Hello"]);
      const { agent } = agentOver(db, llm, { tools: [...TOOLS, ...HUNDREDS] });
      await say({ db, session, agent }, "Go", more);
      const [task] = await db.query.select().from(tasks).where(eq(tasks.session_id, session.id));
      return { shown: shownIn(llm.requests[0] as LlmRequest), warnings: task?.warnings ?? [] };
    };

    test("and lets its model find the others, although the bot wants to be shown all", async () => {
      const { shown, warnings } = await first({ tool_retrieval: false, tools: [last, "*"] });
      expect(shown).toEqual([last, "clock", "get_tool_info", "search_tools"]);
      expect(warnings).toEqual([
        "The run has 263 tools, and endpoints accept at most 128: its model is shown 4, the others are found with search_tools.",
      ]);
    });

    test("and leaves the others out, the core first, where it cannot search", async () => {
      const { shown, warnings } = await first(
        { tools: [last, "*"] },
        { tools_disabled: ["search_tools", "get_tool_info"] },
      );
      expect(shown.length).toBe(128);
      expect(shown).toContain(last);
      expect(shown).toContain("clock");
      expect(shown).not.toContain("bulk_198");
      expect(warnings[0]).toContain("The run has 261 tools");
      expect(warnings[0]).toEndWith("its model is shown 128, the others are left out.");
    });

    test("and counts the client's own, which are all shown", async () => {
      const client_tools = Array.from({ length: 64 }, (_, at) => ({
        name: `mine_${at}`,
        description: "Mine.",
        parameters: { type: "object", properties: {} },
      }));
      const named = HUNDREDS.map(({ name }) => name);
      const { shown, warnings } = await first(
        { tools: named, max_tools: 128 },
        {},
        { execution_config: { client_tools } },
      );
      expect(shown.filter((name) => name.startsWith("mine_")).length).toBe(64);
      expect(shown.length).toBeLessThanOrEqual(128);
      expect(warnings).toEqual([]);
    });
  });

  test("what a run found before it was taken over is not found again by the worker that lost it", async () => {
    const { session } = await chat();
    const task = await addTask(db, session, "Go");
    const stop = new AbortController();
    const llm = scriptedLlm(async () => {
      await db.query.update(tasks).set({ attempt: 2 }).where(eq(tasks.id, task.id));
      return { calls: [call("a", "search_tools", { query: "tractor" })] };
    });
    const { agent } = agentOver(db, llm, { tools: TOOLS });
    const failure = await agent.runTurn(task, stop.signal).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(HeddleError);
    const [stored] = await db.query.select().from(sessions).where(eq(sessions.id, session.id));
    expect(stored?.found_tools).toEqual([]);
  });

  test("a session that finds more and more forgets the earlier half at once", async () => {
    const { session, turn } = await chat({ max_tools: 5 });
    const queries = THINGS.map((thing) =>
      Array.from({ length: 10 }, (_, at) =>
        call(`${thing}${at}`, "get_tool_info", { name: `acme_${thing}${at}_start` }),
      ),
    );
    const llm = scriptedLlm([...queries.slice(0, 4).map((calls) => ({ calls })), "Enough"]);
    await turn(llm);
    const found = async () =>
      (await db.query.select().from(sessions).where(eq(sessions.id, session.id)))[0]?.found_tools ?? [];
    expect(await found()).toHaveLength(40);
    await turn(scriptedLlm([{ calls: queries[4] ?? [] }, "More"]));
    expect(await found()).toHaveLength(25);
    expect((await found()).at(-1)).toBe("acme_printer9_start");
  });
});
