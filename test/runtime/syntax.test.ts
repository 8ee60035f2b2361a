import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { syntaxProblem } from "../../src/runtime/syntax.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "heddle-syntax-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function problemOf(name: string, text: string): Promise<string | undefined> {
  await writeFile(join(folder, name), text);
  return syntaxProblem(join(folder, name));
}

test("a script that can be parsed has no problem", async () => {
  expect(await problemOf("a.ts", 'import { x } from "nowhere";\nawait x<string>();\n')).toBeUndefined();
  expect(await problemOf("a.tsx", "export const a = <p>hi</p>;\n")).toBeUndefined();
  expect(await problemOf("a.mjs", "export default 1;\n")).toBeUndefined();
});

test("a broken script has one", async () => {
  expect(await problemOf("b.ts", "const ;\n")).toMatch(/\w/);
  expect(await problemOf("b.js", "export const q = ;\n")).toMatch(/\w/);
});

test("what is not a script, or does not exist, has none", async () => {
  expect(await problemOf("c.txt", "const ;")).toBeUndefined();
  expect(await syntaxProblem(join(folder, "gone.ts"))).toBeUndefined();
  expect(await syntaxProblem(join(folder, "--watch"))).toBeUndefined();
});
