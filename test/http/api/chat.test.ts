import { expect, test } from "bun:test";
import { OPERATOR } from "../../../src/access/caller.ts";
import { HeddleError } from "../../../src/errors.ts";
import type { ToolContext } from "../../../src/sdk/types.ts";
import { call, tool } from "../../agent/fixture.ts";
import { askedIn, chatFixture, liveLlm } from "../../chat/fixture.ts";
import { eachDatabase } from "../../database.ts";
import type { SentEvent } from "../../events/sse.ts";

const kinds = (events: { event: string }[]) => events.map(({ event }) => event);

eachDatabase("chat", (open) => {
  test("POST /chat waits for the answer, and continues its conversation", async () => {
    const llm = liveLlm(() => ["Hello", "!"]);
    const { send } = await chatFixture(await open(), llm);
    const first = await send("POST", "/api/v1/chat", { body: { message: "Hi", client_id: "web:anna" } });
    expect(first.body).toMatchObject({
      status: "complete",
      text: "Hello!",
      tools_used: [],
      merged_into: null,
      usage: {
        prompt_tokens: 10,
        cached_input_tokens: 4,
        completion_tokens: 2,
        total_tokens: 12,
        cost_usd: 0.25,
      },
    });
    const second = await send("POST", "/api/v1/chat", {
      body: { message: "And you?", client_id: "web:anna" },
    });
    expect(second.body.session_id).toBe(first.body.session_id);
    expect(llm.requests.at(-1)?.messages.map(({ role }) => role)).toEqual([
      "system",
      "user",
      "assistant",
      "user",
    ]);
    const stored = await send("POST", "/api/v1/chat", {
      body: { message: "By the way", client_id: "web:anna", passive: true },
    });
    expect(stored.body).toMatchObject({ task_id: null, status: null, text: null });
    await send("POST", "/api/v1/chat", { body: { message: "So?", session_id: first.body.session_id } });
    expect(askedIn(llm.requests.at(-1) as never)).toContain("By the way");
  });

  test("a run that fails is an error; one that takes longer is answered with its status", async () => {
    const late = Promise.withResolvers<void>();
    const llm = liveLlm((request) =>
      askedIn(request).includes("fail")
        ? new HeddleError("model_failed", "The model is out.")
        : [late.promise, "Late"],
    );
    const { send } = await chatFixture(await open(), llm);
    const failed = await send("POST", "/api/v1/chat", { body: { message: "fail", client_id: "web:1" } });
    expect(failed.status).toBe(502);
    expect(failed.body.error).toMatchObject({
      code: "model_failed",
      message: expect.stringMatching(/^The model is out\. \(task [0-9a-f-]{36}\)$/),
    });
    const { paths } = (await send("GET", "/swagger/all/json")).body;
    const declared = Object.keys(paths["/api/v1/chat"].post.responses).map(Number);
    const ends = [
      "usage_limit_exceeded",
      "cancelled",
      "model_failed",
      "invalid_output",
      "timeout",
      "loop_detected",
    ] as const;
    expect(ends.filter((code) => !declared.includes(new HeddleError(code, "").status))).toEqual([]);
    const body = { message: "wait", client_id: "web:2", timeout_seconds: 0 };
    const waiting = await send("POST", "/api/v1/chat", { body });
    expect([waiting.status, waiting.body.text]).toEqual([200, null]);
    late.resolve();
    const empty = await send("POST", "/api/v1/chat", { body: { message: " " } });
    expect([empty.status, empty.body.error.field]).toEqual([422, "message"]);
  });

  test("a merged message leads to its answer, even when its event has left the log", async () => {
    const database = await open();
    const { send, stream } = await chatFixture(
      database,
      liveLlm(() => ["Both"]),
    );
    const say = async (message: string) =>
      (await send("POST", "/api/v1/chat", { body: { message, client_id: "web:anna" } })).body.task_id;
    const [merged, into] = [await say("One"), await say("Two")];
    await database.execute(
      `update tasks set status = 'merged', merged_into = '${into}', result = null where id = '${merged}'`,
    );
    await database.execute("delete from events");
    const followed = await stream(`/api/v1/tasks/${merged}/stream`);
    const events = kinds(await followed.until(({ event }) => event === "response"));
    expect(events).toContain("merged");
    expect(events.at(-1)).toBe("response");
  });

  test("a tool tells how far it is, in its run's stream and in that of all events", async () => {
    const end = Promise.withResolvers<void>();
    const tools = [
      tool("winding", async (_args: object, { progress }: ToolContext) => {
        for (let at = 0; at <= 100; at++) progress(`${at}\nof 100`, at / 50);
        await end.promise;
        progress("too late");
        return "wound";
      }),
    ];
    const llm = liveLlm(({ messages }) =>
      messages.at(-1)?.role === "tool" ? ["Done."] : { calls: [call("c1", "winding")] },
    );
    const fixture = await chatFixture(await open(), llm, { tools });
    const all = await fixture.stream("/api/v1/events?types=tool");
    await all.next();
    const events = await fixture.stream("/api/v1/chat/stream", { message: "Wind", client_id: "web:wind" });
    const last = ({ event, data }: SentEvent) => event === "tool_progress" && data.message === "100 of 100";
    const begun = await events.until(last);
    const started = begun.find(({ event }) => event === "tool_start");
    const told = begun.filter(({ event }) => event === "tool_progress");
    // The hundred in between are nobody's business.
    expect(told.length).toBeLessThanOrEqual(3);
    expect(told.at(-1)?.data).toMatchObject({
      tool: "winding",
      call_id: started?.data.call_id,
      message: "100 of 100",
      fraction: 1,
    });
    const { task_id } = begun[0]?.data ?? {};
    // Who continues is told of a call that goes on.
    await events.cancel();
    const seen = await all.until(({ event, data }) => event === "tool.progress" && data.data.fraction === 1);
    expect(seen.at(-1)?.data).toMatchObject({
      task_id,
      data: { iteration: 1, call_id: "c1", tool: "winding", message: "100 of 100", fraction: 1 },
    });
    end.resolve();
    const again = await fixture.stream(`/api/v1/tasks/${task_id}/stream`, undefined, {
      "last-event-id": started?.id ?? "",
    });
    const rest = await again.rest();
    expect(rest.filter(({ data }) => data.message === "too late")).toEqual([]);
    expect(kinds(rest).at(-1)).toBe("response");
  });

  test("a call that waits for a person is asked about and decided on in the stream of its run", async () => {
    const llm = liveLlm(({ messages }) =>
      messages.at(-1)?.role === "tool" ? ["Done."] : { calls: [call("c1", "open_door", { door: "front" })] },
    );
    const fixture = await chatFixture(await open(), llm, { tools: [tool("open_door", () => "open")] });
    await fixture.policies.create({ name: "Doors", effect: "require_approval", tools: ["open_door"] });
    const events = await fixture.stream("/api/v1/chat/stream", { message: "Open", client_id: "web:door" });
    const [asked] = (await events.until(({ event }) => event === "approval_request")).slice(-1);
    const { approval_id } = asked?.data ?? {};
    expect(asked?.data).toMatchObject({
      ...{ type: "approval_request", tool: "open_door", arguments: { door: "front" }, policy: "Doors" },
      ...{ approval_id: expect.any(String), reason: null, expires_at: expect.any(String) },
    });
    const decided = await fixture.send("POST", `/api/v1/approvals/${approval_id}/decide`, {
      body: { approved: true },
    });
    expect(decided.status).toBe(200);
    const rest = await events.rest();
    expect(rest.find(({ event }) => event === "approval_resolved")?.data).toMatchObject({
      ...{ approval_id, tool: "open_door", verdict: "approved", decided_by: expect.any(String) },
      decided_at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(kinds(rest).at(-1)).toBe("response");
  });

  test("POST /chat/stream shows text, tools and the answer, and is continued from any event", async () => {
    const half = Promise.withResolvers<void>();
    let asked = 0;
    const llm = liveLlm(() => {
      asked += 1;
      if (asked === 1) return { text: "I look it up.", calls: [call("c1", "clock", { zone: "UTC" })] };
      return ["It is ", half.promise, "ten."];
    });
    const fixture = await chatFixture(await open(), llm, { tools: [tool("clock", () => "10:00")] });
    const events = await fixture.stream("/api/v1/chat/stream", { message: "Time?", client_id: "web:1" });
    const begun = await events.until(({ event, data }) => event === "text_delta" && data.text === "It is ");
    expect(kinds(begun)).toEqual([
      "accepted",
      "started",
      "text_delta",
      "assistant_text",
      "tool_start",
      "tool_result",
      "text_delta",
    ]);
    const { task_id } = begun[0]?.data ?? {};
    expect(begun[4]?.data).toMatchObject({ tool: "clock", args: { zone: "UTC" } });
    expect(begun[5]?.data.call_id).toBe(begun[4]?.data.call_id);
    // A disconnect ends no run, and no message is sent a second time.
    await events.cancel();
    const again = await fixture.stream(
      "/api/v1/chat/stream",
      { message: "Time?", client_id: "web:1" },
      { "last-event-id": begun.at(-1)?.id ?? "" },
    );
    half.resolve();
    const rest = await again.rest();
    expect(kinds(rest)).toEqual(["text_delta", "response"]);
    expect(rest[0]?.data.text).toBe("ten.");
    expect(rest[1]?.data).toMatchObject({ task_id, text: "It is ten.", tools_used: ["clock"] });
    expect((await fixture.tasks.list({})).length).toBe(1);
    // From every event on, the stream tells the same.
    const whole = [...begun, ...rest];
    for (const [at, { id }] of whole.entries()) {
      const tail = await fixture.stream(`/api/v1/tasks/${task_id}/stream`, undefined, {
        "last-event-id": id,
      });
      const told = kinds(await tail.rest()).filter((kind) => kind !== "text_delta");
      const expected = kinds(whole.slice(at + 1)).filter((kind) => kind !== "text_delta");
      expect([at, told]).toEqual([at, at === whole.length - 1 ? ["response"] : expected]);
    }
    const text = (await (await fixture.stream(`/api/v1/tasks/${task_id}/stream`)).rest())
      .map(({ data }) => data.text)
      .join("|");
    expect(text).toBe("||I look it up.|I look it up.|||It is ten.|It is ten.");
  });

  test("text that a retry voids is taken back", async () => {
    const seen = Promise.withResolvers<void>();
    const llm = liveLlm(() => ["Hel", seen.promise, { retry: "cut off" }, "Hi", "!"]);
    const { stream } = await chatFixture(await open(), llm);
    const events = await stream("/api/v1/chat/stream", { message: "Hi", client_id: "web:1" });
    await events.until(({ event }) => event === "text_delta");
    seen.resolve();
    const rest = await events.rest();
    expect(kinds(rest).filter((kind) => kind !== "text_delta")).toEqual([
      "llm_retry",
      "text_reset",
      "response",
    ]);
    expect(
      rest
        .filter(({ event }) => event === "text_delta")
        .map(({ data }) => data.text)
        .join(""),
    ).toBe("Hi!");
  });

  test("a place names only tasks within reach, whatever the path names", async () => {
    const { send, fetch, apiKeys } = await chatFixture(
      await open(),
      liveLlm(() => ["Hi!"]),
    );
    const scopes = ["chat:write", "tasks:read"];
    const { key } = await apiKeys.create({ name: "app", scopes, rows: "own" }, OPERATOR);
    const theirs = await send("POST", "/api/v1/chat", { body: { message: "1", client_id: "web:1" } });
    const mine = await send("POST", "/api/v1/chat", { key, body: { message: "2", client_id: "web:2" } });
    const follow = (task: string, from: string, method = "GET", path = `/tasks/${task}/stream`) =>
      fetch(
        new Request(`http://localhost/api/v1${path}`, {
          method,
          headers: {
            authorization: `Bearer ${key}`,
            "last-event-id": `${from};1:1:;;0`,
            "content-type": "application/json",
          },
          ...(method === "POST" && { body: JSON.stringify({ message: "3" }) }),
        }),
      );
    for (const from of [theirs.body.task_id, crypto.randomUUID()]) {
      expect((await follow(mine.body.task_id, from)).status).toBe(404);
      expect((await follow("", from, "POST", "/chat/stream")).status).toBe(404);
    }
    const own = await follow(mine.body.task_id, mine.body.task_id);
    expect(await own.text()).toContain("event: response");
  });

  test("a chat that waits for its answer holds no room for its files", async () => {
    const answer = Promise.withResolvers<void>();
    const { send } = await chatFixture(
      await open(),
      liveLlm(() => ["Hi", answer.promise]),
    );
    const data = Buffer.alloc(2_000_000, "text ").toString("base64");
    const attachments = Array.from({ length: 7 }, (_, at) => ({ name: `${at}.txt`, data }));
    const body = (at: number) => ({ message: "Hi", client_id: `web:${at}`, attachments });
    const asked = [1, 2].map((at) => send("POST", "/api/v1/chat", { body: body(at) }));
    // Three of these are more than one sender may have at once.
    const third = await send("POST", "/api/v1/chat", { body: { ...body(3), passive: true } });
    expect(third.status).toBe(200);
    answer.resolve();
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([200, 200]);
  });

  test("cancel ends the running run and those that wait", async () => {
    const never = new Promise(() => {});
    const { send, stream } = await chatFixture(
      await open(),
      liveLlm(() => ["Well", never]),
    );
    const events = await stream("/api/v1/chat/stream", { message: "1", client_id: "web:1" });
    await events.until(({ event }) => event === "text_delta");
    await send("POST", "/api/v1/chat", { body: { message: "2", client_id: "web:1", timeout_seconds: 0 } });
    const answer = await send("POST", "/api/v1/chat/cancel", { body: { client_id: "web:1" } });
    expect(answer.body).toEqual({ cancelled: true, queued_tasks_cancelled: 1 });
    expect(kinds(await events.rest())).toEqual(["cancelled"]);
    expect((await send("POST", "/api/v1/chat/cancel", { body: { client_id: "web:1" } })).body.cancelled).toBe(
      false,
    );
  });

  test("a passive message has a stream of one event; a foreign place is refused", async () => {
    const { stream, send } = await chatFixture(
      await open(),
      liveLlm(() => ["x"]),
    );
    const events = await stream("/api/v1/chat/stream", { message: "1", client_id: "web:1", passive: true });
    expect(kinds(await events.rest())).toEqual(["passive_stored"]);
    for (const id of ["x", `${crypto.randomUUID()};1:1:;;x`]) {
      const wrong = await send("POST", "/api/v1/chat/stream", {
        body: { message: "1" },
        headers: { "last-event-id": id },
      });
      expect([wrong.status, wrong.body.error.field]).toEqual([422, "Last-Event-ID"]);
    }
  });
});
