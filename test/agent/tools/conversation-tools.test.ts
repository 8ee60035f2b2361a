// The tools with which a bot looks at its channel: its runs, and what was said before.

import { beforeAll, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { callTool } from "../../../src/agent/tools/call.ts";
import { compileTool } from "../../../src/agent/tools/registry.ts";
import { conversationTools } from "../../../src/compose/conversation-tools.ts";
import type { Database } from "../../../src/db/database.ts";
import { channels, messages, tasks as taskRows } from "../../../src/db/schema.ts";
import { createTasks } from "../../../src/sessions/tasks.ts";
import { BOT_SCHEDULE } from "../../../src/taint/taint.ts";
import { eachDatabase } from "../../database.ts";
import { say } from "../chatting.ts";
import { addBot, addMessage, addSession, addTask, agentOver, call, scriptedLlm } from "../fixture.ts";

eachDatabase("tools about the conversation", (open) => {
  let db: Database;
  beforeAll(async () => {
    db = await open();
  });

  const toolsFor = (task: { id: string; session_id: string; channel_id: string; bot_id: string }) => {
    const queue = { withdrawAll: async () => undefined } as unknown as Parameters<
      typeof createTasks
    >[0]["queue"];
    const tools = new Map(
      conversationTools({ db, tasks: createTasks({ db, queue }) }).map((tool) => [
        tool.name,
        compileTool("core", tool),
      ]),
    );
    return async (name: string, args: object = {}) => {
      const { content } = await callTool(call("id", name, args), {
        tools,
        run: {
          ...{
            task_id: task.id,
            session_id: task.session_id,
            channel_id: task.channel_id,
            bot_id: task.bot_id,
          },
          ...{ client_id: "x:1", correlation_id: "k", call_id: "call" },
        },
        signal: new AbortController().signal,
        redact: (text) => text,
        permit: async () => undefined,
        now: () => 0,
      });
      return JSON.parse(content);
    };
  };

  test("runs are listed, read and cancelled in their own channel only", async () => {
    const bot = await addBot(db);
    const session = await addSession(db, bot);
    const earlier = await addTask(db, session, "Water the plants", { status: "pending" });
    const own = await addTask(db, session, "What goes on?");
    const foreign = await addTask(db, await addSession(db, bot), "Elsewhere", { status: "pending" });
    const tool = toolsFor(own);

    const { tasks } = await tool("list_tasks");
    expect(tasks).toMatchObject([
      { id: own.id, is_this_run: true, status: "running", prompt: "What goes on?" },
      { id: earlier.id, status: "pending", prompt: "Water the plants", bot_id: bot },
    ]);
    expect((await tool("list_tasks", { status: "failed" })).tasks).toEqual([]);
    for (const name of ["get_task_result", "cancel_task"])
      expect((await tool(name, { task_id: foreign.id })).error).toContain("There is no run");
    expect((await tool("cancel_task", { task_id: own.id })).error).toContain("that you are in");
    expect(await tool("cancel_task", { task_id: earlier.id })).toMatchObject({
      id: earlier.id,
      status: "cancelled",
    });
    expect(await tool("get_task_result", { task_id: earlier.id })).toMatchObject({
      prompt: "Water the plants",
      result: null,
      error: `Cancelled by the bot ${bot}.`,
    });
    const [row] = await db.query.select().from(taskRows).where(eq(taskRows.id, foreign.id));
    expect(row?.status).toBe("pending");
  });

  test("history is read backwards page by page, with what strangers wrote marked", async () => {
    const session = await addSession(db, await addBot(db));
    const { agent } = agentOver(db, scriptedLlm(["One.", "Two.", "Three."]), {});
    await say({ db, session, agent }, "First");
    await say({ db, session, agent }, "Second", { fromPerson: false });
    await say({ db, session, agent }, "Third");
    await addMessage(db, session, "Nobody asked");
    const task = await addTask(db, session, "What was first?");
    await addMessage(db, session, "Later");
    const tool = toolsFor(task);
    const page = await tool("read_conversation_history", { limit: 4 });
    expect(page.untrusted).toBeUndefined();
    expect(page.messages.map(({ text }: { text: string }) => text)).toEqual([
      "Two.",
      "Third",
      "Three.",
      "Nobody asked",
    ]);
    const before = await tool("read_conversation_history", { limit: 4, before: page.before });
    expect(before).toMatchObject({
      untrusted: true,
      messages: [
        { said_by: "the other side", text: "First" },
        { said_by: "you", text: "One." },
        { said_by: "the other side", text: "Second" },
      ],
    });
    expect(before.before).toBeUndefined();
    await db.query.update(channels).set({ passive_memory: false }).where(eq(channels.id, session.channel_id));
    const answered = await tool("read_conversation_history", { limit: 1 });
    expect(answered.messages[0].text).toBe("Three.");
  });

  test("what Heddle itself wrote is not a stranger's in the history", async () => {
    const session = await addSession(db, await addBot(db));
    const { agent } = agentOver(db, scriptedLlm(["Good morning."]), {});
    await say({ db, session, agent }, "Say good morning", { fromPerson: false });
    const tool = toolsFor(await addTask(db, session, "What was said?"));
    expect(await tool("read_conversation_history")).toMatchObject({ untrusted: true });
    await db.query
      .update(messages)
      .set({ dedupe_key: `${BOT_SCHEDULE}:${session.id}` })
      .where(eq(messages.content, "Say good morning"));
    expect((await tool("read_conversation_history")).untrusted).toBeUndefined();
  });
});
