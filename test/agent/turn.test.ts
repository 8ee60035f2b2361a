import { beforeAll, describe, expect, test } from "bun:test";
import { asc, eq } from "drizzle-orm";
import type { ClaimedTask } from "../../src/agent/claimed-task.ts";
import { saveFinalStep, type TurnOutcome } from "../../src/agent/turn.ts";
import type { Database } from "../../src/db/database.ts";
import { channels, llmCalls, messages, tasks, toolCalls } from "../../src/db/schema.ts";
import { HeddleError } from "../../src/errors.ts";
import type { LlmMessage } from "../../src/llm/llm.ts";
import { createRedactor } from "../../src/redact.ts";
import { eachDatabase } from "../database.ts";
import { addBot, addMessage, addSession, addTask, agentOver, call, scriptedLlm, tool } from "./fixture.ts";

const running = () => new AbortController().signal;

async function finish(db: Database, task: ClaimedTask, outcome: TurnOutcome): Promise<void> {
  await db.query.transaction(async (tx) => {
    await tx.update(tasks).set({ status: "complete" }).where(eq(tasks.id, task.id));
    await saveFinalStep(tx, task, outcome.final);
  });
}

const rowsOf = (db: Database, task: ClaimedTask) =>
  db.query.select().from(messages).where(eq(messages.task_id, task.id)).orderBy(asc(messages.position));
const callsOf = (db: Database, task: ClaimedTask) =>
  db.query.select().from(toolCalls).where(eq(toolCalls.task_id, task.id)).orderBy(asc(toolCalls.call_id));

/** The messages that the model got, without the prompts that every run has. */
const conversation = (shown: LlmMessage[]) =>
  shown.filter((m) => m.role !== "system").map((m) => `${m.role}: ${m.content}`);

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(
    () => undefined,
    (thrown) => thrown,
  );
  return error instanceof HeddleError ? error.code : String(error);
}

eachDatabase("a turn", (open) => {
  let db: Database;
  beforeAll(async () => {
    db = await open();
  });

  test("answers, and stores the answer with the end of the task", async () => {
    const session = await addSession(db, await addBot(db, { system_prompt: "Be kind." }));
    const task = await addTask(db, session, "Hello", { execution_config: { system_preamble: "Be brief." } });
    const llm = scriptedLlm(["Hi!"]);
    const outcome = await agentOver(db, llm).agent.runTurn(task, running());
    expect(outcome.text).toBe("Hi!");
    expect(outcome.clientActions).toEqual([]);
    expect(await rowsOf(db, task)).toEqual([]);

    await finish(db, task, outcome);
    const [answer] = await rowsOf(db, task);
    expect(answer).toMatchObject({ id: outcome.final.messageId, role: "assistant", content: "Hi!" });
    expect(await db.query.select().from(llmCalls).where(eq(llmCalls.task_id, task.id))).toMatchObject([
      {
        bot_id: session.bot_id,
        integration_id: null,
        provider: "scripted",
        model: "default-model",
        iteration: 1,
        prompt_tokens: 10,
        cached_input_tokens: 6,
        cache_write_tokens: 3,
        completion_tokens: 2,
        cost_usd: "0.0000000123",
        duration_ms: 5,
        error: null,
      },
    ]);
    const shown = llm.requests[0]?.messages ?? [];
    expect(shown.map((m) => m.role)).toEqual(["system", "user"]);
    expect(shown[0]?.content).toEndWith("\n\nBe kind.");
    expect(shown[1]).toMatchObject({
      content: "Hello",
      context: expect.stringMatching(/^Be brief\.\n\n.*Europe\/Vienna/),
    });
  });

  test("stores calls before they run and results as they arrive; the model gets them in call order", async () => {
    const task = await addTask(db, await addSession(db, await addBot(db)), "Go");
    const slow = Promise.withResolvers<void>();
    const looked = Promise.withResolvers<void>();
    const statusWhileRunning: string[] = [];
    const tools = [
      tool("first", async () => {
        await slow.promise;
        return "one";
      }),
      tool("second", async () => {
        statusWhileRunning.push(...(await callsOf(db, task)).map((row) => row.status));
        looked.resolve();
        return { two: 2, client_action: { type: "upload_file", data: "aGk=" }, message: "Uploaded." };
      }),
      tool("third", async () => {
        await looked.promise;
        slow.resolve();
        throw new Error("third is broken");
      }),
    ];
    const llm = scriptedLlm([
      { text: "Let me see.", calls: [call("a", "first"), call("b", "second"), call("c", "third")] },
      "Done",
    ]);
    const { agent, fired } = agentOver(db, llm, { tools });
    const outcome = await agent.runTurn(task, running());

    expect(statusWhileRunning).toEqual(["running", "running", "running"]);
    expect(outcome.clientActions).toEqual([{ type: "upload_file", data: "aGk=" }]);
    expect(
      (await callsOf(db, task)).map(({ call_id, status, error, iteration }) => [
        call_id,
        status,
        error,
        iteration,
      ]),
    ).toEqual([
      ["a", "done", null, 1],
      ["b", "done", null, 1],
      ["c", "failed", "The tool failed: third is broken", 1],
    ]);
    expect(conversation(llm.requests[1]?.messages ?? [])).toEqual([
      "user: Go",
      "assistant: Let me see.",
      "tool: one",
      "tool: Uploaded.",
      'tool: {"error":"The tool failed: third is broken"}',
    ]);
    expect((await rowsOf(db, task)).map((row) => row.role)).toEqual(["assistant", "tool", "tool", "tool"]);
    expect(fired.map(({ event }) => event)).toEqual([
      "before_context_assembly",
      "before_llm_call",
      "after_llm_call",
      "before_tool_execution",
      "before_tool_execution",
      "before_tool_execution",
      ...Array(3).fill("after_tool_call"),
      "before_llm_call",
      "after_llm_call",
      "after_response",
    ]);
  });

  test("hooks get the guide's keys, with arguments as objects", async () => {
    const session = await addSession(db, await addBot(db));
    const task = await addTask(db, session, "Go");
    const llm = scriptedLlm([{ calls: [call("a", "greet", { name: "Ada" })] }, "Hello Ada"]);
    const { agent, fired } = agentOver(db, llm, { tools: [tool("greet", () => "hi")] });
    await agent.runTurn(task, running());
    const extra = (event: string, nth = 0) => fired.filter((one) => one.event === event)[nth]?.ctx.extra;
    expect(fired[0]?.ctx).toMatchObject({
      bot_id: task.bot_id,
      session_id: session.id,
      channel_id: session.channel_id,
      client_id: session.client_id,
      correlation_id: task.correlation_id,
    });
    expect(extra("before_context_assembly")).toEqual({ user_message: "Go" });
    expect(extra("before_llm_call")).toEqual({
      model: "default-model",
      message_count: 2,
      tools_count: 1,
      provider_id: "scripted",
      iteration: 1,
    });
    expect(extra("after_llm_call", 1)).toEqual({
      model: "default-model",
      duration_ms: 5,
      prompt_tokens: 10,
      completion_tokens: 2,
      total_tokens: 12,
      tool_calls_count: 0,
      fallback_used: false,
      fallback_model: null,
      iteration: 2,
      provider_id: "scripted",
    });
    expect(extra("before_tool_execution")).toEqual({
      tool_name: "greet",
      tool_type: "local",
      args: { name: "Ada" },
      iteration: 1,
    });
    expect(extra("after_tool_call")).toEqual({
      tool_name: "greet",
      tool_args: { name: "Ada" },
      duration_ms: expect.any(Number),
    });
    expect(extra("after_response")).toEqual({ response_length: 9, tool_calls_made: 1 });
  });

  test("hook callbacks get the run's subject and its outcome", async () => {
    const session = await addSession(db, await addBot(db));
    const task = {
      ...(await addTask(db, session, "Go")),
      dispatch_type: "chat",
      dispatch_config: { room: "ops" },
    };
    const metadata = { message_ts: "1.2", author: { id: "u1", display_name: "Ada" } };
    await db.query.update(messages).set({ metadata }).where(eq(messages.id, task.message_id));
    const llm = scriptedLlm([{ calls: [call("a", "greet"), call("b", "gone")] }, "Hello Ada"]);
    const { agent, fired } = agentOver(db, llm, { tools: [tool("greet", () => "hi")] });
    await agent.runTurn(task, running());
    const subject = {
      task_id: task.id,
      source: "test",
      message: { id: task.message_id, metadata, author: { id: "u1", display_name: "Ada" } },
      dispatch_config: { type: "chat", room: "ops" },
    };
    for (const { more } of fired) expect(more).toMatchObject(subject);
    expect(fired.length).toBe(9);
    const calls = fired.filter(({ event }) => event === "after_tool_call").map(({ more }) => more);
    expect(calls).toContainEqual({ ...subject, result: "hi", error: null });
    expect(calls).toContainEqual({
      ...subject,
      result: expect.stringContaining("There is no tool"),
      error: expect.stringContaining("There is no tool"),
    });
    expect(fired.at(-1)?.more).toEqual({ ...subject, status: "complete", result: "Hello Ada" });
  });

  test.each([
    ["cancelled", new HeddleError("cancelled", "Stopped."), "Stopped."],
    ["failed", new HeddleError("model_failed", "No model."), "No model."],
    ["failed", new Error("inner details"), "The run failed because of an internal error."],
  ] as const)("callbacks of hooks learn that a run was %s", async (status, error, result) => {
    const task = await addTask(db, await addSession(db, await addBot(db)), "Go");
    const { agent, fired } = agentOver(db, scriptedLlm([error]));
    await agent.runTurn(task, running()).catch(() => {});
    expect(fired.at(-1)).toMatchObject({ event: "after_response", more: { status, result } });
  });

  test("a model's failure is recorded, passed to hooks and thrown", async () => {
    const task = await addTask(db, await addSession(db, await addBot(db)), "Go");
    const { agent, fired } = agentOver(
      db,
      scriptedLlm([new HeddleError("model_failed", "No model answered.")]),
    );
    expect(await codeOf(agent.runTurn(task, running()))).toBe("model_failed");
    expect(fired.at(-1)).toMatchObject({
      event: "after_response",
      ctx: { extra: { error: true, tool_calls_made: 0 } },
    });
    expect(await db.query.select().from(llmCalls).where(eq(llmCalls.task_id, task.id))).toMatchObject([
      {
        error: "No model answered.",
        iteration: 1,
        provider: "scripted",
        cost_usd: null,
        bot_id: task.bot_id,
      },
    ]);
  });

  test("a call counts for the integration of its message, else for that of its channel, and outlives its task", async () => {
    const bot = await addBot(db);
    const place = await addSession(db, bot, { owner: "integration:slack" });
    const sent = async (owner: string | null) => {
      const task = await addTask(db, place, "Go", { owner });
      const script = [{ calls: [call("1", "nothing")] }, "Done."];
      await finish(
        db,
        task,
        await agentOver(db, scriptedLlm(script), { tools: [tool("nothing", () => "")] }).agent.runTurn(
          task,
          running(),
        ),
      );
      return task;
    };
    const counted = async ({ correlation_id }: ClaimedTask) => {
      const rows = await db.query.select().from(llmCalls).where(eq(llmCalls.correlation_id, correlation_id));
      return rows.map(({ integration_id, cost_usd }) => [integration_id, cost_usd]);
    };
    const github = await sent("integration:github");
    const person = await sent(null);
    await db.query.delete(channels).where(eq(channels.id, place.channel_id));
    expect(await db.query.select().from(tasks).where(eq(tasks.id, github.id))).toEqual([]);
    expect(await counted(github)).toEqual([
      ["github", "0.0000000123"],
      ["github", "0.0000000123"],
    ]);
    expect(await counted(person)).toEqual([
      ["slack", "0.0000000123"],
      ["slack", "0.0000000123"],
    ]);
  });

  test("an unknown bot", async () => {
    const task = await addTask(db, await addSession(db, "nobody"), "Go");
    expect(await codeOf(agentOver(db, scriptedLlm([])).agent.runTurn(task, running()))).toBe("unknown_bot");
  });

  test("model, fallbacks and iterations come from the message, the bot or the settings", async () => {
    const plain = await addSession(db, await addBot(db));
    const own = await addSession(
      db,
      await addBot(db, { model: "bot-model", fallback_models: ["bot-fallback"], max_iterations: 1 }),
    );
    const asked = async (session: typeof plain, model_override?: string) => {
      const llm = scriptedLlm(["ok"]);
      const config = model_override ? { model_override } : {};
      await agentOver(db, llm).agent.runTurn(
        await addTask(db, session, "Go", { execution_config: config }),
        running(),
      );
      return [llm.requests[0]?.model, llm.requests[0]?.fallbackModels];
    };
    expect(await asked(plain)).toEqual(["default-model", ["fallback-model"]]);
    expect(await asked(own)).toEqual(["bot-model", ["bot-fallback"]]);
    expect(await asked(own, "special")).toEqual(["special", ["bot-fallback"]]);

    const llm = scriptedLlm([{ calls: [call("a", "again")] }, "Enough"]);
    const { agent } = agentOver(db, llm, { tools: [tool("again", () => "more")] });
    expect((await agent.runTurn(await addTask(db, own, "Go"), running())).text).toBe("Enough");
    expect(llm.requests.map(({ mustAnswer }) => mustAnswer)).toEqual([false, true]);
  });

  test("the channel's settings apply to the run", async () => {
    const bot = await addBot(db, { model: "model-of-the-bot", max_iterations: 9, tools: ["*"] });
    const session = await addSession(db, bot, {
      model_override: "model-of-the-channel",
      max_iterations: 1,
      prompt: "In French here.",
      tools_disabled: ["danger_*", "extra"],
    });
    const task = await addTask(db, session, "Go", {
      execution_config: { tools: ["extra"], system_preamble: "Be brief." },
    });
    const tools = ["safe", "danger_zone", "extra"].map((name) => tool(name, () => "done"));
    const llm = scriptedLlm([{ calls: [call("a", "safe")] }, "Enough"]);
    await agentOver(db, llm, { tools }).agent.runTurn(task, running());
    const [first, second] = llm.requests;
    expect(first).toMatchObject({ model: "model-of-the-channel", tools: [{ name: "safe" }] });
    expect(first?.messages[0]?.content).toEndWith("\n\nIn French here.");
    expect(first?.messages[1]).toMatchObject({
      content: "Go",
      context: expect.stringContaining("Be brief."),
    });
    // One round with tools, then the answer must come.
    expect(second?.mustAnswer).toBe(true);
    const chosen = await addTask(db, session, "Again", { execution_config: { model_override: "for-once" } });
    const other = scriptedLlm(["Fine"]);
    await agentOver(db, other, { tools }).agent.runTurn(chosen, running());
    expect(other.requests[0]?.model).toBe("for-once");
  });

  test("without passive memory, messages without a run are not part of the context", async () => {
    const heard = async (passive_memory: boolean) => {
      const session = await addSession(db, await addBot(db), { passive_memory });
      const asked = await addTask(db, session, "A question");
      const { agent } = agentOver(db, scriptedLlm(["An answer"]));
      await finish(db, asked, await agent.runTurn(asked, running()));
      await addMessage(db, session, "In passing");
      const llm = scriptedLlm(["Yes"]);
      await agentOver(db, llm).agent.runTurn(await addTask(db, session, "And now?"), running());
      return conversation(llm.requests[0]?.messages ?? []);
    };
    expect(await heard(true)).toEqual([
      "user: A question",
      "assistant: An answer",
      "user: In passing",
      "user: And now?",
    ]);
    expect(await heard(false)).toEqual(["user: A question", "assistant: An answer", "user: And now?"]);
  });

  test("only tools of the bot and the message may be called", async () => {
    const session = await addSession(db, await addBot(db, { tools: ["github_*", "search"] }));
    const task = await addTask(db, session, "Go", { execution_config: { tools: ["ext*", "missing"] } });
    const ran: string[] = [];
    const tools = ["github_get_pr", "search", "extra", "forbidden"].map((name) =>
      tool(name, () => void ran.push(name)),
    );
    const llm = scriptedLlm([{ calls: [call("a", "forbidden"), call("b", "extra")] }, "ok"]);
    await agentOver(db, llm, { tools }).agent.runTurn(task, running());
    expect(llm.requests[0]?.tools.map(({ name }) => name).sort()).toEqual([
      "extra",
      "github_get_pr",
      "search",
    ]);
    expect(ran).toEqual(["extra"]);
    expect((await callsOf(db, task)).map((row) => row.status)).toEqual(["failed", "done"]);
  });

  test("texts that PostgreSQL refuses are stored in a storable form; the model sees no secret, and the dispatcher gets unaltered actions", async () => {
    const task = await addTask(db, await addSession(db, await addBot(db)), "Go");
    const { redact, add } = createRedactor();
    add("hunter2hunter2");
    const llm = scriptedLlm([
      { text: "a\0b\ud800", calls: [call("id\0", "peek", { x: "\0\ud800 hunter2hunter2" })] },
      "The word is hunter2hunter2\0",
    ]);
    const tools = [
      tool("peek", () => ({
        secret: "hunter2hunter2",
        odd: "\0\udfff",
        client_action: { a: "\0 hunter2hunter2" },
      })),
    ];
    const { agent } = agentOver(db, llm, { tools, redact });
    const outcome = await agent.runTurn(task, running());
    await finish(db, task, outcome);
    expect(outcome.text).toBe("The word is hunter2hunter2\uFFFD");
    expect(JSON.stringify(llm.requests[1])).not.toContain('"secret":"hunter2');
    expect(outcome.clientActions).toEqual([{ a: "\uFFFD hunter2hunter2" }]);
    const [asked] = await rowsOf(db, task);
    expect(asked?.content).toBe("a\uFFFDb\uFFFD");
    // The dispatcher gets it unaltered; until then it is stored encrypted.
    const kept = (await rowsOf(db, task)).map(({ metadata }) => metadata);
    expect(JSON.stringify(kept)).toContain("sealed:v2:");
    expect(JSON.stringify(kept)).not.toContain("hunter2");
    expect((await callsOf(db, task))[0]).toMatchObject({ status: "done" });
    expect((await callsOf(db, task))[0]?.arguments).not.toContain("hunter2");
  });

  test("a run whose claim is lost stops at its next step", async () => {
    const task = await addTask(db, await addSession(db, await addBot(db)), "Go");
    let ran = 0;
    const tools = [
      tool("work", async () => {
        ran++;
        await db.query.update(tasks).set({ attempt: 2 }).where(eq(tasks.id, task.id));
        return "done";
      }),
    ];
    const llm = scriptedLlm([{ calls: [call("a", "work")] }, { calls: [call("b", "work")] }]);
    const { agent, fired } = agentOver(db, llm, { tools });
    expect(await codeOf(agent.runTurn(task, running()))).toBe("worker_lost");
    expect(ran).toBe(1);
    expect(llm.requests.length).toBe(1);
    expect((await rowsOf(db, task)).map((row) => row.role)).toEqual(["assistant"]);
    expect((await callsOf(db, task))[0]?.status).toBe("running");
    expect(fired.some(({ event }) => event === "after_response")).toBe(false);
  });

  test("a cancelled run throws its reason, even from within a tool", async () => {
    const task = await addTask(db, await addSession(db, await addBot(db)), "Go");
    const stop = new AbortController();
    const tools = [
      tool("hang", () => {
        stop.abort(new HeddleError("timeout", "The run took too long."));
        return new Promise(() => undefined);
      }),
    ];
    const { agent } = agentOver(db, scriptedLlm([{ calls: [call("a", "hang")] }]), { tools });
    expect(await codeOf(agent.runTurn(task, stop.signal))).toBe("timeout");
  });

  describe("resumed", () => {
    test("continues from the stored steps; a call with an unknown outcome is marked as such", async () => {
      const task = await addTask(db, await addSession(db, await addBot(db)), "Go");
      const ran: string[] = [];
      const { redact, add } = createRedactor();
      add("hunter2hunter2");
      const crash = new HeddleError("unavailable", "The worker is stopping.");
      const stop = new AbortController();
      const tools = [
        tool("quick", () => {
          ran.push("quick");
          return { client_action: { n: ran.length, note: "hunter2hunter2" } };
        }),
        tool("dies", () => {
          ran.push("dies");
          // By then the other call is stored, so this worker waits only for this one.
          const poll = async (): Promise<void> => {
            if ((await callsOf(db, task)).some((row) => row.call_id === "c" && row.status === "done"))
              stop.abort(crash);
            else await poll();
          };
          return poll().then(() => new Promise(() => undefined));
        }),
      ];
      const first = scriptedLlm([
        { calls: [call("a", "quick")] },
        { calls: [call("b", "dies"), call("c", "quick")] },
      ]);
      const before = agentOver(db, first, { tools, redact });
      expect(await codeOf(before.agent.runTurn(task, stop.signal))).toBe("unavailable");
      expect(before.fired.some(({ event }) => event === "after_response")).toBe(false);

      await db.query.update(tasks).set({ attempt: 2 }).where(eq(tasks.id, task.id));
      const again = { ...task, attempt: 2 };
      const second = scriptedLlm([{ calls: [call("d", "quick")] }, "All done"]);
      const after = agentOver(db, second, { tools, redact });
      const outcome = await after.agent.runTurn(again, running());
      await finish(db, again, outcome);

      expect(ran).toEqual(["quick", "dies", "quick", "quick"]);
      const note = "hunter2hunter2";
      expect(outcome.clientActions).toEqual([1, 3, 4].map((n) => ({ n, note })));
      expect(outcome.final.iteration).toBe(4);
      const shown = second.requests[0]?.messages.filter((m) => m.role !== "system") ?? [];
      expect(shown.map((m) => (m.role === "tool" ? `${m.role} ${m.tool_call_id}` : m.role))).toEqual([
        "user",
        "assistant",
        "tool a",
        "assistant",
        "tool b",
        "tool c",
      ]);
      expect(shown[4]?.content).toContain("outcome is unknown");
      expect((await callsOf(db, task)).map((row) => [row.call_id, row.status, row.iteration])).toEqual([
        ["a", "done", 1],
        ["b", "failed", 2],
        ["c", "done", 2],
        ["d", "done", 3],
      ]);
      expect(after.fired.at(-1)?.ctx.extra.tool_calls_made).toBe(4);
    });

    test("includes the iterations of the earlier claim", async () => {
      const bot = await addBot(db, { max_iterations: 2 });
      const task = await addTask(db, await addSession(db, bot), "Go");
      const stop = new AbortController();
      const tools = [
        tool("last", () => {
          stop.abort(new HeddleError("unavailable", "The worker is stopping."));
          return "x";
        }),
        tool("step", () => "x"),
      ];
      const first = scriptedLlm([{ calls: [call("a", "step")] }, { calls: [call("b", "last")] }]);
      await codeOf(agentOver(db, first, { tools }).agent.runTurn(task, stop.signal));
      await db.query.update(tasks).set({ attempt: 2 }).where(eq(tasks.id, task.id));
      const second = scriptedLlm(["Out of steps"]);
      await agentOver(db, second, { tools }).agent.runTurn({ ...task, attempt: 2 }, running());
      expect(second.requests[0]?.mustAnswer).toBe(true);
    });
  });

  describe("history", () => {
    const reply = async (db: Database, task: ClaimedTask, script: Parameters<typeof scriptedLlm>[0]) => {
      const llm = scriptedLlm(script);
      const { agent } = agentOver(db, llm, { tools: [tool("look", () => "seen")] });
      await finish(db, task, await agent.runTurn(task, running()));
      return conversation(llm.requests.at(-1)?.messages ?? []);
    };

    test("a message that arrived during a run belongs to its own run, and steps follow their message", async () => {
      const session = await addSession(db, await addBot(db));
      const one = await addTask(db, session, "one");
      const two = await addTask(db, session, "two", { status: "pending" });
      const three = await addTask(db, session, "three", { status: "pending" });
      await addMessage(db, session, "aside");
      const claim = (task: ClaimedTask) =>
        db.query.update(tasks).set({ status: "running" }).where(eq(tasks.id, task.id));

      expect(await reply(db, one, [{ calls: [call("a", "look")] }, "first"])).toEqual([
        "user: one",
        "assistant: ",
        "tool: seen",
      ]);
      await claim(two);
      const earlier = ["user: one", "assistant: ", "tool: seen", "assistant: first"];
      expect(await reply(db, two, ["second"])).toEqual([...earlier, "user: two"]);
      await claim(three);
      expect(await reply(db, three, ["third"])).toEqual([
        ...earlier,
        "user: two",
        "assistant: second",
        "user: three",
      ]);
      const four = await addTask(db, session, "four");
      expect((await reply(db, four, ["fourth"])).slice(-4)).toEqual([
        "user: three",
        "assistant: third",
        "user: aside",
        "user: four",
      ]);
    });

    test("a delayed run sees later messages that were answered before it", async () => {
      const session = await addSession(db, await addBot(db));
      const held = await addTask(db, session, "held");
      const later = await addTask(db, session, "later");
      await reply(db, later, ["answer"]);
      expect(await reply(db, held, ["at last"])).toEqual(["user: later", "assistant: answer", "user: held"]);
    });

    test("excludes other sessions and the incomplete end of a failed run", async () => {
      const bot = await addBot(db);
      const session = await addSession(db, bot);
      await addMessage(db, await addSession(db, bot), "elsewhere");
      const failed = await addTask(db, session, "try");
      const stop = new AbortController();
      const tools = [
        tool("hang", () => {
          stop.abort(new HeddleError("cancelled", "Cancelled."));
          return new Promise(() => undefined);
        }),
      ];
      const llm = scriptedLlm([{ calls: [call("a", "hang")] }]);
      await codeOf(agentOver(db, llm, { tools }).agent.runTurn(failed, stop.signal));
      await db.query.update(tasks).set({ status: "cancelled" }).where(eq(tasks.id, failed.id));
      const next = await addTask(db, session, "next");
      expect(await reply(db, next, ["ok"])).toEqual([
        "user: try",
        "assistant: ",
        'tool: {"error":"No result of this call was recorded."}',
        "user: next",
      ]);
    });

    test("a message whose run somebody cancelled is shown as such, and one whose run was interrupted is not", async () => {
      const session = await addSession(db, await addBot(db));
      const ended = async (content: string, more: Partial<typeof tasks.$inferInsert>) => {
        const task = await addTask(db, session, content);
        await db.query
          .update(tasks)
          .set({ status: "cancelled", ...more })
          .where(eq(tasks.id, task.id));
        return task;
      };
      const stopped = await ended("stopped", { cancel_requested_at: new Date() });
      await ended("joined it", { status: "merged", merged_into: stopped.id });
      await ended("interrupted", {});
      const llm = scriptedLlm(["ok"]);
      const next = await addTask(db, session, "next");
      await agentOver(db, llm).agent.runTurn(next, running());
      const asked = (llm.requests[0]?.messages ?? []).filter(({ role }) => role === "user");
      expect(
        asked.map((message) => [
          message.content,
          message.role === "user" && Boolean(message.context?.includes("cancelled")),
        ]),
      ).toEqual([
        ["stopped", true],
        ["joined it", true],
        ["interrupted", false],
        ["next", false],
      ]);
    });

    test("of a very long session the newest rows are read, and the older half of them becomes a summary", async () => {
      const session = await addSession(db, await addBot(db));
      await db.execute(
        `insert into messages (id, session_id, role, content, from_person)
         select gen_random_uuid(), $1::uuid, 'user', 'old ' || n, true from generate_series(1, 5000) n order by n`,
        [session.id],
      );
      const task = await addTask(db, session, "now");
      const notes = `Old ones: ${Array.from({ length: 15 }, (_, at) => 4510 + at).join(", ")}.`;
      const seen = await reply(db, task, [notes, "ok"]);
      expect(seen.length).toBe(252);
      expect(seen[0]).toEndWith(`\n\n${notes}`);
      expect(seen[1]).toBe("user: old 4751");
      expect(seen.at(-1)).toBe("user: now");
    });
  });
});
