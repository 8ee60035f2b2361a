// `heddle new`: its output is checked, tested under each runtime and loaded, as an author would.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, readdir, readFile, realpath, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newIntegration } from "../../src/authoring/new-integration.ts";
import { refreshProject } from "../../src/authoring/project-files.ts";
import { PARTS } from "../../src/authoring/template.ts";
import { run } from "../docs/processes.ts";
import { harness } from "../integrations/harness.ts";
import { passed } from "./runtimes.ts";

// Starting compilers and runtimes takes seconds on a busy machine.
setDefaultTimeout(120_000);

const repository = join(import.meta.dirname, "..", "..");
let dir = "";
beforeAll(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), "heddle-new-")));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

/** With the author's own options, by one compiler for all of them. */
async function typeCheck(folders: string[]) {
  const compiler = join(repository, "node_modules", ".bin", "tsc");
  const project = {
    ...{ extends: join(String(folders[0]), "tsconfig.json"), include: folders },
    exclude: ["**/node_modules", "**/.heddle"],
  };
  await writeFile(join(dir, "tsconfig.json"), JSON.stringify(project));
  return run([process.execPath, "--bun", compiler, "--pretty", "false"], { cwd: dir });
}

/** Runs with only the program: no network, no package cache, no variables. */
function runTests(program: string, args: string[], folder: string) {
  const environment = {
    HOME: dir,
    DENO_DIR: join(dir, "deno"),
    NO_COLOR: "1",
    NPM_CONFIG_REGISTRY: "http://127.0.0.1:1",
  };
  return run([program, ...args], { cwd: folder, environment });
}

/** The folders whose types are checked together. */
const made: string[] = [];

describe("with every part", () => {
  let folder = "";
  beforeAll(async () => {
    // An id of two words that contains the template's own name.
    const all = await newIntegration({ name: "acme-chat", parts: PARTS, dir });
    folder = all.folder;
    made.push(folder);
    expect(folder).toBe(join(dir, "acme-chat"));
    expect(all.parts).toEqual([...PARTS]);
  });

  test("nothing of the template is left, and nothing is written beside the folder", async () => {
    const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter(
      (entry) => entry.isFile() && !/\.heddle|node_modules/.test(entry.parentPath),
    );
    expect(files.length).toBeGreaterThan(20);
    for (const { parentPath, name } of files) {
      const text = await readFile(join(parentPath, name), "utf8");
      expect([name, text.match(/@if|@end|\bACME_(?!CHAT)|acme_(?!chat)|Acme(?! Chat|-Chat|Chat)/)]).toEqual([
        name,
        null,
      ]);
    }
    expect((await readdir(dir)).filter((name) => name.startsWith(".acme"))).toEqual([]);
  });

  test("its README names the Node that finds the tests: an older one runs none and succeeds", async () => {
    expect(await readFile(join(folder, "README.md"), "utf8")).toContain("node --test (Node 24 or newer)");
  });

  // Under Node and Deno they run in compiled.test.ts.
  test("passes its tests under Bun", async () => {
    const { status, out, err } = await runTests(process.execPath, ["test"], folder);
    expect([status, out + err]).toEqual([0, expect.stringMatching(passed("bun"))]);
  });

  test("its process ends on SIGTERM, even while it waits for the service", async () => {
    const asked = Promise.withResolvers<void>();
    // A service that accepts a request and never answers it.
    const service = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch() {
        asked.resolve();
        return new Promise<Response>(() => {});
      },
    });
    const listener = Bun.spawn([process.execPath, "listener.ts"], {
      cwd: folder,
      env: { ACME_CHAT_URL: service.url.origin, ACME_CHAT_TOKEN: "of the test" },
      stdout: "pipe",
      stderr: "pipe",
    });
    await Promise.race([asked.promise, listener.exited]);
    listener.kill("SIGTERM");
    const [code, out, err] = await Promise.all([
      listener.exited,
      new Response(listener.stdout).text(),
      new Response(listener.stderr).text(),
    ]);
    await service.stop(true);
    expect({ code, signal: listener.signalCode, out, err }).toEqual({
      code: 0,
      signal: null,
      out: "",
      err: "",
    });
  });

  test("goes live", async () => {
    await using all = await harness({}, { sources: [{ kind: "external", dir }] });
    await all.integrations.loadAll();
    expect(all.integrations.get("acme-chat")).toMatchObject({
      status: "ready",
      error: null,
      name: "Acme Chat",
      version: "0.1.0",
      hasRouter: true,
      tools: ["acme_chat_get_room"],
      dispatchers: ["acme-chat"],
      meta: { clientIdPrefix: "acme-chat:" },
      process: { cmd: ["bun", "listener.ts"], requiredEnv: ["ACME_CHAT_URL", "ACME_CHAT_TOKEN"] },
    });
    expect(all.integrations.isPublic("acme-chat", { method: "POST", path: "/webhook" })).toBe(true);
    expect(all.integrations.isPublic("acme-chat", { method: "GET", path: "/mc/activity/data" })).toBe(false);
    expect(JSON.parse(await all.get("acme-chat", "/status"))).toMatchObject({ status: "ok" });
    expect(JSON.parse(await all.get("acme-chat", "/mc/activity/data")).sections).toHaveLength(1);
  });
});

describe.each(["router", "dispatcher", "hooks", "process", "tools", "skills"])("with %s alone", (part) => {
  test("passes its tests and goes live", async () => {
    const name = `only-${part}`;
    const alone = await mkdtemp(join(dir, "alone-"));
    const { folder, files } = await newIntegration({ name, parts: [part], dir: alone });
    made.push(folder);
    if (files.some((file) => file.startsWith("tests/"))) {
      const { status, err } = await runTests(process.execPath, ["test"], folder);
      expect([status, err]).toEqual([0, expect.stringContaining(" 0 fail")]);
    } else expect(part).toBe("skills");
    await using all = await harness({}, { sources: [{ kind: "external", dir: alone }] });
    await all.integrations.loadAll();
    expect(all.integrations.get(name)).toMatchObject({ status: "ready", error: null });
  });
});

test("with every part, and with each alone, has no error of types", async () => {
  expect(made).toHaveLength(7);
  expect(await typeCheck(made)).toEqual({ status: 0, out: "", err: "" });
});

describe("refuses", () => {
  const attempt = (name: string, parts: string[] = ["tools"]) =>
    newIntegration({ name, parts, dir }).then(
      () => "made",
      ({ code, message }) => `${code}: ${message}`,
    );

  test.each(["A", "1a", "a b", "_a", "../a", "", "a.b"])("the name %p, with the rule", async (name) => {
    expect(await attempt(name)).toMatch(
      /^config: .*an id must begin with a-z and contain only a-z, 0-9, _ and -$/,
    );
  });

  test("a name that is Heddle's own", async () => {
    expect(await attempt("core")).toContain("Heddle uses it itself");
  });

  test("unknown parts, and says which there are", async () => {
    const answer = await attempt("a", ["tools", "routr"]);
    expect(answer).toContain('got "routr". Did you mean router?');
    for (const part of PARTS) expect(answer).toContain(part);
  });

  test("parts that are not enough for an integration", async () => {
    expect(await attempt("a", ["setup"])).toContain("at least one of router");
    expect(await attempt("a", ["skills", "config"])).toContain("config needs at least one of");
  });

  test("an existing folder, which is not changed", async () => {
    const place = join(dir, "taken");
    await writeFile(place, "mine");
    expect(await attempt("taken")).toContain("already exists");
    expect(await readFile(place, "utf8")).toBe("mine");
  });
});

test("`heddle types` restores the SDK and overwrites none of the author's files", async () => {
  const { folder } = await newIntegration({ name: "cloned", parts: ["tools"], dir });
  await rm(join(folder, ".heddle"), { recursive: true });
  await rm(join(folder, "node_modules"), { recursive: true });
  await rm(join(folder, "deno.json"));
  await writeFile(join(folder, "package.json"), '{ "name": "mine", "type": "module" }');
  expect(await refreshProject(folder, "cloned")).toEqual(["deno.json"]);
  // A second time, over the existing files.
  expect(await refreshProject(folder, "cloned")).toEqual([]);
  expect(JSON.parse(await readFile(join(folder, "package.json"), "utf8")).name).toBe("mine");
  expect((await stat(join(folder, "node_modules", "heddle", "index.d.ts"))).isFile()).toBe(true);
  expect((await runTests(process.execPath, ["test"], folder)).status).toBe(0);
});
