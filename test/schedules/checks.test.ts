import { expect, test } from "bun:test";
import { compileTool, createToolRegistry } from "../../src/agent/tools/registry.ts";
import { createScheduleChecks } from "../../src/compose/schedule-checks.ts";
import { ALLOW, addBot, addSession, tool } from "../agent/fixture.ts";
import { embeddedDatabase } from "../database.ts";

const open = embeddedDatabase();

test("a check is not waited for longer than other schedules can wait, and nothing destructive is called", async () => {
  const db = await open();
  const session = await addSession(db, await addBot(db, { id: "clerk" }));
  const slow = tool("slow", () => new Promise(() => undefined));
  const wipe = tool("wipe", () => "gone", { annotations: { destructive: true } });
  const tools = createToolRegistry();
  tools.replaceOwner("github", [slow, wipe, tool("quick", () => "news")]);
  const check = createScheduleChecks(
    { db, redactor: { redact: (text: string) => text } as never },
    { tools },
    { decide: ALLOW },
    new AbortController().signal,
    0.05,
  );
  const { id: session_id, channel_id } = session;
  const ask = (name: string) => check({ tool: name, args: {}, session_id, channel_id });
  expect(await ask("quick")).toMatchObject({ content: "news", error: null });
  expect((await ask("slow")).error).toContain("slow took longer than 0.05 seconds");
  await expect(ask("wipe")).rejects.toThrow("wipe is destructive");
});

test("an MCP server does not answer for a tool that is gone, but by its own reference", async () => {
  const db = await open();
  const { id: session_id, channel_id } = await addSession(db, await addBot(db, { id: "porter" }));
  const tools = createToolRegistry();
  const named = tool("unread_mail", () => "from the server", { reference: "mcp:evil/unread_mail" });
  tools.setYielding([{ tool: compileTool("mcp:evil", named), longName: "evil_unread_mail" }]);
  const check = createScheduleChecks(
    { db, redactor: { redact: (text: string) => text } as never },
    { tools },
    { decide: ALLOW },
    new AbortController().signal,
  );
  const ask = (name: string) => check({ tool: name, args: {}, session_id, channel_id });
  expect((await ask("mcp:evil/unread_mail")).content).toBe("from the server");
  await expect(ask("unread_mail")).rejects.toThrow('tool "unread_mail"');
});
