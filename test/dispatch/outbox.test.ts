import { expect, test } from "bun:test";
import { Type as t } from "@sinclair/typebox";
import { deliveries } from "../../src/db/schema.ts";
import { createOutbox } from "../../src/dispatch/outbox.ts";
import { newId } from "../../src/ids.ts";
import type { Job } from "../../src/queue/queue.ts";
import { Permanent, Retryable } from "../../src/sdk/errors.ts";
import type {
  DeliverInput,
  DispatchContext,
  Dispatcher,
  JsonObject,
  PostMessageInput,
} from "../../src/sdk/types.ts";
import { eachDatabase } from "../database.ts";
import { createSessionsFixture } from "../sessions/fixture.ts";
import { until } from "../until.ts";

eachDatabase("outbox", (open) => {
  /** Creates a delivery of type "chat", whose dispatcher calls `behave`. */
  async function fixture(
    behave: (ctx: DispatchContext) => unknown,
    {
      kind = "result",
      dispatcher = {},
      attemptTimeoutMs = 60_000,
      client_actions = [{ a: 1 }],
      known,
    }: {
      kind?: "result" | "error" | "post";
      dispatcher?: Partial<Dispatcher>;
      attemptTimeoutMs?: number;
      client_actions?: JsonObject[];
      /** A secret of the server itself. */
      known?: string;
    } = {},
  ) {
    const seen: (DeliverInput | PostMessageInput)[] = [];
    const chat = {
      deliver: async (input: DeliverInput, ctx: DispatchContext) => {
        seen.push(input);
        return behave(ctx) as { receipt: unknown };
      },
      postMessage: async (input: PostMessageInput, ctx: DispatchContext) => {
        seen.push(input);
        return behave(ctx) as { receipt: unknown };
      },
      ...dispatcher,
    };
    const database = await open();
    const broken = { transactions: 0 };
    const parts = await createSessionsFixture(database, { chat });
    const { sessions, queue, db } = parts;
    parts.redactor.add(known);
    // Fails the next transactions, like a database that is briefly unavailable.
    const failing = new Proxy(db.query, {
      get: (target, name) =>
        name === "transaction" && broken.transactions > 0
          ? async () => {
              broken.transactions -= 1;
              throw new Error("connection lost");
            }
          : Reflect.get(target, name),
    });
    const outbox = createOutbox({
      ...parts,
      db: { ...db, query: failing },
      random: () => 0.5,
      attemptTimeoutMs,
      storeDelaysMs: [1, 1],
    });
    const { session_id } = await sessions.getOrCreate({ clientId: "test:1", botId: "default" });
    const { task_id } = await sessions.inject({
      sessionId: session_id,
      content: "x",
      source: "t",
      runAgent: true,
    });
    await db.query.transaction((tx) =>
      outbox.write(tx, {
        task_id,
        session_id,
        bot_id: "default",
        correlation_id: newId(),
        dispatch_type: "chat",
        dispatch_config: { room: "r", token: "xoxb-canary-secret" },
        payload: { kind, text: "The answer", client_actions, extra_metadata: {} },
      }),
    );
    const stop = new AbortController();
    const jobs: Job[] = [];
    let arrived = Promise.withResolvers<void>();
    const pump = queue.work("deliveries", {
      concurrency: 4,
      run: async (job) => {
        jobs.push(job);
        arrived.resolve();
      },
    });
    const attempt = async () => {
      pump.wake();
      await arrived.promise;
      arrived = Promise.withResolvers();
      const job = jobs.shift();
      if (job) await outbox.attempt(job, stop.signal);
    };
    const jobStates = async () => {
      const { rows } = await db.execute("select state from pgboss.job where name = 'deliveries_by_target'");
      return rows.map(({ state }) => state);
    };
    const row = async () => {
      const [only] = await outbox.list({});
      if (!only) throw new Error("no delivery");
      return only;
    };
    return { ...parts, outbox, seen, attempt, row, stop, broken, jobStates };
  }

  test("a delivery is complete once the dispatcher has returned a receipt", async () => {
    const { attempt, row, seen, queue } = await fixture(() => ({ receipt: { id: 7 } }));
    await attempt();
    expect(await row()).toMatchObject({
      status: "delivered",
      receipt: { id: 7 },
      attempts: 1,
      last_error: null,
    });
    // The dispatcher gets the secret itself.
    expect(seen).toMatchObject([
      {
        result: "The answer",
        isError: false,
        clientActions: [{ a: 1 }],
        task: { client_id: "test:1", dispatch_config: { room: "r", token: "xoxb-canary-secret" } },
      },
    ]);
    await queue.close();
  });

  test("the dispatcher gets the whole dispatch_config with its type and defaults, and config without the type", async () => {
    const dispatcher = {
      config: t.Object({ room: t.String(), mode: t.String({ default: "plain" }), token: t.String() }),
    } as unknown as Partial<Dispatcher>;
    const config = { room: "r", token: "xoxb-canary-secret", mode: "plain" };
    const whole = { ...config, type: "chat" };
    const answer = await fixture(() => null, { dispatcher });
    await answer.attempt();
    const [delivered] = answer.seen as DeliverInput[];
    expect([delivered?.task.dispatch_config, delivered?.config]).toEqual([whole, config]);
    // A default is not stored, so that a changed one counts for every place.
    expect((await answer.row()).dispatch_config).toEqual({ room: "r", token: expect.any(String) });
    await answer.queue.close();
    const post = await fixture(() => null, { kind: "post", dispatcher });
    await post.attempt();
    const [posted] = post.seen as PostMessageInput[];
    expect([posted?.dispatchConfig, posted?.config]).toEqual([whole, config]);
    await post.queue.close();
  });

  test("deliveries of one type form one group and share its limit", async () => {
    const { db, queue } = await fixture(() => ({ receipt: 1 }));
    const { rows } = await db.execute("select group_id from pgboss.job where name = 'deliveries_by_target'");
    expect(rows).toEqual([{ group_id: "chat" }]);
    await queue.close();
  });

  test("an action with a known secret is stored encrypted and passed on unaltered", async () => {
    const action = { note: "see https://chat.example/?t=ghs_known-secret-1", "ghs_known-secret-1": 1 };
    const { attempt, row, seen, queue, db } = await fixture(() => ({ receipt: 1 }), {
      client_actions: [{ a: 1 }, action],
      known: "ghs_known-secret-1",
    });
    expect((await row()).payload.client_actions).toEqual([{ a: 1 }, expect.stringMatching(/^sealed:/)]);
    const { rows } = await db.execute("select payload::text as text from deliveries");
    expect(JSON.stringify(rows)).not.toContain("ghs_known");
    await attempt();
    expect(seen[0]).toMatchObject({ clientActions: [{ a: 1 }, action] });
    await queue.close();
  });

  test("a receipt is stored without the delivery's secrets", async () => {
    const { attempt, row, queue } = await fixture(() => ({
      receipt: { id: 7, url: "https://chat.example/?with=xoxb-canary-secret", deep: ["xoxb-canary-secret"] },
    }));
    await attempt();
    expect((await row()).receipt).toEqual({
      id: 7,
      url: "https://chat.example/?with=[redacted]",
      deep: ["[redacted]"],
    });
    await queue.close();
  });

  test("a part is done once, however many attempts the delivery takes, and is forgotten once delivered", async () => {
    const posted: string[] = [];
    const returned: unknown[] = [];
    const post = (text: string) => async () => {
      posted.push(text);
      return { id: posted.length, with: "xoxb-canary-secret" };
    };
    const { attempt, row, db, queue } = await fixture(async ({ once, attempt }) => {
      returned.push(await Promise.all([once("part:1", post("first")), once("part:1", post("at once"))]));
      if (attempt === 1) throw new Error("the line is dead");
      returned.push(await once(2, post("second")));
      await once("__proto__", () => undefined);
      await once("constructor", post("third"));
      if (attempt === 2) throw new Error("the line is dead again");
      return { receipt: "all" };
    });
    await attempt();
    expect(posted).toEqual(["first"]);
    expect((await row()).parts).toEqual({ "part:1": { value: { id: 1, with: "[redacted]" } } });
    for (const number of [2, 3]) {
      await queue.reschedule(db.query, "deliveries", [{ subject: (await row()).id, seconds: 0 }]);
      await attempt();
      expect((await row()).attempts).toBe(number);
    }
    expect(posted).toEqual(["first", "second", "third"]);
    expect(returned[0]).toEqual([
      { id: 1, with: "xoxb-canary-secret" },
      { id: 1, with: "xoxb-canary-secret" },
    ]);
    expect(returned.slice(-1)).toEqual([{ id: 2, with: "[redacted]" }]);
    expect(await row()).toMatchObject({ status: "delivered", receipt: "all", parts: null });
    await queue.close();
  });

  test("a failed part counts as not done, and an invalid name is refused", async () => {
    const tries: string[] = [];
    const errors: unknown[] = [];
    const { attempt, row, queue } = await fixture(async ({ once }) => {
      const failing = () => {
        tries.push("failed");
        throw new Error("not now");
      };
      await once("part", failing).catch(() => undefined);
      await once("part", async () => tries.push("done"));
      for (const name of ["", "x".repeat(201), Number.NaN, undefined as never]) {
        try {
          await once(name, () => 1);
        } catch (error) {
          errors.push((error as { code: string }).code);
        }
      }
      return { receipt: 1 };
    });
    await attempt();
    expect(tries).toEqual(["failed", "done"]);
    expect(errors).toEqual(["validation", "validation", "validation", "validation"]);
    expect((await row()).status).toBe("delivered");
    await queue.close();
  });

  test("the config never contains the type", async () => {
    const { attempt, seen, queue } = await fixture(() => ({ receipt: 1 }));
    await attempt();
    expect(seen[0]?.config).toEqual({ room: "r", token: "xoxb-canary-secret" });
    await queue.close();
  });

  test("a dispatcher that returns nothing has delivered without a receipt", async () => {
    const nothings = [undefined, null, true, {}, "sent"];
    const { attempt, row, outbox, queue } = await fixture(({ attempt }) => nothings[attempt - 1]);
    for (const _ of nothings) {
      await attempt();
      expect(await row()).toMatchObject({ status: "delivered", receipt: null, last_error: null });
      await outbox.redeliver((await row()).id);
    }
    await queue.close();
  });

  test("a dispatcher that returns false, like the guide's post_message, has not delivered", async () => {
    const { attempt, row, queue } = await fixture(() => false, { kind: "post" });
    await attempt();
    expect(await row()).toMatchObject({ status: "retrying", last_error: expect.stringContaining("false") });
    await queue.close();
  });

  test("a receipt that does not match the dispatcher's schema does not count", async () => {
    const receipt = t.Object({ comment_ids: t.Array(t.Integer()) });
    let answer: unknown = { comment_ids: [Number.NaN] };
    const { attempt, row, db, queue } = await fixture(() => ({ receipt: answer }), {
      dispatcher: { receipt },
    });
    await attempt();
    expect(await row()).toMatchObject({
      status: "retrying",
      receipt: null,
      last_error: expect.stringContaining("receipt.comment_ids.0"),
    });
    answer = { comment_ids: [7] };
    await db.execute("update pgboss.job set start_after = now() where state = 'retry'");
    await attempt();
    expect(await row()).toMatchObject({ status: "delivered", receipt: { comment_ids: [7] } });
    await queue.close();
  });

  test("a receipt that cannot be stored does not make the delivery fail", async () => {
    const circular: { self?: unknown } = {};
    circular.self = circular;
    const deep = JSON.parse("[".repeat(9000) + "]".repeat(9000));
    const receipts: [unknown, unknown][] = [
      [{ text: "a\0b\ud800" }, { text: "a\ufffdb\ufffd" }],
      [{ id: 12345678901234567890n }, { id: "12345678901234567890" }],
      [circular, null],
      [() => 1, null],
      [deep, { cut: expect.any(String) }],
      ["x".repeat(1_000_000), { cut: expect.any(String) }],
    ];
    const next = receipts[Symbol.iterator]();
    const { attempt, row, outbox, queue } = await fixture(() => ({ receipt: next.next().value?.[0] }));
    for (const [, stored] of receipts) {
      await attempt();
      expect(await row()).toMatchObject({ status: "delivered", receipt: stored });
      await outbox.redeliver((await row()).id);
    }
    await queue.close();
  });

  test("a dispatcher that hangs and ignores its signal still frees its slot", async () => {
    let signal: AbortSignal | undefined;
    const hang = (ctx: DispatchContext) => {
      signal = ctx.signal;
      return new Promise(() => {});
    };
    const { attempt, row, queue } = await fixture(hang, { attemptTimeoutMs: 20 });
    await attempt();
    expect(await row()).toMatchObject({
      status: "retrying",
      last_error: 'The dispatcher "chat" did not finish within 0.02 seconds.',
    });
    expect(signal?.aborted).toBe(true);
    await queue.close();
  });

  test("a stop ends the wait for a dispatcher, and the delivery does not count as failed", async () => {
    const begun = Promise.withResolvers<void>();
    const { attempt, row, stop, jobStates, queue } = await fixture(() => {
      begun.resolve();
      return new Promise(() => {});
    });
    const attempting = attempt();
    await begun.promise;
    stop.abort(new Error("the worker stops"));
    await attempting;
    expect(await row()).toMatchObject({ status: "pending", attempts: 1, last_error: null });
    // The test's pump may have fetched it again by now.
    expect(await jobStates()).toEqual([expect.stringMatching(/^(retry|active)$/)]);
    await queue.close();
  });

  test("a late receipt counts unless another has arrived", async () => {
    const late = Promise.withResolvers<unknown>();
    const { attempt, row, jobStates, queue } = await fixture(() => late.promise, { attemptTimeoutMs: 20 });
    await attempt();
    expect((await row()).status).toBe("retrying");
    late.resolve({ receipt: "late" });
    await until(async () => (await row()).status !== "retrying");
    expect(await row()).toMatchObject({ status: "delivered", receipt: "late", next_attempt_at: null });
    // The next attempt is due at once, finds nothing to do, and releases the deliveries behind it.
    await attempt();
    expect(await jobStates()).toEqual(["completed"]);
    await queue.close();
  });

  test("a receipt that cannot be stored at once is kept and does not count as a failure", async () => {
    const { attempt, row, seen, broken, queue } = await fixture(() => {
      broken.transactions = 2;
      return { receipt: 7 };
    });
    await attempt();
    expect(await row()).toMatchObject({ status: "delivered", receipt: 7, attempts: 1, last_error: null });
    expect(seen).toHaveLength(1);
    await queue.close();
  });

  test("if a receipt cannot be stored at all, the job stays, and the next attempt knows that it is not the first", async () => {
    const attempts: number[] = [];
    const { attempt, row, broken, jobStates, db, queue } = await fixture((ctx) => {
      attempts.push(ctx.attempt);
      if (ctx.attempt === 1) broken.transactions = 3;
      return { receipt: ctx.attempt };
    });
    await expect(attempt()).rejects.toThrow("connection lost");
    expect(await row()).toMatchObject({ status: "pending", attempts: 1, last_error: null });
    expect(await jobStates()).toEqual(["active"]);
    // As when its heartbeat expires.
    await db.execute("update pgboss.job set state = 'retry' where name = 'deliveries_by_target'");
    await attempt();
    expect(await row()).toMatchObject({ status: "delivered", receipt: 2 });
    expect(attempts).toEqual([1, 2]);
    await queue.close();
  });

  test("a delivery whose attempts all crashed the server is given up", async () => {
    const { attempt, row, seen, db, queue } = await fixture(() => ({ receipt: 1 }));
    await db.execute("update deliveries set attempts = 20");
    await attempt();
    expect(await row()).toMatchObject({
      status: "dead",
      last_error: expect.stringContaining("the server stopped during each of its attempts"),
    });
    expect(seen).toEqual([]);
    await queue.close();
  });

  test("a failed delivery is retried later, and its error contains no secret", async () => {
    const { attempt, row, db, queue } = await fixture(() => {
      throw new Error("401 for xoxb-canary-secret");
    });
    await attempt();
    const failed = await row();
    expect(failed).toMatchObject({ status: "retrying", attempts: 1, last_error: "401 for [redacted]" });
    const { rows } = await db.execute(
      "select extract(epoch from start_after - now()) as s from pgboss.job where name = 'deliveries_by_target' and state = 'retry'",
    );
    expect(rows.length).toBe(1);
    expect(Number(rows[0]?.s)).toBeWithin(1, 7);
    expect(failed.retry_seconds).toBe(5);
    await queue.close();
  });

  test("the wait that the target asks for is respected", async () => {
    const { attempt, row, queue } = await fixture(() => {
      throw new Retryable("slow down", { retryAfterSeconds: 600 });
    });
    await attempt();
    const { next_attempt_at } = await row();
    expect(Number(next_attempt_at) - Date.now()).toBeGreaterThan(500_000);
    await queue.close();
  });

  test("a permanent failure makes the delivery dead at once, and a redelivery knows that it is not the first attempt", async () => {
    const attempts: number[] = [];
    const { attempt, row, outbox, queue } = await fixture((ctx) => {
      attempts.push(ctx.attempt);
      if (ctx.attempt === 1) throw new Permanent("no such room");
      return { receipt: "second" };
    });
    await attempt();
    const dead = await row();
    expect(dead).toMatchObject({ status: "dead", last_error: "no such room" });
    await outbox.redeliver(dead.id);
    await attempt();
    expect(await row()).toMatchObject({ status: "delivered", receipt: "second", id: dead.id });
    expect(attempts).toEqual([1, 2]);
    await queue.close();
  });

  test("the tenth failure is the last, and a redelivery starts a new set", async () => {
    const { attempt, row, db, outbox, queue } = await fixture(() => {
      throw new Error("down");
    });
    for (let i = 1; i <= 10; i++) {
      await attempt();
      expect((await row()).status).toBe(i < 10 ? "retrying" : "dead");
      await db.execute("update pgboss.job set start_after = now() where state = 'retry'");
    }
    await outbox.redeliver((await row()).id);
    await attempt();
    expect(await row()).toMatchObject({ status: "retrying", attempts: 11 });
    await queue.close();
  });

  test("a text without a task goes through postMessage", async () => {
    const { attempt, row, seen, queue } = await fixture(() => ({ receipt: null }), { kind: "post" });
    await attempt();
    expect((await row()).status).toBe("delivered");
    expect(seen).toMatchObject([{ text: "The answer", dispatchConfig: { room: "r" }, botId: "default" }]);
    await queue.close();
  });

  test("a post is made in its author's name, and in the thread unless it says otherwise", async () => {
    const { attempt, row, seen, db, outbox, queue } = await fixture(() => ({ receipt: null }), {
      kind: "post",
    });
    await attempt();
    expect(seen[0]).toMatchObject({ replyInThread: true });
    expect(seen[0]).not.toHaveProperty("username");
    const payload = {
      ...(await row()).payload,
      author: { username: "Ann", icon_emoji: ":wave:", icon_url: "https://example.com/ann.png" },
      reply_in_thread: false,
    };
    await db.query.update(deliveries).set({ payload });
    await outbox.redeliver((await row()).id);
    await attempt();
    expect(seen[1]).toMatchObject({
      text: "The answer",
      replyInThread: false,
      username: "Ann",
      iconEmoji: ":wave:",
      iconUrl: "https://example.com/ann.png",
    });
    await queue.close();
  });

  test("several deliveries are written together, without those of type none", async () => {
    const { outbox, db, row, queue } = await fixture(() => ({ receipt: null }));
    const { id, payload, ...first } = await row();
    const to = (dispatch_type: string) => ({
      ...first,
      payload: { ...payload, client_actions: [] },
      dispatch_type,
      dispatch_config: { room: "r" },
    });
    await db.query.transaction((tx) => outbox.write(tx, to("none"), to("chat"), to("other")));
    const types = (await outbox.list({})).filter((one) => one.id !== id).map((one) => one.dispatch_type);
    expect(types.sort()).toEqual(["chat", "other"]);
    // This test's pump fetches them without completing them.
    const { rows } = await db.execute(
      "select count(*)::int as n from pgboss.job where name = 'deliveries_by_target'",
    );
    expect(rows).toEqual([{ n: 3 }]);
    await queue.close();
  });

  test("an unknown dispatch type waits for its integration", async () => {
    const { attempt, row, db, queue } = await fixture(() => ({ receipt: 1 }));
    await db.execute("update deliveries set dispatch_type = 'gone'");
    await attempt();
    expect(await row()).toMatchObject({ status: "retrying" });
    await queue.close();
  });
});
