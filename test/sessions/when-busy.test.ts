// What becomes of a message that arrives while a run of its session goes, in each of the four modes.

import { expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { tasks, toolCalls } from "../../src/db/schema.ts";
import { clientCallId } from "../../src/sessions/call-names.ts";
import { createJoin } from "../../src/sessions/join.ts";
import { createWorker } from "../../src/worker/worker.ts";
import { agentOver, call, tool } from "../agent/fixture.ts";
import { given, png } from "../attachments/files.ts";
import { type Answer, askedIn, liveLlm } from "../chat/fixture.ts";
import { eachDatabase, type TestDatabase } from "../database.ts";
import { until } from "../until.ts";
import { createSessionsFixture } from "./fixture.ts";

type Mode = "queue" | "collect" | "steer" | "interrupt";

async function fixture(db: TestDatabase, script: (asked: string, count: number) => Answer | Promise<Answer>) {
  const parts = await createSessionsFixture(db, { chat: { deliver: ({ result }) => ({ receipt: result }) } });
  await parts.bots.update("default", { tools: ["*"] });
  const llm = liveLlm((request) => script(askedIn(request), llm.requests.length));
  const { agent } = agentOver(db, llm, {
    tools: [tool("look", () => "seen")],
    stage: parts.events,
    join: createJoin(parts),
  });
  const worker = createWorker({
    ...parts,
    agent,
    redact: (text) => text,
    onCommit: parts.events.committed,
    onStopAsked: parts.events.onStopAsked,
    concurrency: 4,
    maxRunSeconds: 60,
    maxUnattendedRuns: 30,
    stopGraceMs: 0,
  });
  db.beforeClose(worker.close);
  const { session_id } = await parts.sessions.getOrCreate({ clientId: "test:room", botId: "default" });
  const send = async (content: string, whenBusy?: Mode, more: object = {}) =>
    String(
      (
        await parts.sessions.inject({
          sessionId: session_id,
          content,
          source: "test",
          runAgent: true,
          ...(whenBusy && { whenBusy }),
          ...more,
        })
      ).task_id,
    );
  const over = (id: string) =>
    until(
      () => parts.tasks.get(id),
      ({ status }) => !["pending", "running"].includes(status),
    );
  return { ...parts, llm, send, over, session_id };
}

eachDatabase("a message during a run", (open) => {
  test("queue: it has a run of its own afterwards", async () => {
    const go = Promise.withResolvers<void>();
    const { send, over, llm } = await fixture(await open(), (asked) =>
      asked.includes("second") ? ["2"] : [go.promise, "1"],
    );
    const [first, second] = [await send("first"), await send("second")];
    await until(() => llm.requests.length === 1);
    go.resolve();
    expect(await over(first)).toMatchObject({ status: "complete", result: "1" });
    expect(await over(second)).toMatchObject({ status: "complete", result: "2", merged_into: null });
  });

  test("collect: those that wait have one run, if they may share it", async () => {
    const go = Promise.withResolvers<void>();
    const { send, over, llm, sessions, session_id } = await fixture(await open(), (asked, count) =>
      count === 1 ? [go.promise, "1"] : [`to ${asked}`],
    );
    const first = await send("first", "collect");
    await until(() => llm.requests.length === 1);
    const waiting = [await send("a", "collect"), await send("b", "collect"), await send("c", "collect")];
    const other = await send("elsewhere", "collect", { dispatchConfig: { type: "chat", room: 1 } });
    const behind = await send("d", "collect");
    go.resolve();
    const [a, b, c] = await Promise.all(waiting.map(over));
    expect(await over(first)).toMatchObject({ status: "complete" });
    expect(a).toMatchObject({ status: "complete", result: "to first | a | b | c" });
    expect([b, c]).toMatchObject([
      { status: "merged", merged_into: a?.id, result: null, error: null },
      { status: "merged", merged_into: a?.id },
    ]);
    // Their answers go to another place, or come after one that does.
    expect(await over(other)).toMatchObject({ status: "complete", merged_into: null });
    expect(await over(behind)).toMatchObject({ status: "complete", merged_into: null });
    // Later runs see the conversation as it was.
    expect(askedIn(llm.requests.at(-1) as never)).toBe("first | a | b | c | elsewhere | d");
    const rows = await sessions.messages(session_id, { limit: 50 });
    expect(rows.filter(({ role }) => role === "user")).toHaveLength(6);
  });

  test("steer: the running run gets it before its next model call", async () => {
    const looked = Promise.withResolvers<void>();
    const db = await open();
    const {
      send,
      over,
      llm,
      db: same,
    } = await fixture(db, async (asked, count) => {
      if (count === 1) {
        await looked.promise;
        return { calls: [call("c1", "look")] };
      }
      return [`answer to ${asked}`];
    });
    const first = await send("first");
    await until(() => llm.requests.length === 1);
    const steered = await send("rather this", "steer");
    looked.resolve();
    expect(await over(first)).toMatchObject({ status: "complete", result: "answer to first | rather this" });
    expect(await over(steered)).toMatchObject({ status: "merged", merged_into: first });
    expect(llm.requests[1]?.messages.map(({ role }) => role)).toEqual([
      "system",
      "user",
      "assistant",
      "tool",
      "user",
    ]);
    // The next run's request begins like the last one.
    await over(await send("next"));
    const [before, after] = [llm.requests[1], llm.requests[2]].map((request) => request?.messages ?? []);
    expect(after?.slice(1, 5).map(({ role, content }) => [role, content])).toEqual(
      before?.slice(1).map(({ role, content }) => [role, content]) ?? [],
    );
    expect((await same.query.select().from(tasks).where(eq(tasks.status, "pending"))).length).toBe(0);
  });

  test("steer: a message that comes too late has its own run", async () => {
    const go = Promise.withResolvers<void>();
    const { send, over, llm } = await fixture(await open(), (asked) =>
      asked.includes("late") ? ["2"] : [go.promise, "1"],
    );
    const first = await send("first");
    await until(() => llm.requests.length === 1);
    const late = await send("late", "steer");
    go.resolve();
    expect(await over(first)).toMatchObject({ status: "complete", result: "1" });
    expect(await over(late)).toMatchObject({ status: "complete", result: "2" });
  });

  test("interrupt: it ends the running run, and answers what has waited longer", async () => {
    const never = new Promise(() => {});
    const { send, over, llm } = await fixture(await open(), (asked) =>
      asked.includes("stop") ? [`to ${asked}`] : ["Let me ", never],
    );
    const first = await send("first");
    await until(() => llm.requests.length === 1);
    const waiting = await send("second");
    const interrupting = await send("stop", "interrupt");
    expect(await over(first)).toMatchObject({
      status: "cancelled",
      error: `Interrupted by the message of task ${interrupting}.`,
      error_code: "cancelled",
    });
    expect(await over(waiting)).toMatchObject({ status: "merged", merged_into: interrupting });
    expect(await over(interrupting)).toMatchObject({
      status: "complete",
      result: "to first | second | stop",
    });
  });

  test("a channel's choice applies unless the message has its own; what a person did not write is not merged with what one did", async () => {
    const go = Promise.withResolvers<void>();
    const { send, over, llm, channels, sessions, session_id } = await fixture(await open(), (asked, count) =>
      count === 1 ? [go.promise, "1"] : [`to ${asked}`],
    );
    const { channel_id } = await sessions.get(session_id);
    await channels.update(channel_id, { when_busy: "collect" });
    await send("first");
    await until(() => llm.requests.length === 1);
    const [a, b, own] = [await send("a"), await send("b"), await send("own", "queue")];
    const inject = { sessionId: session_id, content: "by hand", source: "test", runAgent: true };
    const { task_id } = await sessions.inject(inject, session_id, { fromPerson: true });
    go.resolve();
    expect(await over(b)).toMatchObject({ status: "merged", merged_into: a });
    expect(await over(own)).toMatchObject({ status: "complete" });
    expect(await over(String(task_id))).toMatchObject({ status: "complete" });
  });

  test("steer: the files of a message that joins a run are shown in it, and in the turn after", async () => {
    const meanwhile = Promise.withResolvers<void>();
    const { llm, send, over } = await fixture(await open(), async (_, count) => {
      if (count > 1) return ["Seen."];
      await meanwhile.promise;
      return { calls: [call("a", "look")] };
    });
    const running = await send("First");
    await until(() => llm.requests.length === 1);
    await send("", "steer", { attachments: [given("cat.png", png())] });
    meanwhile.resolve();
    expect((await over(running)).status).toBe("complete");
    await over(await send("And now?"));
    const data = given("", png()).data;
    expect(llm.requests.map(({ messages }) => JSON.stringify(messages).split(data).length - 1)).toEqual([
      0, 1, 1,
    ]);
  });

  const onesThatAsk = async (script: (count: number) => Answer | Promise<Answer>) => {
    const db = await open();
    const parts = await fixture(db, (_, count) => script(count));
    const tools = { executionConfig: { client_tools: [ASK] } };
    return {
      ...parts,
      ask: async (content: string, mode: Mode) => {
        const id = await parts.send(content, mode, tools);
        expect(await parts.over(id)).toMatchObject({ status: "waiting" });
        return id;
      },
      sendWithTools: (content: string, mode: Mode) => parts.send(content, mode, tools),
      answer: async (id: string, content: string) => {
        const [asked] = await db.query.select().from(toolCalls).where(eq(toolCalls.task_id, id));
        const call_id = clientCallId(String(asked?.id));
        await parts.openAi.clientTools.take(id, [{ call_id, content }]);
      },
    };
  };

  test("steer: a run that goes on after it has waited is no message that arrives, and is not taken over", async () => {
    const meanwhile = Promise.withResolvers<void>();
    const { llm, ask, sendWithTools, answer, over } = await onesThatAsk(async (count) => {
      if (count === 1) return { calls: [call("q", "ask_client")] };
      if (count > 2) return ["Done."];
      await meanwhile.promise;
      return { calls: [call("l", "look")] };
    });
    const waiting = await ask("first", "steer");
    const other = await sendWithTools("second", "steer");
    await until(() => llm.requests.length === 2);
    await answer(waiting, "blue");
    meanwhile.resolve();
    expect(await over(other)).toMatchObject({ status: "complete" });
    expect(await over(waiting)).toMatchObject({ status: "complete", result: "Done." });
    expect(JSON.stringify(llm.requests.at(-1)?.messages)).toContain("blue");
  });

  test("interrupt: a run that goes on after it has waited ends no other", async () => {
    const meanwhile = Promise.withResolvers<void>();
    const { llm, ask, answer, over, events, tasks } = await onesThatAsk(async (count) => {
      if (count <= 2) return { calls: [call("q", "ask_client")] };
      return [meanwhile.promise, "Done."];
    });
    const earlier = await ask("first", "queue");
    const interrupting = await ask("second", "interrupt");
    await answer(earlier, "blue");
    await until(() => llm.requests.length === 3);
    await answer(interrupting, "red");
    // The worker looks who is to stop before it answers this.
    events.askToStop();
    expect(await tasks.get(interrupting)).toMatchObject({ status: "pending" });
    await tasks.get(earlier);
    meanwhile.resolve();
    expect(await over(earlier)).toMatchObject({ status: "complete" });
    expect(await over(interrupting)).toMatchObject({ status: "complete" });
  });
});

const ASK = { name: "ask_client", description: "Asks.", parameters: { type: "object", properties: {} } };
