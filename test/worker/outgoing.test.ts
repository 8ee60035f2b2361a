// What bots post themselves, and runs that follow from the outcome of others, over the real worker, queue and outbox.

import { beforeAll, beforeEach, expect, test } from "bun:test";
import { eq, sql } from "drizzle-orm";
import { rowsOf } from "../../src/db/database.ts";
import { bots, messages, tasks } from "../../src/db/schema.ts";
import { createHeartbeatPosts } from "../../src/schedules/post-heartbeat.ts";
import type { DeliverInput, PostMessageInput } from "../../src/sdk/types.ts";
import { isTainted } from "../../src/taint/taint.ts";
import { createWorker } from "../../src/worker/worker.ts";
import { agentOver, type Script, scriptedLlm } from "../agent/fixture.ts";
import { eachDatabase, type TestDatabase } from "../database.ts";
import { createSessionsFixture } from "../sessions/fixture.ts";
import { until } from "../until.ts";

eachDatabase("what leaves a run", (open) => {
  let db: TestDatabase;
  let parts: Awaited<ReturnType<typeof createSessionsFixture>>;
  let delivered: DeliverInput[] = [];
  let posted: PostMessageInput[] = [];
  let script: (text: string) => string = () => "Fine.";
  const heard: string[] = [];

  beforeAll(async () => {
    db = await open();
    const answering: Script = ({ messages: all }) => {
      const text = all.at(-1)?.content ?? "";
      heard.push(text);
      return script(text);
    };
    parts = await createSessionsFixture(db, {
      chat: {
        deliver: (input) => {
          delivered.push(input);
          return { receipt: 1 };
        },
        postMessage: (input) => {
          posted.push(input as PostMessageInput);
          return { receipt: 2 };
        },
      },
      mute: {
        deliver: (input) => {
          delivered.push(input);
          return { receipt: 3 };
        },
      },
    });
    await db.query.update(bots).set({ name: "Keeper", icon_emoji: "🪶" }).where(eq(bots.id, "default"));
    const worker = createWorker({
      ...parts,
      agent: agentOver(db, scriptedLlm(answering)).agent,
      redact: (text) => text,
      concurrency: 2,
      maxRunSeconds: 60,
      maxUnattendedRuns: 30,
    });
    db.beforeClose(worker.close);
  });
  beforeEach(() => {
    delivered = [];
    posted = [];
    heard.length = 0;
  });

  const heartbeatIn = async (client_id: string, type: string) => {
    const { channel } = await parts.channels.getOrCreate(client_id, {
      bot_id: "default",
      dispatch_config: { type },
    });
    const made = await parts.schedules.create(
      channel.id,
      {
        name: "Heartbeat",
        content: "Look around.",
        timing: { kind: "interval", seconds: 3600 },
        heartbeat: { posts: "always" },
      },
      { origin: "person", owner: null, hops: 0 },
    );
    await parts.schedules.runNow(made.id, undefined);
    return made.id;
  };

  test("a heartbeat's answer is a post of its bot, or a delivery where nothing can be posted", async () => {
    script = () => "All is quiet.";
    const id = await heartbeatIn("test:heartbeat", "chat");
    await until(() => posted.length === 1);
    expect(posted).toMatchObject([
      {
        text: "All is quiet.",
        username: "Keeper",
        iconEmoji: "🪶",
        replyInThread: false,
        extraMetadata: { bot_id: "default", bot_display: "Keeper", heartbeat: true, schedule_id: id },
      },
    ]);
    await heartbeatIn("test:mute", "mute");
    await until(() => delivered.length === 1);
    expect(delivered).toMatchObject([
      { result: "All is quiet.", isError: false, extraMetadata: { heartbeat: true } },
    ]);
  });

  test("what a heartbeat posts with its tool taints no later run of its conversation", async () => {
    const { session_id } = await parts.sessions.getOrCreate({ clientId: "test:posts", botId: "default" });
    const posts = createHeartbeatPosts({ query: db.query, inject: parts.sessions.inject });
    await parts.channels.update(
      (await parts.channels.getOrCreate("test:posts", { bot_id: "default" })).channel.id,
      { dispatch_config: { type: "chat" } },
    );
    const run = { session_id, bot_id: "default", call_id: "call-1" };
    await posts.post(run, "Disk is full.");
    await posts.post(run, "Disk is full.");
    await until(() => posted.length === 1);
    expect(posted).toMatchObject([{ text: "Disk is full.", username: "Keeper", iconEmoji: "🪶" }]);
    const [history] = await parts.sessions.messages(session_id, { limit: 9 });
    expect(history).toMatchObject({ content: "Disk is full.", role: "user" });
    const found = await db.query.execute(
      sql`select ${sql.raw(isTainted(`'${session_id}'::uuid`))} as tainted`,
    );
    expect(rowsOf(found)).toEqual([{ tainted: false }]);
  });

  test("callback_config: the session goes on with the answer, and the parent is told", async () => {
    const { session_id: parent } = await parts.sessions.getOrCreate({ clientId: "test:p", botId: "other" });
    const { session_id } = await parts.sessions.getOrCreate({ clientId: "test:c", botId: "default" });
    script = (text) => (text.includes("Task ") ? "Noted." : "42");
    const message = {
      sessionId: session_id,
      content: "Six times seven?",
      source: "test",
      runAgent: true,
      dispatchConfig: { type: "mute" },
      callbackConfig: {
        trigger_rag_loop: true,
        notify_parent: true,
        parent_session_id: parent,
        model_override: "big-model",
      },
    };
    const { task_id } = await parts.sessions.inject(message, "test", { fromPerson: true, owner: "key:k1" });
    await until(() => delivered.length === 3);
    // Once each, with the target and the owner of the run that ended, and never again from there.
    expect(delivered.map(({ result }) => result).sort()).toEqual(["42", "Noted.", "Noted."]);
    expect(heard.filter((text) => text.includes(`Task ${task_id} of default finished:\n\n42`))).toHaveLength(
      2,
    );
    const made = await db.query.select().from(tasks).where(eq(tasks.source, "callback"));
    expect(made.map((one) => [one.session_id, one.owner, one.callback_config]).sort()).toEqual(
      [
        [session_id, "key:k1", {}],
        [parent, "key:k1", {}],
      ].sort(),
    );
    const [first] = await db.query
      .select()
      .from(tasks)
      .where(eq(tasks.id, String(task_id)));
    expect(first?.execution_config).toEqual({ model_override: "big-model" });
    const [told] = await db.query
      .select()
      .from(messages)
      .where(eq(messages.id, String(made[0]?.message_id)));
    expect(told).toMatchObject({ from_person: false, metadata: { callback_task_id: task_id } });
    await expect(
      parts.sessions.inject({ ...message, callbackConfig: { notify_parent: true } }),
    ).rejects.toMatchObject({ code: "validation", field: "callback_config.parent_session_id" });
  });
});
