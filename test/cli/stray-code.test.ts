import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { strayPlace } from "../../src/cli/stray-code.ts";

const thrown = (...frames: string[]): Error =>
  Object.assign(new Error("boom"), { stack: ["Error: boom at /not/a/frame.ts:1:2", ...frames].join("\n") });

test("an uncaught error is located in the integration's own code", () => {
  const own = join(import.meta.dirname, "..", "..", "src", "sdk", "fetch.ts");
  const frames = [
    "    at node:timers:1:2",
    `    at fetch (${own}:3:4)`,
    "    at call (/home/all/mine/node_modules/ms/index.js:5:6)",
    "    at <anonymous> (/home/all my/mine/router.ts:7:8)",
    "    at /home/all/mine/other.ts:9:10",
  ];
  expect(strayPlace(thrown(...frames))).toBe("/home/all my/mine/router.ts:7");
  expect(strayPlace(thrown(frames[4] ?? ""))).toBe("/home/all/mine/other.ts:9");
  expect(strayPlace(thrown(...frames.slice(0, 3)))).toBeUndefined();
  expect(strayPlace("no error")).toBeUndefined();
});

test("a thrown error is located by its line", () => {
  const line = Number(/:(\d+):\d+\)?$/.exec(new Error("here").stack?.split("\n")[1] ?? "")?.[1]);
  expect(strayPlace(new Error("boom"))).toBe(`${import.meta.path}:${line + 1}`);
});

test.each([
  ["process.exit(3)", "process.exit()"],
  ["process.abort()", "process.abort()"],
  ['process.kill(process.pid, "SIGKILL")', "process.kill() for the server itself"],
  ["process.kill(0)", "process.kill() for the server itself"],
])("%s of an integration is refused", async (code, call) => {
  const folder = await mkdtemp(join(tmpdir(), "heddle-exit-"));
  const source = (path: string) => join(import.meta.dirname, "..", "..", "src", path);
  await writeFile(join(folder, "tool.ts"), `export const run = () => ${code};\n`);
  await writeFile(
    join(folder, "main.ts"),
    `import { containStrays } from ${JSON.stringify(source("cli/stray-code.ts"))};
     import { run } from "./tool.ts";
     containStrays();
     try { run(); } catch (error) { process.stdout.write(error.message); }`,
  );
  // A group of its own, which process.kill(0) would end.
  const child = spawn(process.execPath, [join(folder, "main.ts")], { detached: true });
  const [out, exitCode] = await Promise.all([text(child.stdout), once(child, "exit").then(([code]) => code)]);
  expect(out).toBe(`An integration must not call ${call}, which would end the server.`);
  expect(exitCode).toBe(0);
  await rm(folder, { recursive: true });
});
