import { expect, setDefaultTimeout, test } from "bun:test";
import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { newIntegration } from "../../../src/authoring/new-integration.ts";
import { installDependencies } from "../../../src/integrations/loading/install.ts";
import { harness, temporaryFolder } from "../harness.ts";

setDefaultTimeout(120_000);

/** An npm registry that does not answer, so that network access fails at once. */
const environment = { PATH: process.env.PATH, NPM_CONFIG_REGISTRY: "http://127.0.0.1:1" };

const OTHER = {
  "other/package.json": JSON.stringify({
    name: "other",
    version: "1.2.3",
    main: "index.js",
    scripts: { postinstall: "echo ran > ran.txt" },
  }),
  "other/index.js": 'exports.says = "from the package";\n',
};
const TOOL = `import { register } from "heddle/sdk";
import { says } from "other";
register({ name: "mine_says", description: "Says." }, () => says);
`;
const wants = (dependencies: object) => JSON.stringify({ name: "mine", private: true, dependencies });

test("the packages of package.json are installed, and their scripts have not run", async () => {
  await using folder = await temporaryFolder();
  const mine = join(folder.path, "all", "mine");
  await folder.write({
    ...OTHER,
    "all/mine/package.json": wants({ other: "file:../../other" }),
    "all/mine/tools/a.ts": TOOL,
  });
  const lines: string[] = [];
  const names = await installDependencies(mine, { environment, onLine: (line) => lines.push(line) });
  expect(names).toEqual(["other"]);
  expect(lines.join("\n")).toContain("other");
  expect(lines.join("")).not.toContain("\u001b");
  expect(await stat(join(folder.path, "other", "ran.txt")).catch(() => null)).toBeNull();
  expect(await stat(join(mine, "node_modules", "other", "ran.txt")).catch(() => null)).toBeNull();

  await using all = await harness({}, { sources: [{ kind: "external", dir: join(folder.path, "all") }] });
  await all.integrations.loadAll();
  expect(all.call("mine_says")).toBe("from the package");
});

test("a freshly cloned integration gets its SDK back together with its packages", async () => {
  await using folder = await temporaryFolder();
  const { folder: mine } = await newIntegration({ name: "mine", parts: ["tools"], dir: folder.path });
  await rm(join(mine, ".heddle"), { recursive: true });
  await rm(join(mine, "node_modules"), { recursive: true });
  expect(await installDependencies(mine, { environment })).toEqual(["heddle"]);
  expect(await readFile(join(mine, "node_modules", "heddle", "index.d.ts"), "utf8")).toContain("heddle/sdk");
});

test("a failed install says why", async () => {
  await using folder = await temporaryFolder();
  await folder.write({
    "bare/tools/a.ts": "",
    "broken/package.json": "{",
    "missing/package.json": wants({ gone: "file:./nowhere" }),
  });
  const install = (name: string) => installDependencies(join(folder.path, name), { environment });
  await expect(install("bare")).rejects.toMatchObject({
    code: "validation",
    message: expect.stringMatching(/has no package.json/),
  });
  await expect(install("broken")).rejects.toMatchObject({
    code: "validation",
    message: expect.stringMatching(/must be a JSON object/),
  });
  await expect(install("missing")).rejects.toMatchObject({
    code: "upstream",
    message: expect.stringMatching(/failed \(1\):\n.*nowhere/s),
  });
});

test("an install that hangs is ended", async () => {
  await using folder = await temporaryFolder();
  // A registry that never answers.
  const silent = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  await folder.write({ "mine/package.json": wants({ nothing: "1.0.0" }) });
  const hanging = installDependencies(join(folder.path, "mine"), {
    environment: { ...environment, NPM_CONFIG_REGISTRY: `http://127.0.0.1:${silent.port}` },
    timeoutMs: 1500,
  });
  await expect(hanging).rejects.toMatchObject({ code: "timeout" });
  silent.stop(true);
});
