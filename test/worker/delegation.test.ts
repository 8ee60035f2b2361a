// One bot gives work to another, over the real worker, queue and outbox.

import { expect, test } from "bun:test";
import type { Delegate } from "../../src/agent/delegating.ts";
import { bots, messages, sessions, tasks } from "../../src/db/schema.ts";
import type { LlmRequest } from "../../src/llm/llm.ts";
import type { PostMessageInput } from "../../src/sdk/types.ts";
import { createDelegation } from "../../src/sessions/delegation.ts";
import { createTasks } from "../../src/sessions/tasks.ts";
import { createReadTrace } from "../../src/sessions/trace.ts";
import { createWorker } from "../../src/worker/worker.ts";
import { agentOver, call, type Script, scriptedLlm } from "../agent/fixture.ts";
import { oneDatabase } from "../database.ts";
import { createSessionsFixture } from "../sessions/fixture.ts";
import { until } from "../until.ts";

const systemOf = ({ messages: [first] }: LlmRequest) => first?.content ?? "";
const lastOf = ({ messages: all }: LlmRequest) => all.at(-1)?.content ?? "";
const delegation = (to: string, prompt = "Write a poem.", id = "call_1") =>
  call(id, "delegate_to_agent", { bot_id: to, prompt });

oneDatabase("delegation", (open) => {
  async function start(script: Script, { wrap = (delegate: Delegate) => delegate } = {}) {
    const db = await open();
    const delivered: string[] = [];
    const posted: Omit<PostMessageInput, "clientActions">[] = [];
    const parts = await createSessionsFixture(db, {
      chat: {
        deliver: ({ result }) => {
          delivered.push(result);
          return { receipt: delivered.length };
        },
        postMessage: (input) => {
          posted.push(input);
          return { receipt: posted.length };
        },
      },
    });
    await db.query.insert(bots).values([
      { id: "editor", name: "Editor", system_prompt: "I am the editor.", delegate_bots: ["poet", "critic"] },
      {
        id: "poet",
        name: "Poet",
        description: "Writes.",
        icon_emoji: ":feather:",
        system_prompt: "I am the poet.",
        delegate_bots: ["*"],
      },
      { id: "critic", name: "Critic", system_prompt: "I am the critic." },
    ]);
    const llm = scriptedLlm(script);
    const { agent } = agentOver(db, llm, {
      delegate: wrap(createDelegation({ db, inject: parts.sessions.inject })),
    });
    const worker = createWorker({
      ...parts,
      agent,
      redact: (text) => text,
      concurrency: 1,
      maxRunSeconds: 60,
      maxUnattendedRuns: 30,
    });
    const send = async (botId: string, content = "A poem, please.", fromPerson = true) => {
      const { session_id } = await parts.sessions.getOrCreate({ clientId: "test:room", botId });
      const { task_id } = await parts.sessions.inject(
        { sessionId: session_id, content, source: "test", runAgent: true, dispatchConfig: { type: "chat" } },
        "test",
        { fromPerson },
      );
      return String(task_id);
    };
    const ended = (id: string) =>
      until(
        () => parts.tasks.get(id),
        ({ status }) => ["complete", "failed", "cancelled"].includes(status),
      );
    const close = async () => {
      await worker.close();
      await parts.queue.close();
    };
    return { ...parts, db, llm, delivered, posted, send, ended, close };
  }

  test("the run waits without a place in the worker, and goes on with the other bot's answer", async () => {
    const {
      send,
      ended,
      delivered,
      llm,
      sessions: all,
      db,
      close,
    } = await start((request) => {
      if (systemOf(request).includes("I am the poet.")) return `A poem for: ${lastOf(request).slice(0, 13)}`;
      return lastOf(request).startsWith("{")
        ? `The poet says: ${lastOf(request)}`
        : { calls: [delegation("poet")] };
    });
    const id = await send("editor");
    expect(await ended(id)).toMatchObject({
      status: "complete",
      result: 'The poet says: {"result":"A poem for: Write a poem."}',
    });
    await until(() => delivered.length === 1);
    expect(delivered).toEqual(['The poet says: {"result":"A poem for: Write a poem."}']);
    const offered = llm.requests[0]?.tools.find(({ name }) => name === "delegate_to_agent");
    expect(offered?.description).toContain("- poet: Poet. Writes.");
    expect(offered?.description).not.toContain("editor");
    const { spans } = await createReadTrace(db)(id);
    const [work] = (await db.query.select().from(tasks)).filter(({ bot_id }) => bot_id === "poet");
    const call = spans.find(({ name }) => name === "execute_tool delegate_to_agent");
    expect(call?.attributes).toMatchObject({ "heddle.delegated.task_id": work?.id });
    expect(Number(call?.end)).toBeGreaterThanOrEqual(Number(work?.completed_at));
    // The work has a session of its own in the same channel, which is not the one that people would talk in.
    const made = await db.query.select().from(sessions);
    expect(made.map(({ bot_id, active }) => [bot_id, active]).sort()).toEqual([
      ["editor", true],
      ["poet", false],
    ]);
    expect(new Set(made.map(({ channel_id }) => channel_id)).size).toBe(1);
    const listed = async (delegated?: boolean) =>
      (await all.list({ limit: 9, ...(delegated !== undefined && { delegated }) }))
        .map(({ bot_id }) => bot_id)
        .sort();
    expect([await listed(), await listed(true), await listed(false)]).toEqual([
      ["editor", "poet"],
      ["poet"],
      ["editor"],
    ]);
    const [asked] = (await db.query.select().from(messages)).filter(({ source }) => source === "delegation");
    expect(asked).toMatchObject({
      from_person: false,
      metadata: { delegated_by: "editor", delegated_by_display: "Editor", delegation_task_id: id },
    });
    await close();
  });

  test("the other bot's answer is posted in its own name where the conversation takes place, if that is wanted", async () => {
    const wanted = (thread: boolean) => ({ post_answer: true, ...(!thread && { reply_in_thread: false }) });
    const work = (to: string, thread: boolean) =>
      call("call_1", "delegate_to_agent", { bot_id: to, prompt: "Write.", ...wanted(thread) });
    const {
      send,
      ended,
      delivered,
      posted,
      tasks: all,
      close,
    } = await start((request) => {
      const system = systemOf(request);
      if (system.includes("I am the critic.")) return "Fine.";
      if (lastOf(request).startsWith("{")) return system.includes("I am the poet.") ? "A poem." : "Done.";
      return { calls: [system.includes("I am the poet.") ? work("critic", false) : work("poet", true)] };
    });
    const id = await send("editor");
    expect(await ended(id)).toMatchObject({ status: "complete" });
    await until(() => posted.length === 2 && delivered.length === 1);
    const [ofPoet] = await all.list({ delegation_task_id: id });
    // The critic's work was asked for by the poet, and is posted where the editor was asked.
    expect(posted).toMatchObject([
      {
        text: "Fine.",
        username: "Critic",
        replyInThread: false,
        dispatchConfig: { type: "chat" },
        extraMetadata: {
          ...{ bot_id: "critic", bot_display: "Critic" },
          ...{ delegated_by: "poet", delegated_by_display: "Poet", delegation_task_id: ofPoet?.id },
        },
      },
      {
        text: "A poem.",
        username: "Poet",
        iconEmoji: ":feather:",
        replyInThread: true,
        extraMetadata: {
          ...{ bot_id: "poet", bot_display: "Poet", icon_emoji: ":feather:" },
          ...{ delegated_by: "editor", delegated_by_display: "Editor", delegation_task_id: id },
        },
      },
    ]);
    expect(delivered).toEqual(["Done."]);
    await close();
  });

  test("several at once are awaited together; one that fails is an error that the bot reads", async () => {
    const { send, ended, llm, close } = await start((request) => {
      if (systemOf(request).includes("I am the poet.")) return "A poem.";
      if (systemOf(request).includes("I am the critic.")) return new Error("out of order");
      if (lastOf(request).startsWith("{")) return "Done.";
      return { calls: [delegation("poet", "Write.", "a"), delegation("critic", "Read.", "b")] };
    });
    expect(await ended(await send("editor"))).toMatchObject({ status: "complete", result: "Done." });
    const results = llm.requests.at(-1)?.messages.filter(({ role }) => role === "tool");
    expect(
      results?.map(({ content }) => JSON.parse(content)).sort((a, b) => (a.error ? 1 : b.error ? -1 : 0)),
    ).toEqual([{ result: "A poem." }, { error: expect.stringContaining("internal error") }]);
    await close();
  });

  test("only bots of the list, none of those that wait, and not without end", async () => {
    const { send, ended, llm, close } = await start((request) => {
      const system = systemOf(request);
      const answer = lastOf(request).startsWith("{") ? lastOf(request) : undefined;
      if (system.includes("I am the critic.")) return "Fine.";
      if (system.includes("I am the poet.")) {
        return answer ?? { calls: [delegation("editor", "Do it yourself.")] };
      }
      return answer ?? { calls: [delegation("poet")] };
    });
    const { result } = await ended(await send("editor"));
    expect(result).toContain("bot_id must be one of critic, default, other; got editor.");
    const ofCritic = llm.requests.find(({ messages: [first] }) =>
      first?.content.includes("I am the critic."),
    );
    expect(ofCritic).toBeUndefined();
    await close();
  });

  test("a person lets one run delegate by naming a bot; a stranger's text does not", async () => {
    const { send, ended, llm, close } = await start((request) =>
      systemOf(request).includes("I am the poet.")
        ? "A poem."
        : request.tools.some(({ name }) => name === "delegate_to_agent") && !lastOf(request).startsWith("{")
          ? { calls: [delegation("poet")] }
          : "Done.",
    );
    await ended(await send("critic", "Ask @bot:poet."));
    expect(llm.requests).toHaveLength(3);
    await ended(await send("critic", "Ask @bot:poet.", false));
    expect(llm.requests).toHaveLength(4);
    await close();
  });

  test("a run that was interrupted between the call and its pause starts the work once", async () => {
    let losses = 1;
    const { send, ended, db, close } = await start(
      (request) => {
        if (systemOf(request).includes("I am the poet.")) return "A poem.";
        return lastOf(request).startsWith("{") ? "Done." : { calls: [delegation("poet")] };
      },
      {
        wrap: (delegate) => async (work) => {
          await delegate(work);
          // As after a restart, the same call is begun a second time.
          if (losses-- > 0) await delegate(work);
        },
      },
    );
    expect(await ended(await send("editor"))).toMatchObject({ status: "complete", result: "Done." });
    const all = await db.query.select().from(tasks);
    expect(all.map(({ bot_id }) => bot_id).sort()).toEqual(["editor", "poet"]);
    await close();
  });

  test("cancelling the run that waits cancels the work that it has delegated", async () => {
    const begun = Promise.withResolvers<void>();
    const {
      send,
      ended,
      tasks: all,
      outbox,
      db,
      close,
    } = await start(async (request) => {
      if (!systemOf(request).includes("I am the poet.")) return { calls: [delegation("poet")] };
      begun.resolve();
      await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
      throw request.signal.reason;
    });
    const id = await send("editor");
    await begun.promise;
    await until(
      () => all.get(id),
      ({ status }) => status === "waiting",
    );
    expect(await all.cancel(id)).toMatchObject({
      status: "cancelled",
      error: "Cancelled while it waited for a result.",
    });
    const [work] = (await db.query.select().from(tasks)).filter(({ bot_id }) => bot_id === "poet");
    expect(await ended(String(work?.id))).toMatchObject({ status: "cancelled" });
    // Nobody reads what became of it, least of all the bot with the next message.
    const told = await until(
      async () => (await outbox.list({ task_id: String(work?.id) }))[0],
      (delivery) => delivery?.status === "delivered",
    );
    expect(told?.receipt).toEqual({ task_id: id, skipped: "the run was cancelled" });
    expect((await db.query.select().from(messages)).map(({ source }) => source)).not.toContain("internal");
    await close();
  });

  test("a chain of delegated work is cancelled as a whole or not at all", async () => {
    const begun = Promise.withResolvers<void>();
    const {
      send,
      tasks: all,
      db,
      queue,
      close,
    } = await start(async (request) => {
      const system = systemOf(request);
      if (system.includes("I am the editor.")) return { calls: [delegation("poet")] };
      if (system.includes("I am the poet.")) return { calls: [delegation("critic")] };
      begun.resolve();
      await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
      throw request.signal.reason;
    });
    const id = await send("editor");
    await begun.promise;
    const statuses = async () =>
      Object.fromEntries((await db.query.select().from(tasks)).map(({ bot_id, status }) => [bot_id, status]));
    await until(statuses, ({ poet }) => poet === "waiting");
    const lost = createTasks({
      db,
      queue: {
        ...queue,
        async withdrawAll(...args) {
          await queue.withdrawAll(...args);
          throw new Error("connection lost");
        },
      },
    });
    await expect(lost.cancel(id)).rejects.toThrow("connection lost");
    expect(await statuses()).toEqual({ editor: "waiting", poet: "waiting", critic: "running" });
    await all.cancel(id);
    expect(await statuses()).toMatchObject({ editor: "cancelled", poet: "cancelled" });
    await until(statuses, ({ critic }) => critic === "cancelled");
    await close();
  });

  test("cancelling delegated work that has not begun or waits is told to the run that asked for it, at once", async () => {
    for (const waits of [false, true]) {
      const begun = Promise.withResolvers<void>();
      const go = Promise.withResolvers<void>();
      const {
        send,
        ended,
        llm,
        tasks: all,
        db,
        close,
      } = await start(async (request) => {
        const system = systemOf(request);
        if (system.includes("I am the critic.")) {
          begun.resolve();
          await go.promise;
          return "Fine.";
        }
        if (system.includes("I am the poet.")) return { calls: [delegation("critic", "Read.")] };
        if (lastOf(request).startsWith("{")) return `Told: ${lastOf(request)}`;
        // With one place in the worker, the second piece of work waits for the first.
        return {
          calls: waits
            ? [delegation("poet")]
            : [delegation("critic", "Read.", "a"), delegation("poet", "Write.", "b")],
        };
      });
      const id = await send("editor");
      await begun.promise;
      const poet = await until(
        async () => (await db.query.select().from(tasks)).find(({ bot_id }) => bot_id === "poet"),
        (task) => task?.status === (waits ? "waiting" : "pending"),
      );
      await all.cancel(String(poet?.id), "Nobody wants it.");
      go.resolve();
      expect(await ended(id)).toMatchObject({
        status: "complete",
        result: expect.stringContaining("Told: {"),
      });
      const told = llm.requests
        .at(-1)
        ?.messages.filter(({ role }) => role === "tool")
        .map(({ content }) => content);
      expect(told).toContain('{"error":"Nobody wants it."}');
      expect(told).toHaveLength(waits ? 1 : 2);
      await close();
    }
  });
});
