import { expect, test } from "bun:test";
import { createLog } from "../../src/log.ts";
import { type GuardianProcess, keepGuardian } from "../../src/runtime/keep-guardian.ts";
import { until } from "../until.ts";

/** A guardian that is told of groups, and ends when the test wants it to. */
function fakeGuardian() {
  const told: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const process: GuardianProcess = {
    stdin: { write: (text) => told.push(text), flush() {}, end: () => resolve() },
    exited: promise,
    kill: () => resolve(),
  };
  return { process, told, exit: resolve };
}

test("one that cannot stay is started again after growing pauses, and told of all groups", async () => {
  const lines: string[] = [];
  const log = await createLog({
    ...{ level: "info", format: "json", redact: (text) => text },
    write: (line) => lines.push(line),
  });
  const started: ReturnType<typeof fakeGuardian>[] = [];
  const kept = keepGuardian({
    start() {
      const one = fakeGuardian();
      started.push(one);
      if (started.length <= 4) one.exit();
      return one.process;
    },
    groups: new Set([7]),
    log,
    pausesMs: [0, 100, 100_000],
  });
  kept.ensure();
  await until(() => started.length === 3);
  await until(() => lines.length === 3);
  // No hot loop: the next one would come after 100 seconds.
  expect(started).toHaveLength(3);
  expect(lines.map((line) => JSON.parse(line).message.split("again")[1])).toEqual([
    "",
    " in 0.1 s",
    " in 100 s",
  ]);
  // A process that begins meanwhile does not wait for that.
  kept.ensure();
  expect(started).toHaveLength(4);
  await until(() => lines.length === 4);
  kept.ensure();
  kept.tell("+8");
  expect(started.map(({ told }) => told)).toEqual([...Array(4).fill(["+7\n"]), ["+7\n", "+8\n"]]);
  await kept.close();
  expect(started).toHaveLength(5);
});

test("one that cannot be started is tried again", async () => {
  let tries = 0;
  const first = fakeGuardian();
  const kept = keepGuardian({
    start() {
      tries += 1;
      if (tries === 1) return first.process;
      if (tries === 2) throw new Error("EAGAIN");
      return fakeGuardian().process;
    },
    groups: new Set([7]),
    log: await createLog({ level: "error", format: "json", redact: (text) => text, write: () => {} }),
    pausesMs: [0],
  });
  kept.ensure();
  first.exit();
  await until(() => tries === 3);
  await kept.close();
});
