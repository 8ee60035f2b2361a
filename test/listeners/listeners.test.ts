// Listeners over a real database: who runs them, when they are restarted, what is stored about their connections.

import { expect, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import { createConnections } from "../../src/listeners/connections.ts";
import { createListeners, type ListenersFacts } from "../../src/listeners/listeners.ts";
import type { RegisteredListener } from "../../src/sdk/backend.ts";
import { createListeners as createSdkListeners } from "../../src/sdk/listeners.ts";
import { eachDatabase, onPostgres, type TestDatabase } from "../database.ts";
import { until } from "../until.ts";

const log = getLogger("test");

function serverOver(db: TestDatabase, { needs = [] as string[] } = {}) {
  const values = new Map<string, string>();
  const changes: ((id: string, keys: string[]) => void)[] = [];
  const connections = createConnections({
    db,
    redact: (text) => text.replaceAll("s3cret", "[redacted]"),
    onError: (error) => {
      throw error;
    },
  });
  const listeners = createListeners({ db, connections, log });
  const facts = {
    integrations: {
      get: (id: string) => ({ id, settings: needs.map((key) => ({ key, required: true, default: null })) }),
      onChange: () => () => {},
    },
    accounts: { onChange: () => () => {} },
    settings: {
      effective: (_: string, { key }: { key: string }) => ({ value: values.get(key) ?? null }),
      onChange(listener: (id: string, keys: string[]) => void) {
        changes.push(listener);
        return () => {};
      },
    },
  } as unknown as ListenersFacts;
  return {
    ...{ connections, listeners, start: () => listeners.supervise(facts) },
    set(key: string, value: string) {
      values.set(key, value);
      for (const changed of changes) changed("acme", [key]);
    },
  };
}

/** A listener that counts its starts and runs until it is aborted. */
function counting() {
  const starts: (Date | null)[] = [];
  let running = 0;
  const listener: RegisteredListener = {
    ...{ name: "socket", when: undefined, silenceSeconds: undefined, catchUp: undefined },
    async run({ signal, since, connected }) {
      starts.push(since);
      running += 1;
      connected("as @ops with s3cret");
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      running -= 1;
    },
  };
  return { listener, starts, running: () => running };
}

const is = (wanted: unknown) => (value: unknown) => Bun.deepEquals(value, wanted);

eachDatabase("listeners", (open) => {
  test("run once their settings have values, again when those change, and no longer when they are gone", async () => {
    const { connections, listeners, start, set } = serverOver(await open(), { needs: ["ACME_TOKEN"] });
    const one = counting();
    listeners.replaceOwner("acme", [one.listener]);
    start();
    await Bun.sleep(50);
    expect(one.starts).toEqual([]);
    set("ACME_TOKEN", "a");
    await until(() => one.running(), is(1));
    set("ACME_TOKEN", "b");
    await until(() => [one.starts.length, one.running()], is([2, 1]));
    const [row] = await until(
      () => connections.list("acme"),
      ([first]) => first?.status === "connected",
    );
    expect(row).toMatchObject({ name: "socket", detail: "as @ops with [redacted]", is_listener: true });
    listeners.replaceOwner("acme", []);
    await until(() => one.running(), is(0));
    expect(await until(() => connections.list("acme"), is([]))).toEqual([]);
    await listeners.close();
  });

  test("a new start knows when the service was last heard; a report keeps the time since when it is so", async () => {
    const db = await open();
    const before = serverOver(db);
    const one = counting();
    before.listeners.replaceOwner("acme", [one.listener]);
    before.start();
    await until(() => one.running(), is(1));
    await before.listeners.close();
    expect(one.running()).toBe(0);
    const after = serverOver(db);
    after.listeners.replaceOwner("acme", [one.listener]);
    after.start();
    await until(() => one.starts.length, is(2));
    expect(one.starts[0]).toBeNull();
    expect(Date.now() - (one.starts[1]?.getTime() ?? 0)).toBeLessThan(60_000);
    const { connections } = after;
    const report = (status: "connected" | "degraded", detail: string) =>
      connections.report({ integrationId: "acme", name: "camera", status, detail });
    const read = async () => (await connections.list("acme")).find(({ name }) => name === "camera");
    await report("degraded", "slow");
    const first = await read();
    await report("degraded", "slower");
    expect(await read()).toMatchObject({ since: first?.since, detail: "slower", is_listener: false });
    // Times are read to the millisecond.
    await Bun.sleep(5);
    await report("connected", "again");
    expect((await read())?.since.getTime()).toBeGreaterThan(first?.since.getTime() ?? 0);
    await after.listeners.close();
  });

  test("poll asks at once and then every so often, and a failure is told until it succeeds", async () => {
    const { connections, listeners, start } = serverOver(await open());
    const asked: (Date | null)[] = [];
    const registered: RegisteredListener[] = [];
    const { poll } = createSdkListeners({
      registerListener: (listener) => void registered.push(listener),
      reportConnection: async () => {},
      misspelt: () => {},
    });
    poll({
      ...{ name: "mail", everySeconds: () => 0.02 },
      async run({ since }) {
        asked.push(since);
        if (asked.length === 3) throw new Error("IMAP is away");
      },
    });
    listeners.replaceOwner("acme", registered);
    start();
    await until(
      () => connections.list("acme"),
      ([row]) => row?.status === "degraded" && row.detail === "IMAP is away",
    );
    await until(
      () => connections.list("acme"),
      ([row]) => row?.status === "connected",
    );
    await listeners.close();
    expect(asked[0]).toBeNull();
    expect(asked[1]).toBeInstanceOf(Date);
  });
});

onPostgres("listeners of two servers", (open) => {
  test("run on one of them, and on the other when that one closes", async () => {
    const db = await open();
    const [a, b] = [serverOver(db), serverOver(db)];
    const [onA, onB] = [counting(), counting()];
    a.listeners.replaceOwner("acme", [onA.listener]);
    b.listeners.replaceOwner("acme", [onB.listener]);
    a.start();
    await until(() => onA.running(), is(1));
    b.start();
    await Bun.sleep(1_500);
    expect(onB.starts).toEqual([]);
    await a.listeners.close();
    await until(() => [onA.running(), onB.running()], is([0, 1]));
    expect(onB.starts[0]).toBeInstanceOf(Date);
    await b.listeners.close();
  });
});
