import { expect, test } from "bun:test";
import { deliveries } from "../../src/db/schema.ts";
import { newId } from "../../src/ids.ts";
import type { Job } from "../../src/queue/queue.ts";
import { Permanent, Retryable } from "../../src/sdk/errors.ts";
import type { DeliverInput, DispatchContext, PostMessageInput } from "../../src/sdk/types.ts";
import { eachDatabase } from "../database.ts";
import { createSessionsFixture } from "../sessions/fixture.ts";

eachDatabase("outbox", (open) => {
  /** A delivery to the type "chat", whose dispatcher does what `behave` says. */
  async function fixture(
    behave: (ctx: DispatchContext) => unknown,
    kind: "result" | "error" | "post" = "result",
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
    };
    const parts = await createSessionsFixture(await open(), { chat });
    const { sessions, outbox, queue, db, vault } = parts;
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
        dispatch_config: vault.sealConfig({ room: "r", token: "xoxb-canary-secret" }),
        payload: { kind, text: "The answer", client_actions: [{ a: 1 }], extra_metadata: {} },
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
    const row = async () => {
      const [only] = await outbox.list({});
      if (!only) throw new Error("no delivery");
      return only;
    };
    return { ...parts, seen, attempt, row };
  }

  test("a delivery is complete when the dispatcher returned a receipt", async () => {
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

  test("no receipt is no delivery", async () => {
    const { attempt, row, queue } = await fixture(() => undefined);
    await attempt();
    expect(await row()).toMatchObject({ status: "retrying", receipt: null });
    await queue.close();
  });

  test("a failure is tried again later, and its text holds no secret", async () => {
    const { attempt, row, db, queue } = await fixture(() => {
      throw new Error("401 for xoxb-canary-secret");
    });
    await attempt();
    const failed = await row();
    expect(failed).toMatchObject({ status: "retrying", attempts: 1, last_error: "401 for [redacted]" });
    const { rows } = await db.execute(
      "select extract(epoch from start_after - now()) as s from pgboss.job where name = 'deliveries' and state = 'created'",
    );
    expect(rows.length).toBe(1);
    expect(Number(rows[0]?.s)).toBeWithin(1, 7);
    await queue.close();
  });

  test("the wait that the other side asks for is kept", async () => {
    const { attempt, row, queue } = await fixture(() => {
      throw new Retryable("slow down", { retryAfterSeconds: 600 });
    });
    await attempt();
    const { next_attempt_at } = await row();
    expect(Number(next_attempt_at) - Date.now()).toBeGreaterThan(500_000);
    await queue.close();
  });

  test("a permanent failure is dead at once, and a redelivery knows that it is not the first attempt", async () => {
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
      await db.execute("update pgboss.job set start_after = now() where state = 'created'");
    }
    await outbox.redeliver((await row()).id);
    await attempt();
    expect(await row()).toMatchObject({ status: "retrying", attempts: 11 });
    await queue.close();
  });

  test("a text of no task goes through postMessage", async () => {
    const { attempt, row, seen, queue } = await fixture(() => ({ receipt: null }), "post");
    await attempt();
    expect((await row()).status).toBe("delivered");
    expect(seen).toMatchObject([{ text: "The answer", dispatchConfig: { room: "r" }, botId: "default" }]);
    await queue.close();
  });

  test("a post is made in its author's name, and in the thread unless it says otherwise", async () => {
    const { attempt, row, seen, db, outbox, queue } = await fixture(() => ({ receipt: null }), "post");
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

  test("several are written together, without those that go nowhere", async () => {
    const { outbox, db, row, queue } = await fixture(() => ({ receipt: null }));
    const { id, ...first } = await row();
    const to = (dispatch_type: string) => ({ ...first, dispatch_type });
    await db.query.transaction((tx) => outbox.write(tx, to("none"), to("chat"), to("other")));
    const types = (await outbox.list({})).filter((one) => one.id !== id).map((one) => one.dispatch_type);
    expect(types.sort()).toEqual(["chat", "other"]);
    // The pump of this test takes them without completing them.
    const { rows } = await db.execute("select count(*)::int as n from pgboss.job where name = 'deliveries'");
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
