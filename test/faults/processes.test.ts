// Background processes after the server is killed, cut off or stopped: none is left over, and none runs twice.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compiledBinary } from "../compiled-binary.ts";
import { onPostgres, quickDatabase } from "../database.ts";
import { environmentOf, isAlive, processesWith } from "../processes/alive.ts";
import { FROM_SOURCE } from "../program.ts";
import { until } from "../until.ts";
import { ask, type HeddleProcess, killAll, launch } from "./process.ts";

const MINUTES = 60_000;
const PROCESS = "/api/v1/admin/integrations/stubborn/process";

const base = mkdtempSync(join(tmpdir(), "heddle-faults-"));
const quick = quickDatabase();
/** Marks the environment of everything started by one test's processes. */
let mark = "";

afterEach(async () => {
  await killAll();
  for (const pid of processesWith("MARK", mark)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has already exited.
    }
  }
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

/**
 * A process that ignores SIGTERM, with a child that does too, and one in its own session. It calls the server through
 * "heddle/sdk" before it reports that it is up.
 */
function writeStubborn(folder: string): void {
  const files = {
    "config.ts":
      'import { defineConfig, t } from "heddle/sdk";\nexport const settings = defineConfig({ MARK: t.String() });\n',
    "process.ts": 'export const CMD = ["bun", "listener.ts"];\nexport const REQUIRED_ENV = ["MARK"];\n',
    "listener.ts": `
      import { spawn } from "node:child_process";
      import { getOrCreateSession } from "heddle/sdk";
      import { settings } from "./config.ts";
      process.on("SIGTERM", () => console.log("no"));
      const stay = "trap '' TERM; while :; do sleep 0.2; done";
      const child = spawn("sh", ["-c", stay], { stdio: "ignore" });
      const escaped = spawn("sh", ["-c", stay], { stdio: "ignore", detached: true });
      console.log(await getOrCreateSession({ clientId: "stubborn:1", botId: "default" }));
      console.log("up", settings.MARK, child.pid, escaped.pid);
      setInterval(() => {}, 1000);`,
  };
  mkdirSync(join(folder, "stubborn"), { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, "stubborn", name), text);
}

function programs(): [name: string, program: () => Promise<readonly string[]>][] {
  return [
    ["from source", async () => FROM_SOURCE],
    ["compiled", async () => [await compiledBinary()]],
  ];
}

/**
 * Which of the three are the listener itself; a child has the listener's command line until it execs its own program.
 */
function listeners(): number[] {
  const found = processesWith("MARK", mark).filter((pid) =>
    read(`/proc/${pid}/cmdline`).includes("listener.ts"),
  );
  return found.filter((pid) => !found.includes(parentOf(pid)));
}

/** A confinement wrapper may hold the recorded pid and be the process's parent. */
function isPartOf(pid: number, family: number): boolean {
  return pid === family || (pid > 1 && isPartOf(parentOf(pid), family));
}

/** Resolves when it has reported that it is up. */
async function up(url: string, after = 0): Promise<{ pid: number; last: number }> {
  const { lines } = await until(
    () => ask(url, `${PROCESS}/logs?after=${after}`).catch(() => ({ lines: [] })),
    ({ lines }) => lines.some(({ text }: { text: string }) => text.startsWith("up ")),
    { everyMs: 100, withinSeconds: 150 },
  );
  const { pid } = await ask(url, PROCESS);
  return { pid, last: lines.at(-1).id };
}

for (const [name, programOf] of programs()) {
  describe(`background processes, ${name}`, () => {
    const folder = join(base, name.replace(" ", "-"));
    let program: readonly string[];

    beforeAll(async () => {
      program = await programOf();
      writeStubborn(join(folder, "integrations"));
    }, 5 * MINUTES);

    function serve(home: string, database: { DATABASE_URL?: string }): HeddleProcess {
      return launch({
        ...(program && { program }),
        arguments: ["--home", join(folder, home), "--port", "0"],
        environment: {
          ...database,
          MARK: mark,
          CANARY: "canary-of-the-server",
          PATH: process.env.PATH ?? "",
          INTEGRATION_DIRS: join(folder, "integrations"),
        },
      });
    }

    async function started(home: string) {
      const database = await quick();
      const server = serve(home, database);
      const url = await server.started;
      return { server, url, ...(await up(url)), startAgain: () => serve(home, database) };
    }

    test(
      "none outlives a kill -9 of the server, and the next start runs it once",
      async () => {
        mark = crypto.randomUUID();
        const { server, pid, last, startAgain } = await started("killed");
        const [listener = 0] = listeners();
        expect(isPartOf(listener, pid)).toBe(true);
        expect(
          Object.keys(environmentOf(listener))
            .filter((key) => !key.startsWith("HEDDLE_"))
            .sort(),
        ).toEqual(
          [
            ...(program === FROM_SOURCE ? [] : ["BUN_BE_BUN"]),
            "HOME",
            "LANG",
            "MARK",
            "NODE_PATH",
            "PATH",
            "TMPDIR",
            "TZ",
          ].sort(),
        );
        expect(processesWith("MARK", mark).length).toBeGreaterThanOrEqual(3);
        server.kill("SIGKILL");
        await until(
          () => processesWith("MARK", mark),
          (left) => left.length === 0,
          { everyMs: 50, withinSeconds: 150 },
        );
        const next = startAgain();
        const url = await next.started;
        const again = await up(url, last);
        expect(listeners().map((one) => isPartOf(one, again.pid))).toEqual([true]);
        next.kill("SIGTERM");
        expect(await next.ended).toBe(0);
        expect(processesWith("MARK", mark)).toEqual([]);
        expect(guardians(folder)).toEqual([]);
      },
      2 * MINUTES,
    );

    // From source the next start does the same, and takes twice the time.
    if (name === "from source") return;
    test(
      "processes left behind by a server and its guardian are ended by the next start",
      async () => {
        mark = crypto.randomUUID();
        const { server, last, startAgain } = await started("both-killed");
        const left = processesWith("MARK", mark);
        for (const guardian of childrenOf(server.pid).filter((pid) => !left.includes(pid))) {
          // It must not be restarted in between.
          process.kill(server.pid, "SIGSTOP");
          process.kill(guardian, "SIGKILL");
        }
        server.kill("SIGKILL");
        await server.ended;
        expect(left.filter(isAlive).length).toBeGreaterThanOrEqual(3);
        const next = startAgain();
        const again = await up(await next.started, last);
        expect(left.filter(isAlive)).toEqual([]);
        expect(listeners().map((one) => isPartOf(one, again.pid))).toEqual([true]);
      },
      2 * MINUTES,
    );
  });
}

onPostgres("background processes of two servers", (open) => {
  test(
    "one server runs it; when that is killed the other one takes over, and it never runs twice",
    async () => {
      mark = crypto.randomUUID();
      const { home, databaseUrl = "" } = await open();
      const folder = join(base, "two");
      writeStubborn(folder);
      const serve = (name: string) =>
        launch({
          arguments: ["--home", join(home, name), "--port", "0"],
          environment: {
            MARK: mark,
            PATH: process.env.PATH ?? "",
            DATABASE_URL: databaseUrl,
            ENCRYPTION_KEY: "ab".repeat(32),
            INTEGRATION_DIRS: folder,
          },
        });
      let most = 0;
      const counting = setInterval(() => {
        most = Math.max(most, listeners().length);
      }, 150);
      const first = serve("first");
      const { pid, last } = await up(await first.started);
      const second = serve("second");
      const url = await second.started;
      const seen = await until(
        () => ask(url, PROCESS).catch(() => undefined),
        (status) => status !== undefined,
        { everyMs: 100, withinSeconds: 150 },
      );
      expect(seen).toMatchObject({ state: "running", pid });
      const restarted = await ask(url, `${PROCESS}/restart`, "POST");
      expect(restarted.pid).not.toBe(pid);
      await up(url, last);
      const before = listeners();
      expect(before.map((one) => isPartOf(one, restarted.pid))).toEqual([true]);
      const { lines } = await ask(url, `${PROCESS}/logs`);
      first.kill("SIGKILL");
      const taken = await up(url, lines.at(-1).id);
      expect(before.filter(isAlive)).toEqual([]);
      expect(listeners().map((one) => isPartOf(one, taken.pid))).toEqual([true]);
      second.kill("SIGTERM");
      expect(await second.ended).toBe(0);
      expect(processesWith("MARK", mark)).toEqual([]);
      clearInterval(counting);
      expect(most).toBe(1);
    },
    3 * MINUTES,
  );
});

function childrenOf(parent: number): number[] {
  return everyProcess().filter((pid) => parentOf(pid) === parent);
}

function parentOf(pid: number): number {
  const stat = read(`/proc/${pid}/stat`);
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
}

/** Guardians started by a server with this home. */
const guardians = (folder: string) =>
  everyProcess().filter((pid) => {
    const command = read(`/proc/${pid}/cmdline`);
    return command.includes("guardian") && command.includes(folder);
  });

const everyProcess = () =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
