// The SDK as authors get it: one self-contained file for Bun, Node and Deno that needs no permissions.

import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeSdk } from "../../src/runtime/sdk.ts";
import { RUNTIMES } from "../authoring/runtimes.ts";
import { run } from "../docs/processes.ts";

// The first run builds the SDK, and starting Deno takes seconds on a busy machine.
setDefaultTimeout(60_000);

const SCRIPT = `
import { defineConfig, Elysia, Permanent, register, t, verifyHmac } from "./.heddle/sdk/index.js";
import { fakeFetch, fakeHeddle, registered, useSettings } from "./.heddle/sdk/testing.js";

const settings = defineConfig({ SOME_TOKEN: t.String(), COUNT: t.Integer({ default: 3 }) });
useSettings({ SOME_TOKEN: "of the test" });
register({ name: "a_tool", description: "", parameters: t.Object({ a: t.String() }) }, ({ a }) => a);
const router = new Elysia().post("/b", ({ body }) => body.a, { body: t.Object({ a: t.String() }) });
const post = async (body) => {
  const headers = { "content-type": "application/json" };
  const request = new Request("http://localhost/b", { method: "POST", headers, body: JSON.stringify(body) });
  const response = await router.handle(request);
  return [response.status, response.ok ? await response.text() : ""];
};
const { messages } = fakeHeddle();
const fetched = fakeFetch(() => Response.json({ ok: true }));
await fetch("https://example.com/a");
const refused = await verifyHmac(new Request("http://localhost/"), { secret: "", header: "x" }).catch(({ code }) => code);
console.log(JSON.stringify([
  settings.SOME_TOKEN, settings.COUNT, registered().tools[0].name, await post({ a: "x" }), await post({}),
  messages.length, fetched.requests[0].url, refused, new Permanent("p").name,
]));
`;

const expected = [
  "of the test",
  3,
  "a_tool",
  [200, "x"],
  [422, ""],
  0,
  "https://example.com/a",
  "invalid_signature",
  "Permanent",
];

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "heddle-standalone-"));
  await writeSdk(join(folder, ".heddle"));
  await writeFile(join(folder, "script.mjs"), SCRIPT);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe.each(RUNTIMES)("$name", ({ name, program }) => {
  test.skipIf(!program)("runs it with no package, no variable and no permission", async () => {
    const command = [program ?? "", ...(name === "deno" ? ["run", "--no-prompt"] : []), "script.mjs"];
    const { out, err, status } = await run(command, { cwd: folder, environment: { HOME: folder } });
    expect([status, err]).toEqual([0, ""]);
    expect(JSON.parse(out)).toEqual(expected);
  });
});

test("an editor gets types with no package installed", async () => {
  await writeFile(
    join(folder, "right.ts"),
    `import { defineConfig, Elysia, type InjectResult, injectMessage, register, t } from "heddle/sdk";
import { toolContext } from "heddle/sdk/testing";
export const settings = defineConfig({ COUNT: t.Integer({ default: 3 }) });
export const count: number = settings.COUNT;
export const tool = register(
  { name: "a", description: "", parameters: t.Object({ a: t.String() }) },
  ({ a }, { signal }) => (signal.aborted ? "" : a.toUpperCase()),
);
export const text: string = tool({ a: "x" }, toolContext());
export const router = new Elysia().get("/:id", ({ params }) => params.id.toFixed(), { params: t.Object({ id: t.Number() }) });
export const result: Promise<InjectResult> = injectMessage({ sessionId: "s", content: "c", source: "x" });
console.log(Bun.version, process.version);
`,
  );
  await writeFile(
    join(folder, "tsconfig.json"),
    JSON.stringify({
      compilerOptions: {
        target: "esnext",
        lib: ["esnext"],
        module: "nodenext",
        moduleDetection: "force",
        strict: true,
        noEmit: true,
        typeRoots: ["./.heddle/types"],
        types: ["node", "bun"],
      },
      include: ["*.ts"],
    }),
  );
  await rm(join(folder, "node_modules"), { recursive: true, force: true });
  await Bun.write(join(folder, "node_modules", ".keep"), "");
  await symlink(join("..", ".heddle", "sdk"), join(folder, "node_modules", "heddle"), "junction");
  const compiler = join(import.meta.dirname, "..", "..", "node_modules", ".bin", "tsc");
  const check = () => run([process.execPath, "--bun", compiler, "--pretty", "false"], { cwd: folder });
  // The type declarations of Node and Bun disagree in places, hence `skipLibCheck`.
  const ours = ({ out }: { out: string }) => out.split("\n").filter((line) => /^[^\s.]/.test(line));
  expect(ours(await check())).toEqual([]);
  await writeFile(
    join(folder, "wrong.ts"),
    (await Bun.file(join(folder, "right.ts")).text()).replace(": number", ": string"),
  );
  expect(ours(await check())).toEqual([expect.stringMatching(/^wrong\.ts\(4,.*TS2322/)]);
});
