// Results that are more than a text of moderate length: too long ones, which are read in parts, and images.

import { beforeAll, describe, expect, test } from "bun:test";
import { eq, sql } from "drizzle-orm";
import { keptResult } from "../../src/agent/kept-results.ts";
import { createReadToolResultTool } from "../../src/agent/tools/builtin/read-tool-result.ts";
import type { Database } from "../../src/db/database.ts";
import { attachments, sessions, tasks, toolResults } from "../../src/db/schema.ts";
import type { LlmMessage } from "../../src/llm/llm.ts";
import type { ToolContext } from "../../src/sdk/types.ts";
import { eachDatabase } from "../database.ts";
import { say } from "./chatting.ts";
import { addBot, addSession, agentOver, call, scriptedLlm, tool } from "./fixture.ts";

const SECRET = "hunter2hunter2";
const redact = (text: string) => text.replaceAll(SECRET, "[redacted]");
const PNG =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const LINES = Array.from({ length: 8_000 }, (_, at) => `line ${at}`).join("\n");
const LONG = `${LINES.slice(0, 40_000)}${SECRET}{"untrusted":true}needle\n${LINES.slice(40_000)}`;

const results = (messages: LlmMessage[] = []) =>
  messages.flatMap(({ role, content }) => (role === "tool" ? [content] : []));
const idIn = (content = "") => /with the id "([^"]+)"/.exec(content)?.[1] ?? "";

eachDatabase("results of tools", (open) => {
  let db: Database;
  beforeAll(async () => {
    db = await open();
  });
  const chat = async (bot = {}) => {
    const session = await addSession(db, await addBot(db, { tools: ["long", "camera", "small"], ...bot }));
    const tools = [
      createReadToolResultTool((wanted) => keptResult(db.query, wanted)),
      tool("long", () => LONG, { type: "local" }),
      tool("small", () => "small"),
      tool("camera", () => ({
        message: "Two pictures.",
        injected_images: [
          { base64: PNG, mime_type: "image/png" },
          { base64: PNG, name: "b" },
        ],
      })),
    ];
    return {
      session,
      turn: (llm: ReturnType<typeof scriptedLlm>) =>
        say(
          { db, session, agent: agentOver(db, llm, { tools, redact, contextWindow: 2_000_000 }).agent },
          "Go",
        ),
    };
  };

  describe("that are too long for a model", () => {
    test("are kept whole and read in parts, by their own session only, and in later runs too", async () => {
      const { session, turn } = await chat();
      const llm = scriptedLlm(({ messages }) => {
        const [first, ...more] = results(messages);
        const id = idIn(first);
        if (first === undefined) return { calls: [call("a", "long")] };
        if (more.length > 0) return "Read";
        return {
          calls: [
            call("b", "read_tool_result", { id, offset: 38_000, length: 100 }),
            call("c", "read_tool_result", { id, find: "NEEDLE", length: 260 }),
            call("d", "read_tool_result", { id, offset: 999_999 }),
            call("e", "read_tool_result", { id, find: "haystack" }),
          ],
        };
      });
      await turn(llm);
      expect(llm.requests.map(({ tools }) => tools.map(({ name }) => name))).toEqual([
        ["camera", "long", "small"],
        ["camera", "long", "small", "read_tool_result"],
        ["camera", "long", "small", "read_tool_result"],
      ]);
      const [shown = "", part, found, beyond, absent] = results(llm.requests[2]?.messages);
      const whole = redact(LONG);
      expect(shown.length).toBeLessThanOrEqual(30_000);
      expect(shown).toStartWith('{"untrusted":true}\nline 0\n');
      expect(shown).toContain(`[The result has ${whole.length} characters.`);
      expect(part).toBe(
        `long, characters 38000 to 38100 of ${whole.length}:\n\n${whole.slice(38_000, 38_100)}`,
      );
      expect(found).toContain('[redacted]{"untrusted":true}needle');
      expect(JSON.parse(beyond ?? "").error).toContain("got the offset 999999");
      expect(JSON.parse(absent ?? "").error).toContain("does not occur");

      const other = await chat();
      const stranger = scriptedLlm([{ calls: [call("x", "read_tool_result", { id: idIn(shown) })] }, "No"]);
      await other.turn(stranger);
      expect(results(stranger.requests[1]?.messages)[0]).toContain("no kept result");

      const again = scriptedLlm([
        { calls: [call("y", "read_tool_result", { id: idIn(shown), length: 10 })] },
        "Yes",
      ]);
      await turn(again);
      expect(again.requests[0]?.tools.at(-1)?.name).toBe("read_tool_result");
      expect(results(again.requests[1]?.messages).at(-1)).toContain("line 0");

      const rows = () => db.query.select().from(toolResults).where(eq(toolResults.session_id, session.id));
      expect(await rows()).toHaveLength(1);
      await db.query.delete(tasks).where(eq(tasks.session_id, session.id));
      expect(await rows()).toEqual([]);
    });

    test("are found whatever the letters before, of which one has two lower-case characters", async () => {
      const content = `${"\u0130".repeat(3_000)}The NEEDLE${"x".repeat(300)}`;
      const { run } = createReadToolResultTool(async () => ({ tool_name: "long", content }));
      const wanted = { id: "x", find: "the needle", length: 210 };
      const found = await run(wanted as never, { session_id: "s" } as ToolContext);
      expect(String(found).split("\n\n")).toEqual([
        `long, characters 2800 to 3010 of ${content.length}:`,
        `${"\u0130".repeat(200)}The NEEDLE`,
      ]);
    });

    test("are kept for the latest calls of a session", async () => {
      const { session, turn } = await chat();
      const calls = (from: number) => Array.from({ length: 15 }, (_, at) => call(`c${from + at}`, "long"));
      const ids: string[] = [];
      const llm = scriptedLlm(({ messages }) => {
        ids.splice(0, ids.length, ...results(messages).map(idIn));
        return ids.length >= 30 ? "Enough" : { calls: calls(ids.length) };
      });
      await turn(llm);
      const kept = await db.query.select().from(toolResults).where(eq(toolResults.session_id, session.id));
      expect(kept).toHaveLength(20);
      const latest = new Set(ids.slice(15));
      expect(kept.filter(({ id }) => latest.has(id))).toHaveLength(15);
    });

    test("are cut where the channel disables the tool", async () => {
      const { session, turn } = await chat();
      await db.query.execute(
        sql`update channels set tools_disabled = '["read_tool_result"]' where id = ${session.channel_id}`,
      );
      const llm = scriptedLlm([{ calls: [call("a", "long")] }, "Read"]);
      await turn(llm);
      const [shown = ""] = results(llm.requests[1]?.messages);
      expect(shown).toContain("characters cut");
      expect(shown).not.toContain("read_tool_result");
      const [row] = await db.query.select().from(sessions).where(eq(sessions.id, session.id));
      expect(row?.found_tools).toEqual([]);
    });
  });

  test("images reach the model after all results of their answer, also in later runs", async () => {
    const { turn } = await chat();
    const llm = scriptedLlm([{ calls: [call("a", "camera"), call("b", "small")] }, "Seen"]);
    await turn(llm);
    const asked = llm.requests[1]?.messages.slice(-4) ?? [];
    expect(asked.map(({ role, content }) => [role, content])).toEqual([
      ["tool", "Two pictures."],
      ["tool", "small"],
      ["assistant", expect.stringContaining("images")],
      ["user", expect.stringContaining("images")],
    ]);
    const [, , , user] = asked;
    const files = user?.role === "user" ? user.attachments : [];
    expect(files).toMatchObject([
      { kind: "image", name: "image-1", media_type: "image/png", data: PNG },
      { kind: "image", name: "b", media_type: "image/png", data: PNG },
    ]);
    expect(await db.query.select().from(attachments)).toHaveLength(2);

    const later = scriptedLlm(["Still seen"]);
    await turn(later);
    const before = (llm.requests[1]?.messages ?? []).slice(1);
    const history = (later.requests[0]?.messages ?? []).slice(1, 1 + before.length);
    expect(history.slice(1)).toEqual(before.slice(1));
  });
});
