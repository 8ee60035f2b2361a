import { expect, test } from "bun:test";
import { createToolRegistry } from "../../src/agent/tools/registry.ts";
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
