import { expect, test } from "bun:test";
import { createConnections } from "../../src/listeners/connections.ts";
import { realTimers } from "../../src/processes/restart-delay.ts";
import { STABLE_MS } from "../../src/processes/run-and-restart.ts";
import { embeddedDatabase, onPostgres } from "../database.ts";
import { openAgain } from "../open-again.ts";
import { usableConfinements } from "../runtime/confinements.ts";
import { until as untilSo } from "../until.ts";
import { environmentOf, isAlive, processesWith } from "./alive.ts";
import { processFile, processFixture } from "./fixture.ts";

const open = embeddedDatabase();

const confinements = (await usableConfinements()).filter((kind) => kind !== "none");

/** Prints that it runs, and keeps running. */
const STAYS = "echo up; while :; do sleep 0.1; done";
const needs = (...keys: string[]) => `export const REQUIRED_ENV = ${JSON.stringify(keys)};`;
const declares = (...keys: string[]) =>
  `import { defineConfig, t } from "heddle/sdk";\nexport const settings = defineConfig({ ${keys.map((key) => `${key}: t.String({ default: "" })`).join(", ")} });`;

test("it starts when all required settings have values, and restarts when these change", async () => {
  await using fixture = await processFixture(await open(), {
    "mine/config.ts": declares("MINE_TOKEN", "MINE_ROOM"),
    "mine/process.ts": processFile(STAYS, needs("MINE_TOKEN")),
    "mine/setup.ts": 'export const SETUP = { env_vars: [{ key: "MINE_COLOUR", default: "blue" }] };',
  });
  const { processes, settings, until, running } = fixture;
  processes.supervise();
  expect(await until("mine", ({ state }) => state === "waiting")).toMatchObject({
    pid: null,
    missing: ["MINE_TOKEN"],
    autoStart: true,
  });
  await expect(processes.start("mine")).rejects.toMatchObject({ code: "conflict" });
  await settings.set("mine", [{ key: "MINE_TOKEN", value: "canary-of-mine", secret: true }]);
  const first = await running("mine");
  expect(await environmentIn(first.pid)).toMatchObject({ MINE_TOKEN: "canary-of-mine", MINE_COLOUR: "blue" });
  expect(first).toMatchObject({ restarts: 0, missing: [] });
  await settings.set("mine", [{ key: "MINE_ROOM", value: "7", secret: false }]);
  const second = await until("mine", ({ pid }) => pid !== null && pid !== first.pid);
  expect(await environmentIn(second.pid)).toMatchObject({ MINE_ROOM: "7" });
  expect(second).toMatchObject({ restarts: 1, lastError: null });
  expect(isAlive(first.pid ?? 0)).toBe(false);
  await settings.delete("mine", "MINE_TOKEN");
  expect(await until("mine", ({ state }) => state === "waiting")).toMatchObject({ pid: null });
  expect(isAlive(second.pid ?? 0)).toBe(false);
}, 60_000);

test("its environment contains its own settings and key, and no others", async () => {
  await using fixture = await processFixture(
    await open(),
    {
      "mine/config.ts": declares("MINE_TOKEN"),
      "mine/process.ts": processFile("env; echo up; sleep 100"),
      "yours/config.ts": declares("YOURS_TOKEN"),
      "yours/process.ts": processFile(STAYS, needs("API_KEY")),
    },
    {
      environment: {
        MINE_TOKEN: "canary-of-mine",
        YOURS_TOKEN: "canary-of-yours",
        API_KEY: "canary-of-the-server",
        OTHER: "canary-of-the-environment",
      },
    },
  );
  const { processes, running, until, line, lent } = fixture;
  processes.supervise();
  const { pid } = await running("mine");
  const found = await environmentIn(pid);
  expect(Object.keys(found).sort()).toEqual([
    "HEDDLE_API_KEY",
    "HEDDLE_BASE_URL",
    "HEDDLE_INTEGRATION_ID",
    "HEDDLE_SUPERVISOR",
    "HEDDLE_URL",
    "HOME",
    "LANG",
    "MINE_TOKEN",
    "NODE_PATH",
    "PATH",
    "TMPDIR",
    "TZ",
  ]);
  expect(found).toMatchObject({
    MINE_TOKEN: "canary-of-mine",
    HEDDLE_INTEGRATION_ID: "mine",
    TZ: "Europe/Berlin",
  });
  expect([...lent]).toEqual([found.HEDDLE_API_KEY ?? ""]);
  // Its output does not show them.
  await line("mine", "up");
  const said = (await processes.lines.last("mine", 1000)).map(({ text }) => text).join("\n");
  expect(said).toContain("MINE_TOKEN=[redacted]");
  expect(said).toContain("HEDDLE_API_KEY=[redacted]");
  expect(said).not.toContain("canary");
  // The server's own key is never passed on, even if an integration asks for it.
  expect(await until("yours", ({ state }) => state === "waiting")).toMatchObject({ missing: ["API_KEY"] });
  await processes.stop("mine");
  expect(lent.size).toBe(0);
}, 60_000);

test("it does not read the .env of its folder, which is for `heddle dev`", async () => {
  await using fixture = await processFixture(await open(), {
    "mine/.env": "MINE_LEFT=leaked\n",
    "mine/process.ts": 'export const CMD = ["bun", "listen.ts"];',
    "mine/listen.ts":
      'console.log("left:", process.env.MINE_LEFT ?? "nothing"); setInterval(() => {}, 1000);',
  });
  fixture.processes.supervise();
  await fixture.line("mine", "left: nothing");
}, 60_000);

test("a process that always crashes is given up, and restarts with new code", async () => {
  // Pauses take no time here, and no run lasts a minute.
  const timers = {
    ...realTimers,
    after: (ms: number, run: () => void) => realTimers.after(ms === STABLE_MS ? ms : 0, run),
  };
  await using fixture = await processFixture(
    await open(),
    { "mine/process.ts": processFile("echo falling; exit 3") },
    { timers },
  );
  const { processes, until, write, integrations, running } = fixture;
  processes.supervise();
  const given = await until("mine", ({ state }) => state === "crash_looping");
  expect(given).toMatchObject({
    restarts: 9,
    exitCode: 3,
    pid: null,
    lastError: "The process ended with code 3.",
  });
  expect((await processes.lines.last("mine", 1000)).filter(({ text }) => text === "falling")).toHaveLength(
    10,
  );
  await write({ "mine/process.ts": processFile(STAYS) });
  await integrations.reload("mine");
  expect(await running("mine")).toMatchObject({ lastError: null });
  // What has been counted is stored at the latest when the server stops.
  await processes.close();
  const days = await processes.days("mine");
  expect(days.reduce((sum, { crashes }) => sum + crashes, 0)).toBe(10);
  expect(days[0]).toMatchObject({ last_error: "The process ended with code 3." });
}, 60_000);

test("an operator stops, starts and restarts it; an impossible command is a conflict", async () => {
  await using fixture = await processFixture(await open(), {
    "mine/process.ts": processFile(STAYS),
    "plain/tools/a.ts":
      'import { register } from "heddle/sdk"; register({ name: "a", description: "" }, () => 1);',
  });
  const { processes, running, settings, states } = fixture;
  processes.supervise();
  const { pid: first } = await running("mine");
  await expect(processes.start("mine")).rejects.toMatchObject({ code: "conflict" });
  expect(await processes.stop("mine")).toMatchObject({ state: "stopped", pid: null, signal: "SIGTERM" });
  expect(isAlive(first ?? 0)).toBe(false);
  await expect(processes.stop("mine")).rejects.toMatchObject({ code: "conflict" });
  // It stays stopped whatever else changes.
  await settings.set("mine", [{ key: "ANY", value: "1", secret: false }]);
  expect(await processes.start("mine")).toMatchObject({ state: "running", restarts: 1 });
  const { pid: second } = await processes.status("mine");
  const again = await processes.restart("mine");
  expect(again).toMatchObject({ state: "running", restarts: 2 });
  expect(again.pid).not.toBe(second);
  await processes.setAutoStart("mine", false);
  expect(await processes.status("mine")).toMatchObject({ state: "running", autoStart: false });
  expect(states.get("mine").processAutoStart).toBe(false);
  for (const id of ["plain", "nobody"]) {
    await expect(processes.status(id)).rejects.toMatchObject({ code: "not_found" });
    await expect(processes.start(id)).rejects.toMatchObject({ code: "not_found" });
  }
}, 60_000);

test("a connection that it reported is degraded once it has ended; those of listeners are not", async () => {
  const db = await open();
  await using fixture = await processFixture(db, { "mine/process.ts": processFile(STAYS) });
  fixture.processes.supervise();
  const { pid } = await fixture.running("mine");
  const connections = createConnections({ db, redact: (text) => text, onError: () => {} });
  const about = { integrationId: "mine", status: "connected", detail: null } as const;
  await connections.report({ ...about, name: "of the process" });
  await connections.report({ ...about, name: "of the server", isListener: true });
  process.kill(pid ?? 0, "SIGKILL");
  const shown = await untilSo(
    () => connections.list("mine"),
    (all) => all.some(({ status }) => status !== "connected"),
  );
  expect(shown.map(({ name, status, detail }) => [name, status, detail])).toEqual([
    ["of the process", "degraded", "The process that reported it has ended."],
    ["of the server", "connected", null],
  ]);
});

test("without auto-start it waits for an operator", async () => {
  await using fixture = await processFixture(await open(), { "mine/process.ts": processFile(STAYS) });
  const { processes, states, running } = fixture;
  await states.set("mine", { processAutoStart: false });
  processes.supervise();
  expect(await processes.status("mine")).toMatchObject({ state: "stopped", autoStart: false });
  await states.set("mine", { processAutoStart: true });
  await running("mine");
}, 60_000);

test("it ends when its integration is disabled or removed, and restarts with a new version", async () => {
  await using fixture = await processFixture(
    await open(),
    {
      "mine/process.ts": processFile("echo first; sleep 100"),
      "yours/process.ts": processFile(STAYS),
    },
    { watch: true },
  );
  const { processes, states, running, until, write, remove, line } = fixture;
  processes.supervise();
  const mine = await running("mine");
  const yours = await running("yours");
  await write({ "mine/process.ts": processFile("echo second; sleep 100") });
  await line("mine", "second");
  const next = await until("mine", ({ pid }) => pid !== null && pid !== mine.pid);
  expect(isAlive(mine.pid ?? 0)).toBe(false);
  await states.set("mine", { enabled: false });
  await untilSo(() => !isAlive(next.pid ?? 0));
  await expect(processes.status("mine")).rejects.toMatchObject({ code: "not_found" });
  await states.set("mine", { enabled: true });
  await untilSo(() => processes.has("mine"));
  await running("mine");
  await remove("yours");
  await untilSo(() => !isAlive(yours.pid ?? 0));
}, 60_000);

test("a change of a watched path restarts it and does not count as a crash", async () => {
  await using fixture = await processFixture(
    await open(),
    {
      "mine/process.ts": processFile(
        "cat data/rules.txt; sleep 100",
        'export const WATCH_PATHS = ["data", "../shared.txt"];',
      ),
      "mine/data/rules.txt": "one\n",
    },
    { watch: false },
  );
  const { processes, running, until, write, line } = fixture;
  await write({ "shared.txt": "1" });
  processes.supervise();
  const first = await running("mine");
  await line("mine", "one");
  await write({ "mine/data/rules.txt": "two\n" });
  await line("mine", "two");
  const second = await until("mine", ({ pid }) => pid !== null && pid !== first.pid);
  expect(second).toMatchObject({ restarts: 1, lastError: null });
  await write({ "shared.txt": "22" });
  await until("mine", ({ pid }) => pid !== null && pid !== second.pid);
}, 60_000);

test("a broken save leaves the running process alone, and the next good one replaces it", async () => {
  await using fixture = await processFixture(
    await open(),
    {
      "mine/process.ts":
        'export const CMD = ["bun", "listener.ts"]; export const WATCH_PATHS = ["listener.ts"];',
      "mine/listener.ts": 'console.log("one"); setInterval(() => {}, 1000);',
    },
    { watch: false },
  );
  const { processes, running, until, write, line } = fixture;
  processes.supervise();
  const first = await running("mine");
  await line("mine", "one");
  await write({ "mine/listener.ts": "const ;" });
  await line("mine", "Not restarted: listener.ts cannot be parsed");
  expect(await running("mine")).toMatchObject({ pid: first.pid, lastError: null });
  await write({ "mine/listener.ts": 'console.log("two"); setInterval(() => {}, 1000);' });
  await line("mine", "two");
  expect(await until("mine", ({ pid }) => pid !== null && pid !== first.pid)).toMatchObject({
    lastError: null,
  });
}, 60_000);

test("a process that uses too much memory is restarted, with the reason", async () => {
  // Measured continuously and restarted at once.
  const timers = {
    ...realTimers,
    after: (ms: number, run: () => void) => realTimers.after(ms === 5_000 ? 50 : ms, run),
  };
  await using fixture = await processFixture(
    await open(),
    {
      "mine/process.ts": `export const CMD = ["bun", "listener.ts"]; export const MEMORY_LIMIT_MB = 150;`,
      "mine/listener.ts": "const held = Buffer.alloc(300e6, 1); setInterval(() => held.length, 1000);",
    },
    { timers },
  );
  const { processes, until } = fixture;
  processes.supervise();
  const fallen = await until("mine", ({ lastError }) => lastError !== null);
  expect(fallen.lastError).toMatch(/^The process used \d{3} MB of memory; the limit is 150 MB\.$/);
  expect(fallen).toMatchObject({ state: "backing_off", memoryLimitMb: 150 });
}, 60_000);

test("a server that loses leadership ends its processes at once, overwrites no rows, and starts again when it regains it", async () => {
  const db = await open();
  let calls: Parameters<typeof db.lead>[1] | undefined;
  await using fixture = await processFixture(
    db,
    { "mine/process.ts": processFile(STAYS) },
    {
      lead(_name, given) {
        calls = given;
        return { close: async () => {} };
      },
    },
  );
  const { processes, running, line, serverId, until } = fixture;
  processes.supervise();
  expect(await processes.status("mine")).toMatchObject({ state: "stopped", pid: null });
  calls?.onLead();
  const first = await running("mine");
  await line("mine", "up");
  calls?.onLost();
  // Another server is the leader by now and has stored its state.
  const other = crypto.randomUUID();
  await db.execute("update processes set server_id = $1, pid = 4711 where integration_id = 'mine'", [other]);
  await untilSo(() => !isAlive(first.pid ?? 0));
  expect(await processes.status("mine")).toMatchObject({ state: "running", pid: 4711 });
  expect(await storedServer()).toBe(other);
  calls?.onLead();
  const again = await until("mine", ({ pid }) => pid !== null && pid !== 4711);
  expect(isAlive(again.pid ?? 0)).toBe(true);
  await untilSo(async () => (await storedServer()) === serverId);

  async function storedServer(): Promise<unknown> {
    const { rows } = await db.execute("select server_id from processes where integration_id = 'mine'");
    return rows[0]?.server_id;
  }
}, 60_000);

test("a process about to start when the server stops is not started", async () => {
  const mark = crypto.randomUUID();
  const asked = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const fixture = await processFixture(
    await open(),
    { "mine/config.ts": declares("MARK"), "mine/process.ts": processFile(STAYS) },
    {
      environment: { MARK: mark },
      beforeStart() {
        asked.resolve();
        return gate.promise;
      },
    },
  );
  fixture.processes.supervise();
  await asked.promise;
  const closed = fixture[Symbol.asyncDispose]();
  gate.resolve();
  await closed;
  expect(processesWith("MARK", mark)).toEqual([]);
}, 60_000);

test("a process that is added again while it still ends waits for its own end", async () => {
  const mark = crypto.randomUUID();
  await using fixture = await processFixture(
    await open(),
    {
      "mine/config.ts": declares("MARK"),
      "mine/process.ts": processFile('trap "sleep 0.5; exit 0" TERM; echo up; while :; do sleep 0.1; done'),
    },
    { environment: { MARK: mark } },
  );
  const { processes, states, line, running, lent } = fixture;
  processes.supervise();
  await line("mine", "up");
  const { pid: first } = await running("mine");
  await states.set("mine", { enabled: false });
  await states.set("mine", { enabled: true });
  let overlapped = false;
  await untilSo(async () => {
    const status = processes.has("mine") ? await processes.status("mine") : undefined;
    const isAnother = status?.state === "running" && status.pid !== first;
    overlapped ||= isAnother && isAlive(first ?? 0);
    return isAnother;
  });
  expect(overlapped).toBe(false);
  expect(lent.size).toBe(1);
}, 60_000);

test("all processes end with the server at once, even those that ignore SIGTERM", async () => {
  const db = await open();
  const marker = crypto.randomUUID();
  const stubborn = `trap "" TERM; (trap "" TERM; while :; do sleep 0.1; done) & ${STAYS}`;
  const config = declares("MARK");
  const fixture = await processFixture(
    db,
    {
      "a/config.ts": config,
      "a/process.ts": processFile(stubborn),
      "b/config.ts": config,
      "b/process.ts": processFile(stubborn),
      "c/config.ts": config,
      "c/process.ts": processFile(STAYS),
    },
    { environment: { MARK: marker } },
  );
  fixture.processes.supervise();
  for (const id of ["a", "b", "c"]) await fixture.line(id, "up");
  expect(processesWith("MARK", marker).length).toBeGreaterThanOrEqual(5);
  await fixture[Symbol.asyncDispose]();
  expect(processesWith("MARK", marker)).toEqual([]);
}, 60_000);

onPostgres("two servers", (open) => {
  test("one server runs it, both report on it, and the other one takes over", async () => {
    const db = await open();
    const second = await openAgain(db);
    const marker = crypto.randomUUID();
    const files = { "mine/config.ts": declares("MARK"), "mine/process.ts": processFile(`exec sleep 1000`) };
    const environment = { MARK: marker };
    const a = await processFixture(db, files, { environment });
    await using b = await processFixture(second, files, { environment });
    a.processes.supervise();
    const first = await a.running("mine");
    b.processes.supervise();
    expect(await b.running("mine")).toMatchObject({ pid: first.pid });
    // A command reaches the leader.
    expect(await b.processes.stop("mine")).toMatchObject({ state: "stopped" });
    await expect(b.processes.stop("mine")).rejects.toMatchObject({ code: "conflict" });
    const again = await b.processes.start("mine");
    expect(again).toMatchObject({ state: "running" });
    expect(processesWith("MARK", marker)).toEqual([again.pid ?? 0]);
    await b.line("mine", `Started, process ${again.pid}.`);
    await a[Symbol.asyncDispose]();
    const taken = await b.until("mine", ({ pid }) => pid !== null && pid !== again.pid);
    expect(processesWith("MARK", marker)).toEqual([taken.pid ?? 0]);
    await b.processes.close();
    await second.close();
  }, 60_000);
});

/** The system exposes it shortly after starting the program. */
async function environmentIn(pid: number | null): Promise<Record<string, string>> {
  await untilSo(() => Object.keys(environmentOf(pid ?? 0)).length > 0);
  return environmentOf(pid ?? 0);
}

test.each(confinements)(
  "confined by %s, it can read files shared by integrations, but no other integration's",
  async (kind) => {
    await using fixture = await processFixture(
      await open(),
      {
        "_lib/word.txt": "shared-word",
        "other/notes.txt": "word-of-another",
        "other/tools/a.ts": "export {};",
        "mine/process.ts": processFile(`cat ../_lib/word.txt; echo; cat ../other/notes.txt; ${STAYS}`),
      },
      { confinement: kind },
    );
    fixture.processes.supervise();
    await fixture.line("mine", "up");
    const said = (await fixture.processes.lines.last("mine", 1000)).map(({ text }) => text).join("\n");
    expect(said).toContain("shared-word");
    expect(said).not.toContain("word-of-another");
  },
  60_000,
);
