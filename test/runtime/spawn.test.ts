import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { spawn as spawnChild } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { getLogger } from "@logtape/logtape";
import { type ConfinementKind, createConfinement } from "../../src/runtime/confine.ts";
import { createSpawner, type SpawnedProcess, type Spawner } from "../../src/runtime/spawn.ts";
import { commandsWith, environmentOf, isAlive } from "../processes/alive.ts";
import { until } from "../until.ts";
import { outerPid, usableConfinements } from "./confinements.ts";

const home = mkdtempSync(join(tmpdir(), "heddle-test-"));
/** The integration's folder. */
const folder = join(home, "workspace", "integrations", "tried");
mkdirSync(folder, { recursive: true });
const state = join(home, "processes", "tried");
const serverId = crypto.randomUUID();
const kinds = await usableConfinements();
/** The confinement that the current block of tests uses. */
let kind: ConfinementKind = "none";
let spawner: Spawner | undefined;
const running = new Set<SpawnedProcess>();

afterEach(async () => {
  for (const one of running) await one.end(0);
  running.clear();
  await spawner?.close();
  spawner = undefined;
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

async function start(command: string[], environment: Record<string, string> = {}) {
  spawner ??= createSpawner({
    serverId,
    home,
    confinement: createConfinement({ home, wanted: kind }),
    log: getLogger("test"),
  });
  await spawner.prepare();
  let output = "";
  const waiting = new Set<() => void>();
  const child = spawner.spawn({
    command,
    cwd: folder,
    access: { read: [folder], write: [state] },
    environment: { PATH: process.env.PATH ?? "", ...environment },
    onOutput(chunk) {
      output += new TextDecoder().decode(chunk);
      for (const check of waiting) check();
      return undefined;
    },
  });
  running.add(child);
  /** Resolves with the match once the output matches the pattern. */
  const heard = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve) => {
      const check = () => {
        const found = pattern.exec(output);
        if (found) resolve(found);
      };
      waiting.add(check);
      check();
    });
  return { child, heard };
}

/** A script that prints its pid and its child's, then keeps running; both run `how` first. */
const family = (how = ":") =>
  `${how}; sh -c '${how}; while :; do sleep 0.1; done' & echo "me $$ child $!"; while :; do sleep 0.1; done`;

async function numbers(heard: (pattern: RegExp) => Promise<RegExpExecArray>) {
  const [, me, child] = await heard(/me (\d+) child (\d+)\n/);
  return [await outerPid(Number(me), serverId), await outerPid(Number(child), serverId)] as const;
}

describe.each(kinds)("confined by %s", (given) => {
  beforeAll(() => {
    kind = given;
  });

  test("a process sees its own environment and nothing of the server's", async () => {
    process.env.CANARY_OF_THE_SERVER = "canary";
    const id = crypto.randomUUID();
    const { child, heard } = await start(["sh", "-c", `echo up; sleep 100; : ${id}`], { MINE: "1" });
    delete process.env.CANARY_OF_THE_SERVER;
    await heard(/up/);
    // Under bubblewrap the child's pid is the wrapper's; look up the process itself. For a moment its own child, which the shell gives a
    // PWD, has its command line.
    const environment = await until(
      () => environmentOf(commandsWith(id).at(-1) ?? child.pid),
      ({ PWD }) => PWD === undefined,
    );
    expect(Object.keys(environment).sort()).toEqual(["HEDDLE_SUPERVISOR", "MINE", "NODE_PATH", "PATH"]);
    expect(environment.HEDDLE_SUPERVISOR).toStartWith(serverId);
  });

  test("reports the exit code and the signal", async () => {
    const first = await start(["sh", "-c", "exit 3"]);
    expect(await first.child.exited).toEqual({ code: 3, signal: null });
    const second = await start(["sh", "-c", "kill -SEGV $$"]);
    expect(await second.child.exited).toEqual({ code: null, signal: "SIGSEGV" });
  });

  test("a program that cannot be started is named in the error", async () => {
    await expect(start(["no-such-program-anywhere"])).rejects.toThrow(
      "no-such-program-anywhere cannot be started",
    );
  });

  test("children end with their parent, by SIGKILL if they ignore SIGTERM", async () => {
    const { child, heard } = await start(["sh", "-c", family('trap "" TERM')]);
    const pids = await numbers(heard);
    expect(pids.map(isAlive)).toEqual([true, true]);
    expect(await child.end(100)).toBe(true);
    expect(pids.map(isAlive)).toEqual([false, false]);
    expect(await child.exited).toEqual({ code: null, signal: "SIGKILL" });
  });

  test("a process may clean up on SIGTERM without being killed", async () => {
    const { child, heard } = await start([
      "sh",
      "-c",
      'trap "sleep 0.3; echo clean; exit 0" TERM; echo up; while :; do sleep 0.1; done',
    ]);
    await heard(/up/);
    expect(await child.end(60_000)).toBe(true);
    await heard(/clean/);
    expect(await child.exited).toEqual({ code: 0, signal: null });
  }, 70_000);

  test("a descendant in its own session is terminated, too", async () => {
    const script = `setsid sh -c 'echo "me $$ child $$"; while :; do sleep 0.1; done' & sleep 0.1; exit 0`;
    const { child, heard } = await start(["sh", "-c", script]);
    const [, pid] = await numbers(heard);
    await child.exited;
    // Bubblewrap is already killing it.
    if (kind !== "bubblewrap") expect(isAlive(pid)).toBe(true);
    expect(await child.end(1_000)).toBe(true);
    expect(isAlive(pid)).toBe(false);
  });

  test("memory includes descendants", async () => {
    const hungry =
      "const held = Buffer.alloc(64e6, 1); console.log('up'); setInterval(() => held.length, 1000)";
    writeFileSync(join(folder, "hungry.js"), hungry);
    const { child, heard } = await start(["sh", "-c", `"${process.execPath}" hungry.js & wait`]);
    await heard(/up/);
    expect(await child.memory()).toBeGreaterThan(64e6);
  });

  test('a bare "bun" is the Bun inside this program, and resolves "heddle/sdk"', async () => {
    writeFileSync(
      join(folder, "listener.ts"),
      'import { defineConfig, t } from "heddle/sdk"; console.log(process.execPath, defineConfig({ A: t.Integer() }).A + 1);',
    );
    const { heard } = await start(["bun", "listener.ts"], { A: "41" });
    expect((await heard(/.*\n/))[0]).toBe(`${process.execPath} 42\n`);
  });

  test("finds packages behind the links that package managers make, and nothing behind other links", async () => {
    const outside = mkdtempSync(join(tmpdir(), "heddle-linked-"));
    const packages = join(folder, "node_modules");
    const put = (at: string, name: string, needs?: string) => {
      mkdirSync(at, { recursive: true });
      writeFileSync(join(at, "package.json"), JSON.stringify({ name, main: "main.js" }));
      const inner = needs === undefined ? "" : ` + require("${needs}")`;
      writeFileSync(join(at, "main.js"), `module.exports = "${name}"${inner};`);
    };
    try {
      put(join(outside, "parts"), "@acme/parts", "deep");
      put(join(outside, "parts", "node_modules", "deep"), "deep");
      put(join(outside, "store", "one@1", "node_modules", "one"), "one", "two");
      put(join(outside, "store", "one@1", "node_modules", "two"), "two");
      writeFileSync(join(outside, "secret"), "secret");
      mkdirSync(join(packages, "@acme"), { recursive: true });
      symlinkSync(join(outside, "parts"), join(packages, "@acme", "parts"));
      symlinkSync(join(outside, "store", "one@1", "node_modules", "one"), join(packages, "one"));
      symlinkSync(outside, join(packages, "all"));
      const script = (requires: string, secret: string) => `const { readFileSync } = require("node:fs");
        const reads = () => { try { return readFileSync(${JSON.stringify(secret)}).length > 0 } catch { return false } };
        console.log(${requires}, reads());`;
      const two = script('require("@acme/parts"), require("one")', join(outside, "secret"));
      const first = await start(["bun", "--eval", two]);
      expect((await first.heard(/.*\n/))[0]).toBe(`@acme/partsdeep onetwo ${kind === "none"}\n`);

      // Then the folder as a whole is a link.
      rmSync(packages, { recursive: true });
      const shared = join(outside, "shared");
      put(join(shared, "three"), "three");
      writeFileSync(join(shared, "secret"), "secret");
      symlinkSync(shared, packages);
      const three = script('require("three")', join(shared, "secret"));
      const second = await start(["bun", "--eval", three]);
      expect((await second.heard(/.*\n/))[0]).toBe(`three ${kind === "none"}\n`);
    } finally {
      rmSync(packages, { recursive: true, force: true });
      rmSync(outside, { recursive: true });
    }
  });

  test("finds the orphans of another server by its id, and no others", async () => {
    const mine = await start(["sh", "-c", family()]);
    const own = await numbers(mine.heard);
    const other = createSpawner({
      serverId: crypto.randomUUID(),
      home,
      confinement: createConfinement({ home, wanted: kind }),
      log: getLogger("test"),
    });
    await other.endOrphansOf(crypto.randomUUID());
    expect(own.map(isAlive)).toEqual([true, true]);
    await other.endOrphansOf(serverId);
    // A dying process no longer has an environment, but may still exist.
    await until(() => !own.some(isAlive));
  });

  test("a killed guardian is replaced, and the new one works", async () => {
    const server = spawnChild(
      process.execPath,
      [join(import.meta.dirname, "spawning-server.ts"), home, kind],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    try {
      const [line = ""] = await Array.fromAsync(take(createInterface(server.stdout), 1));
      const [, pid, id = ""] = /process (\d+) server (\S+)/.exec(line) ?? [];
      const guardian = async (isOther: (found: number) => boolean) => {
        for (;;) {
          const found = commandsWith(id).find(isOther);
          if (found !== undefined) return found;
          await Bun.sleep(20);
        }
      };
      const first = await guardian(() => true);
      process.kill(first, "SIGKILL");
      await guardian((found) => found !== first);
      expect(isAlive(Number(pid))).toBe(true);
      server.kill("SIGKILL");
      await until(() => !isAlive(Number(pid)));
      await until(() => !(commandsWith(id).length > 0));
    } finally {
      server.kill("SIGKILL");
    }
  }, 30_000);
});

async function* take<Item>(items: AsyncIterable<Item>, count: number): AsyncGenerator<Item> {
  let taken = 0;
  for await (const item of items) {
    yield item;
    if (++taken === count) return;
  }
}
