// Credentials that a service refuses while something is delivered: a repair, and deliveries that wait for what mends it.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { deliveries } from "../../src/db/schema.ts";
import { createOutbox } from "../../src/dispatch/outbox.ts";
import { newId } from "../../src/ids.ts";
import { createConnections } from "../../src/listeners/connections.ts";
import { createDeliveryCredentials, DELIVERIES } from "../../src/listeners/delivery-credentials.ts";
import { connectionRepairs } from "../../src/repairs/connection-repairs.ts";
import { ReauthRequired } from "../../src/sdk/errors.ts";
import { eachDatabase } from "../database.ts";
import { createSessionsFixture } from "../sessions/fixture.ts";
import { until } from "../until.ts";

eachDatabase("credentials of deliveries", (open) => {
  let token = "wrong";
  let parts: Awaited<ReturnType<typeof createSessionsFixture>>;
  let end = async () => {};
  const connections = () =>
    createConnections({
      db: parts.db,
      redact: (text) => text,
      onError: (error) => {
        throw error;
      },
    });

  beforeAll(async () => {
    parts = await createSessionsFixture(await open(), {
      chat: {
        deliver() {
          if (token === "wrong") throw new ReauthRequired("The chat does not accept ACME_TOKEN.");
          return { receipt: "posted" };
        },
      },
    });
  });
  afterAll(() => end());

  test("a refused token is a repair that names it; once it is changed, what waits is delivered at once", async () => {
    const { db, queue, sessions } = parts;
    const known = connections();
    const credentials = createDeliveryCredentials({
      connections: known,
      ownerOf: (type) => (type === "chat" ? "acme" : undefined),
      hurry: (id) => outbox.hurry(id === "acme" ? ["chat"] : []),
      log: parts.log,
    });
    const outbox = createOutbox({ ...parts, random: () => 0.5, onOutcome: credentials.heard });
    const stop = new AbortController();
    await queue.work("deliveries", { concurrency: 1, run: (job) => outbox.attempt(job, stop.signal) });
    end = () => queue.close();
    const { session_id } = await sessions.getOrCreate({ clientId: "acme:1", botId: "default" });
    const [id] = await db.query.transaction((tx) =>
      outbox.write(tx, {
        ...{ task_id: null, session_id, bot_id: "default", correlation_id: newId() },
        ...{ dispatch_type: "chat", dispatch_config: {} },
        payload: { kind: "result" as const, text: "Hello", client_actions: [], extra_metadata: {} },
      }),
    );
    const row = async () =>
      (
        await db.query
          .select()
          .from(deliveries)
          .where(eq(deliveries.id, id ?? ""))
      )[0];
    const shown = async () => (await known.list("acme")).find(({ name }) => name === DELIVERIES);

    await until(async () => (await row())?.status === "retrying");
    await until(async () => (await shown())?.status === "reauth_required");
    expect((await row())?.last_error).toBe("The chat does not accept ACME_TOKEN.");
    const rows = await known.list("acme");
    const repairsOf = (all: typeof rows) =>
      connectionRepairs(all, { nameOf: () => "Acme", accounts: [] }, Date.now());
    expect(repairsOf(rows)).toMatchObject([
      {
        kind: "connection_unauthorized",
        title: "Acme does not accept the credentials.",
        detail: "The chat does not accept ACME_TOKEN.",
        action: "set_settings",
      },
    ]);
    // One cause, one repair.
    const listener = { ...(rows[0] as (typeof rows)[number]), name: "events" };
    expect(repairsOf([...rows, listener])).toHaveLength(1);

    // The next attempt would be far away.
    await db.query
      .update(deliveries)
      .set({ retry_seconds: 36_000 })
      .where(eq(deliveries.id, id ?? ""));
    token = "right";
    await credentials.changed("other");
    expect((await shown())?.status).toBe("reauth_required");
    await credentials.changed("acme");
    expect(await shown()).toBeUndefined();
    await until(async () => (await row())?.status === "delivered");
  });

  test("a delivery that succeeds ends what another server, or this one before its start, has stored; not each one looks", async () => {
    const known = connections();
    let at = 0;
    let looks = 0;
    const credentials = createDeliveryCredentials({
      connections: {
        ...known,
        forget: (id, name) => {
          looks += 1;
          return known.forget(id, name);
        },
      },
      ownerOf: () => "weaver",
      hurry: async () => {},
      log: parts.log,
      now: () => at,
    });
    const refuse = () =>
      known.report({ integrationId: "weaver", name: DELIVERIES, status: "reauth_required", detail: null });
    const gone = () => until(async () => (await known.list("weaver")).length === 0);
    await refuse();
    credentials.heard("loom", null, "");
    await gone();
    credentials.heard("loom", null, "");
    expect(looks).toBe(1);
    await refuse();
    at += 60_000;
    credentials.heard("loom", null, "");
    await gone();
  });
});
