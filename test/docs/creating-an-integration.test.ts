// docs/creating-an-integration.md promises that its code works as it stands. So it is taken from the page, checked,
// and run: on the server from its sources, and on the compiled program as on a machine that has nothing else.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { loadConfig } from "../../src/config.ts";
import { SDK_NAMES } from "../../src/integrations/host-sdk.ts";
import { startServer } from "../../src/main.ts";
import { compiledBinary } from "../compiled-binary.ts";
import { createCaller, KEY, until } from "./caller.ts";
import { codeBlocks, writeFiles } from "./code-blocks.ts";
import { exampleTests, type Server } from "./example-tests.ts";
import { launch, run, stop } from "./processes.ts";

const repository = join(import.meta.dirname, "..", "..");
const page = join(repository, "docs", "creating-an-integration.md");
const markdown = await readFile(page, "utf8");
const blocks = codeBlocks(markdown);
const base = await realpath(await mkdtemp(join(tmpdir(), "heddle-guide-")));

// Each starts programs; one makes the program first.
setDefaultTimeout(120_000);
afterAll(() => rm(base, { recursive: true, force: true }));

const newFolder = (): Promise<string> => mkdtemp(join(base, "folder-"));

function blockWith(text: string): string {
  const found = blocks.find((block) => block.text.includes(text));
  if (!found) throw new Error(`No block of the page has ${text}`);
  return found.text;
}

/** All of the page's files, and its configuration for editors, which must not change how a server loads them. */
async function copyFiles(): Promise<string> {
  const folder = await newFolder();
  await writeFiles(blocks, folder);
  const configuration = blockWith('"typeRoots"').replaceAll("/path/to/heddle", repository);
  await writeFile(join(folder, "tsconfig.json"), configuration);
  return folder;
}

describe("the page", () => {
  test("names the file of each TypeScript block, and its JSON can be parsed", () => {
    const typescript = blocks.filter(({ language }) => language === "ts");
    expect(typescript.length).toBeGreaterThan(10);
    expect(typescript.filter(({ file }) => file === undefined)).toEqual([]);
    for (const { text } of blocks.filter(({ language }) => language === "json")) JSON.parse(text);
  });

  test("has every export of the SDK in its table", () => {
    const table = markdown.split("\n## The SDK\n")[1]?.split("\n## ")[0] ?? "";
    const firstCells = table.split("\n").map((line) => line.split(" | ")[0]);
    const named = firstCells.join("\n").match(/\w+/g);
    expect(SDK_NAMES.filter((name) => !named?.includes(name))).toEqual([]);
  });

  test("has code of the right types, whose tests need no server", async () => {
    const folder = await copyFiles();
    const tsc = join(repository, "node_modules", ".bin", "tsc");
    const check = () => run([process.execPath, "--bun", tsc, "--pretty", "false"], { cwd: folder });
    expect(await check()).toEqual({ status: 0, out: "", err: "" });
    const wrong = 'import { injectMessage } from "heddle/sdk";\nawait injectMessage({ sessionId: 1 });\n';
    await writeFile(join(folder, "wrong.ts"), wrong);
    expect((await check()).out).toStartWith("wrong.ts(2,");

    const { status, err } = await run([process.execPath, "test"], { cwd: folder });
    expect([status, err]).toEqual([0, expect.stringContaining(" 1 pass")]);
  });
});

describe("the server from its sources", () => {
  exampleTests({
    copyFiles,
    blockWith,
    async start(environment) {
      const heddle = await startServer(loadConfig({ home: await newFolder(), port: "0" }, environment));
      return { url: String(heddle.url), close: heddle.close };
    },
  });
});

describe("the compiled program", () => {
  let binary = "";
  beforeAll(async () => {
    binary = await compiledBinary();
  });

  /** With no PATH and no HOME: only what the page tells to set. */
  const start = async (environment: Record<string, string>, home?: string): Promise<Server> => {
    const command = [binary, "serve", "--home", home ?? (await newFolder()), "--port", "0"];
    const child = launch(command, { cwd: base, environment });
    child.stderr.pipe(process.stderr);
    for await (const line of createInterface(child.stdout)) {
      const url = /^Heddle is listening on (http:\S+)/.exec(line)?.[1];
      if (url) return { url, close: async () => void (await stop(child)) };
    }
    throw new Error("The program ended before it listened");
  };

  exampleTests({ copyFiles, blockWith, start });

  test.skipIf(!Bun.which("curl"))(
    "runs the first tool: from the home's own folder, and without a model",
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

  test("is a Bun, too: it runs the tests with the page's stub, and the stand-in for the service", async () => {
    const folder = await newFolder();
    await writeFiles(blocks, folder);
    const [configuration = ""] = /\{"compilerOptions.*\}/.exec(markdown) ?? [];
    await writeFile(join(folder, "tsconfig.json"), configuration);
    const tested = await run([binary, "test"], { cwd: folder, environment: { BUN_BE_BUN: "1" } });
    expect([tested.status, tested.err]).toEqual([0, expect.stringContaining(" 1 pass")]);

    const child = launch([binary, "service.ts"], {
      cwd: folder,
      environment: { BUN_BE_BUN: "1", PORT: "0" },
    });
    const { value: url } = await createInterface(child.stdout)[Symbol.asyncIterator]().next();
    expect(await (await fetch(`${url}/rooms/ops`)).json()).toEqual({ topic: "Servers", on_call: "Ada" });
    expect((await fetch(`${url}/rooms/none`)).status).toBe(404);
    const posted = await fetch(`${url}/rooms/ops/messages`, { method: "POST", body: "{}" });
    expect([posted.status, await posted.json()]).toEqual([201, { id: expect.any(String) }]);
    await stop(child);
  });
});
