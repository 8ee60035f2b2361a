// A copy of a built-in integration in somebody's own folder has none of Heddle's packages beside it. The documentation says how to get them.

import { expect, test } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import { join } from "node:path";

const repository = join(import.meta.dirname, "../../..");
const read = (path: string) => readFile(join(repository, path), "utf8");

/** What the server gives every integration. */
const PROVIDED = ["heddle", "elysia", "@sinclair/typebox"];
/** Required by @slack/socket-mode, which does not install it. */
const PEERS: Record<string, string[]> = { slack: ["undici"] };
const transpiler = new Bun.Transpiler({ loader: "ts" });

/** The packages that the code of a folder imports when it runs. */
async function importedBy(name: string): Promise<Set<string>> {
  const found = new Set<string>(PEERS[name]);
  for (const path of await readdir(join(repository, "integrations", name), { recursive: true })) {
    if (!path.endsWith(".ts") || path.startsWith("tests")) continue;
    for (const imported of transpiler.scanImports(await read(join("integrations", name, path)))) {
      if (imported.path.startsWith(".") || imported.path.startsWith("bun:") || isBuiltin(imported.path))
        continue;
      const [first = "", second] = imported.path.split("/");
      const named = first.startsWith("@") ? `${first}/${second}` : first;
      if (!PROVIDED.includes(named)) found.add(named);
    }
  }
  return found;
}

test("the documentation names the packages of each built-in integration, in the versions that Heddle has", async () => {
  const { dependencies } = JSON.parse(await read("package.json"));
  const lines = [];
  for (const name of (await readdir(join(repository, "integrations"))).sort()) {
    const packages = [...(await importedBy(name))].sort();
    if (packages.length === 0) continue;
    lines.push(
      `heddle install ${name} --add ${packages.map((one) => `${one}@${dependencies[one]}`).join(",")}`,
    );
  }
  const page = await read("docs/creating-an-integration.md");
  expect(page.split("\n").filter((line) => /^heddle install .* --add /.test(line))).toEqual(lines);
});
