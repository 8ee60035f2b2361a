// docs/creating-an-integration.md promises that its code works unchanged. So the code is taken from the page, checked
// and run: on a server from source, from its workspace while it runs, and on the compiled program alone, from a folder in
// INTEGRATION_DIRS. What differs between the places has nothing to do with how the program was started, so that each of
// the four combinations would take its minute and show nothing more.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmod, mkdir, mkdtemp, readFile, realpath, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { refreshProject } from "../../src/authoring/project-files.ts";
import { startServer } from "../../src/compose/server.ts";
import { loadConfig } from "../../src/config/config.ts";
import { RUNTIMES } from "../authoring/runtimes.ts";
import { compiledBinary } from "../compiled-binary.ts";
import { makeHome } from "../databases-of-run.ts";
import { until } from "../until.ts";
import { createCaller, KEY } from "./caller.ts";
import { codeBlocks, writeFiles } from "./code-blocks.ts";
import { exampleTests, type Server } from "./example-tests.ts";
import { launch, run, stop } from "./processes.ts";

const repository = join(import.meta.dirname, "..", "..");
const page = join(repository, "docs", "creating-an-integration.md");
const markdown = await readFile(page, "utf8");
const blocks = codeBlocks(markdown);
const base = await realpath(makeHome());

// Each test starts programs; one may have to build the program first.
setDefaultTimeout(120_000);
afterAll(() => rm(base, { recursive: true, force: true }));

const newFolder = (): Promise<string> => mkdtemp(join(base, "folder-"));

function blockWith(text: string): string {
  const found = blocks.find((block) => block.text.includes(text));
  if (!found) throw new Error(`No block of the page has ${text}`);
  return found.text;
}

async function copyFiles(): Promise<string> {
  const folder = await newFolder();
  await writeFiles(blocks, folder);
  return folder;
}

type Start = (environment: Record<string, string>, home: string) => Promise<Omit<Server, "folder">>;

interface RunOptions {
  start: Start;
  programs(): string;
}

function fromOutside({ start, programs }: RunOptions): void {
  describe("from a folder outside", () => {
    exampleTests({
      source: "external",
      blockWith,
      programs,
      async start(environment) {
        const folder = await copyFiles();
        return { folder, ...(await start({ ...environment, INTEGRATION_DIRS: folder }, await newFolder())) };
      },
    });
  });
}

function fromWorkspace({ start, programs }: RunOptions): void {
  describe("from the workspace", () => {
    exampleTests({
      source: "workspace",
      blockWith,
      programs,
      async start(environment) {
        const home = await newFolder();
        const server = await start(environment, home);
        const folder = join(home, "workspace", "integrations");
        await mkdir(folder, { recursive: true });
        const copied = await copyFiles();
        for (const name of ["poll", "mynotify"]) await rename(join(copied, name), join(folder, name));
        return { folder, ...server };
      },
    });
  });
}

describe("the page", () => {
  test("names the file of each TypeScript block, and its JSON can be parsed", () => {
    const typescript = blocks.filter(({ language }) => language === "ts");
    expect(typescript.length).toBeGreaterThan(10);
    expect(typescript.filter(({ file }) => file === undefined)).toEqual([]);
    for (const { text } of blocks.filter(({ language }) => language === "json")) JSON.parse(text);
  });
});

describe("the server from source", () => {
  let programs = "";
  beforeAll(async () => {
    programs = await newFolder();
    const program = join(programs, "heddle");
    await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" "${repository}/src/main.ts" "$@"\n`);
    await chmod(program, 0o755);
  });

  fromWorkspace({
    programs: () => programs,
    async start(environment, home) {
      const heddle = await startServer(loadConfig({ home, port: "0" }, environment));
      return { url: String(heddle.url).replace(/\/$/, ""), close: heddle.close };
    },
  });

  test("the code has no type errors", async () => {
    const folder = await copyFiles();
    await refreshProject(folder, "guide");
    // Wrong files beside the right ones show that the types are found at all.
    const wrong = 'import { injectMessage } from "heddle/sdk";\nawait injectMessage({ sessionId: 1 });\n';
    const names = ["deskchat", "hello", "mynotify", "poll", "service"];
    for (const name of names) await writeFile(join(folder, name, "wrong.ts"), wrong);
    const tsc = join(repository, "node_modules", ".bin", "tsc");
    const { out } = await run([process.execPath, "--bun", tsc, "--pretty", "false"], { cwd: folder });
    // Continuation lines are indented.
    const errors = out.split("\n").filter((line) => line !== "" && !line.startsWith(" "));
    expect(errors.map((line) => line.split("(2,")[0]).sort()).toEqual(
      names.map((name) => `${name}/wrong.ts`),
    );
  });
});

describe("the compiled program", () => {
  let binary = "";
  let programs = "";
  beforeAll(async () => {
    binary = await compiledBinary();
    programs = await newFolder();
    await symlink(binary, join(programs, "heddle"));
  });

  /** The environment has no PATH and no HOME, only the variables that the page says to set. */
  const start: Start = async (environment, home) => {
    const child = launch([binary, "serve", "--home", home, "--port", "0"], { cwd: base, environment });
    child.stderr.pipe(process.stderr);
    for await (const line of createInterface(child.stdout)) {
      const url = /^Heddle is listening on (http:\S+?)\/?$/.exec(line)?.[1];
      if (url) return { url, close: async () => void (await stop(child)) };
    }
    throw new Error("The program ended before it listened");
  };

  fromOutside({ start, programs: () => programs });
  // What an author does without a server. That the program does the same from source is shown in test/authoring.
  const shell = (block: string, cwd: string) =>
    run(["/bin/sh", "-ec", block], { cwd, environment: { PATH: `${programs}:${process.env.PATH}` } });

  test("the folder gets the best grade, its own tests included", async () => {
    const { status, out, err } = await shell(blockWith("heddle check mynotify"), await copyFiles());
    expect([status, err]).toEqual([0, ""]);
    expect(out).toEndWith(
      "mynotify  gold  (external, mynotify)\n  ran      3 tests passed, 0 failed\n\n1 integration: 1 gold\n",
    );
  });

  test("the tests of the chat pass, with what it shares with others", async () => {
    const folder = await copyFiles();
    const { out } = await shell("heddle types deskchat && heddle check deskchat --test", folder);
    expect(out).toContain("2 tests passed, 0 failed");
    expect(out).not.toMatch(/^ +error/m);
  });

  test("heddle new creates one with the same grade", async () => {
    const folder = await newFolder();
    const { status, out } = await shell(blockWith("heddle new acme"), folder);
    expect([status, out]).toEqual([0, expect.stringContaining("acme  gold")]);
  });

  test.each(RUNTIMES.filter(({ program }) => program !== undefined))(
    "the example's tests pass under $name",
    async ({ program = "", test }) => {
      const cwd = join(await copyFiles(), "mynotify");
      expect((await run([binary, "types"], { cwd })).status).toBe(0);
      const { status, out, err } = await run([program, ...test], { cwd, environment: { NO_COLOR: "1" } });
      expect([status, out + err]).toEqual([0, expect.stringContaining("an alarm becomes one message")]);
    },
  );

  test.skipIf(!Bun.which("curl"))(
    "runs the first tool from the home's own folder, without a model",
    async () => {
      const home = await newFolder();
      await writeFiles(blocks, join(home, "workspace", "integrations"));
      const server = await start({ API_KEY: KEY, LOG_LEVEL: "error" }, home);
      const environment = { PATH: process.env.PATH ?? "", HEDDLE_URL: server.url, HEDDLE_API_KEY: KEY };
      const shell = await run(["/bin/sh", "-ec", blockWith("/hello ")], { cwd: base, environment });
      expect(shell).toMatchObject({ status: 0, err: "" });
      const { get } = createCaller(server.url);
      const { tasks } = await until(
        () => get("/api/v1/tasks"),
        ({ tasks }) => tasks[0]?.status === "complete",
      );
      expect(tasks[0].result).toContain("Hello Ada!");
      await server.close();
    },
  );

  test("also works as Bun: it runs a test with the page's stub, and the fake service", async () => {
    const folder = await copyFiles();
    const [configuration = ""] = /\{"compilerOptions.*\}/.exec(markdown) ?? [];
    await writeFile(join(folder, "tsconfig.json"), configuration);
    const environment = { BUN_BE_BUN: "1" };
    const tested = await run([binary, "test", "hello"], { cwd: folder, environment });
    expect([tested.status, tested.err]).toEqual([0, expect.stringContaining(" 1 pass")]);

    const child = launch([binary, "service/service.ts"], {
      cwd: folder,
      environment: { ...environment, PORT: "0" },
    });
    const { value: url } = await createInterface(child.stdout)[Symbol.asyncIterator]().next();
    expect(await (await fetch(`${url}/rooms/ops`)).json()).toEqual({ topic: "Servers", on_call: "Ada" });
    expect((await fetch(`${url}/rooms/none`)).status).toBe(404);
    const posted = await fetch(`${url}/rooms/ops/messages`, { method: "POST", body: "{}" });
    expect([posted.status, await posted.json()]).toEqual([201, { id: expect.any(String) }]);
    expect(await (await fetch(`${url}/overdue?after=`)).json()).toHaveLength(1);
    expect(await (await fetch(`${url}/overdue?after=alarm-0`)).json()).toEqual([]);
    await stop(child);
  });
});
