// What a link says in its query is understood by the page that it leads to; otherwise a list is shown whole.

import { expect, test } from "bun:test";
import { Glob } from "bun";

const WEB = `${import.meta.dir}/../../src/web`;
const readAll = async (folder: string): Promise<string> => {
  const texts: string[] = [];
  for await (const file of new Glob("**/*.{ts,tsx}").scan({ cwd: folder, absolute: true })) {
    if (!file.endsWith(".gen.ts")) texts.push(await Bun.file(file).text());
  }
  return texts.join("\n");
};

test("every parameter of a link is one that its page reads", async () => {
  const table = await Bun.file(`${WEB}/pages.tsx`).text();
  const folders = new Map(
    [...table.matchAll(/path: "([^"]+)".*import\("\.\/pages\/([a-z-]+)\//g)].map(
      ([, path = "", folder = ""]) => [path, folder],
    ),
  );
  const links = [...(await readAll(WEB)).matchAll(/["'`](\/[a-z-]+)[^"'`\s?]*\?([a-z_]+)=/g)];
  const wrong: string[] = [];
  let checked = 0;
  for (const [, path = "", name = ""] of links) {
    const folder = folders.get(path);
    if (folder === undefined) continue;
    checked += 1;
    if (!(await readAll(`${WEB}/pages/${folder}`)).includes(`"${name}"`)) wrong.push(`${path}?${name}=`);
  }
  expect(checked).toBeGreaterThan(15);
  expect(wrong).toEqual([]);
});
