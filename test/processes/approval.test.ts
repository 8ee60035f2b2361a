// A process of the workspace runs the approved code, whatever a bot has written since.

import { expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { createReview } from "../../src/integrations/review/review.ts";
import { createOverwritten } from "../../src/workspace/overwritten.ts";
import { createWorkspace } from "../../src/workspace/workspace.ts";
import { createWorkspaceWrites } from "../../src/workspace/writes.ts";
import { embeddedDatabase } from "../database.ts";
import { temporaryFolder } from "../integrations/harness.ts";
import { processFixture } from "./fixture.ts";

const open = embeddedDatabase();

const COMMAND = (...cmd: string[]) => `export const CMD = ${JSON.stringify(cmd)};`;
const TICK = "common/plib/tick.ts";
const tick = (text: string) => `export const tick = () => console.log(${JSON.stringify(text)});`;
const LISTENER = `import { tick } from "../../common/plib/tick.ts";\ntick();\nsetInterval(() => {}, 1000);`;

/** An operator's integration "proc" in a workspace in which a bot writes. */
async function workspaceFixture(files: Record<string, string>) {
  const db = await open();
  const folder = await temporaryFolder();
  const dir = join(folder.path, "workspace");
  const writes = createWorkspaceWrites(db);
  const workspace = await createWorkspace({
    dir,
    writes,
    overwritten: createOverwritten({ dir: `${dir}-overwritten` }),
    whyNotIntegration: () => undefined,
  });
  const operator = async (path: string, content: string) => {
    await mkdir(dirname(join(dir, path)), { recursive: true });
    await writeFile(join(dir, path), content);
  };
  for (const [path, content] of Object.entries(files)) await operator(path, content);
  const review = createReview({ dir: workspace.root, keptIn: join(folder.path, "versions"), writes });
  const start = () =>
    processFixture(db, {}, { review, sources: [{ kind: "workspace", dir: join(dir, "integrations") }] });
  return {
    dir: workspace.root,
    operator,
    bot: (path: string, content: string) =>
      workspace.write({ botId: "helper", taskId: null }, path, content, { replace: true }),
    start,
    [Symbol.asyncDispose]: folder[Symbol.asyncDispose],
  };
}

const approve = async ({
  integrations,
}: Pick<Awaited<ReturnType<typeof processFixture>>, "integrations">) => {
  await integrations.reload("proc");
  return integrations.approve("proc", integrations.get("proc")?.pending?.hash ?? "nothing waits");
};

test("imports from elsewhere in the workspace are the approved ones after a crash, a restart, and another start of the server", async () => {
  await using all = await workspaceFixture({
    "integrations/proc/process.ts": COMMAND("bun", "listener.ts"),
    "integrations/proc/listener.ts": LISTENER,
    [TICK]: tick("operator tick"),
  });
  {
    await using it = await all.start();
    it.processes.supervise();
    const { pid } = await it.running("proc");
    await it.line("proc", "operator tick");
    await all.bot(TICK, tick("bot tick"));
    expect((await it.integrations.pendingOf("proc"))?.files).toMatchObject([{ path: TICK }]);
    await it.integrations.reload("proc");
    process.kill(pid ?? 0, "SIGKILL");
    await it.until("proc", (status) => status.state === "running" && status.pid !== pid);
    await it.processes.restart("proc");
    await it.running("proc");
    await Bun.sleep(0);
    const said = (await it.processes.lines.last("proc", 100)).map(({ text }) => text);
    expect(said.filter((text) => text === "bot tick")).toEqual([]);
  }
  await using again = await all.start();
  expect(again.integrations.get("proc")).toMatchObject({ status: "pending_approval", isLive: true });
  again.processes.supervise();
  await again.running("proc");
  await approve(again);
  await again.line("proc", "bot tick");
  const said = (await again.processes.lines.last("proc", 100)).map(({ text }) => text);
  expect(said.indexOf("operator tick")).toBeLessThan(said.indexOf("bot tick"));
}, 60_000);

test("another command runs from the folder itself, and only while nothing in it awaits approval", async () => {
  await using all = await workspaceFixture({
    "integrations/proc/process.ts": COMMAND("sh", "run.sh"),
    "integrations/proc/run.sh": "echo operator; sleep 1000",
  });
  await using it = await all.start();
  it.processes.supervise();
  const { pid } = await it.running("proc");
  await all.bot("integrations/proc/run.sh", "echo bot; sleep 1000");
  const waits = { code: "conflict", message: expect.stringContaining("waiting for approval") };
  await expect(it.processes.restart("proc")).rejects.toMatchObject(waits);
  process.kill(pid ?? 0, "SIGKILL");
  const stopped = await it.until("proc", ({ state }) => state === "stopped");
  expect(stopped.lastError).toContain("waiting for approval");
  await expect(it.processes.start("proc")).rejects.toMatchObject(waits);
  await approve(it);
  await it.line("proc", "bot");
}, 60_000);

test.each([
  ["an import", "await import(path)"],
  ["require", "require(path)"],
  ["a worker", "new Worker(path)"],
  ["a worker thread", 'new (await import("node:worker_threads")).Worker(path)'],
])(
  "it loads nothing of the workspace by a path that it makes: %s",
  async (_, load) => {
    await using all = await workspaceFixture({
      "integrations/proc/process.ts": COMMAND("bun", "listener.ts"),
      "integrations/proc/listener.ts": `const path = import.meta.dir + "/late" + ".ts";
        try { ${load}; } catch (error) { console.log("refused: " + error.message); }
        setTimeout(() => console.log("done"), 300); setInterval(() => {}, 1000);`,
      "integrations/proc/late.ts": 'console.log("ran unseen");',
    });
    await using it = await all.start();
    it.processes.supervise();
    await it.line("proc", "refused: ");
    await it.line("proc", "done");
    const said = (await it.processes.lines.last("proc", 100)).map(({ text }) => text);
    expect(said.filter((text) => text === "ran unseen")).toEqual([]);
  },
  60_000,
);

test("it finds its folder and heddle/sdk as if it ran from there, and data beside it does not change it", async () => {
  await using all = await workspaceFixture({
    "integrations/proc/process.ts": COMMAND("bun", "run", "listener.ts", "an argument"),
    "integrations/proc/listener.ts": `import { log } from "heddle/sdk";
      import { writeFileSync } from "node:fs";
      writeFileSync(import.meta.dir + "/state.json", "{}");
      console.log(JSON.stringify([typeof log, process.cwd() === import.meta.dir, import.meta.main, process.argv[2]]));
      setInterval(() => {}, 1000);`,
  });
  await using it = await all.start();
  it.processes.supervise();
  const { pid } = await it.running("proc");
  await it.line(
    "proc",
    JSON.stringify(["object", true, true, "an argument"]).slice(1, -1).split(",").slice(1).join(","),
  );
  await it.integrations.reload("proc");
  expect(await it.processes.status("proc")).toMatchObject({ state: "running", pid });
}, 60_000);

test.each([
  [["sh", "../../common/run.sh"], "common/run.sh"],
  [["bun", "../../common/run.ts"], "common/run.ts"],
])(
  "a command that names a file elsewhere in the workspace is included in the review or refused: %j",
  async (cmd, file) => {
    await using all = await workspaceFixture({
      "integrations/proc/process.ts": COMMAND(...cmd),
      [file]: "true",
    });
    await using it = await all.start();
    expect(it.integrations.get("proc")?.error?.reason).toMatch(
      /own folder|is not part of the reviewed files/,
    );
  },
);
