// An integration that somebody has written from an earlier version of the documentation loads, and its tests pass, without
// a change. `earlier` has the pages as they were; only the code that they tell readers to copy is used.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { checkIntegrations } from "../../src/authoring/check/check.ts";
import { testCheck } from "../../src/authoring/check/executed-checks.ts";
import { refreshProject } from "../../src/authoring/project-files.ts";
import { discover } from "../../src/integrations/discovery/discover.ts";
import { temporaryFolder } from "../integrations/harness.ts";
import { codeBlocks, writeFiles } from "./code-blocks.ts";

setDefaultTimeout(120_000);

const pages = join(import.meta.dirname, "earlier");
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let scratch: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder();
  scratch = await temporaryFolder();
  for (const name of (await readdir(pages)).sort())
    await writeFiles(codeBlocks(await readFile(join(pages, name), "utf8")), folder.path);
});

afterAll(async () => {
  await folder[Symbol.asyncDispose]();
  await scratch[Symbol.asyncDispose]();
});

test("the examples of 2026-11-28 load, register what they did, and pass their own tests", async () => {
  const { found } = await discover([{ kind: "external", dir: folder.path }]);
  expect(found.map(({ id }) => id)).toEqual(["deskchat", "hello", "mychat", "mynotify", "mystt"]);
  for (const one of found) await refreshProject(one.folder, one.id);
  const reports = await checkIntegrations({
    integrations: found,
    executed: [testCheck],
    scratch: scratch.path,
  });
  const errors = reports.flatMap(({ id, findings }) =>
    findings.flatMap(({ level, message }) => (level === "error" ? `${id}: ${message}` : [])),
  );
  expect(errors).toEqual([]);
  expect(reports.map(({ id, ran }) => [id, ...ran])).toEqual([
    ["deskchat", "2 tests passed, 0 failed"],
    ["hello", "1 tests passed, 0 failed"],
    ["mychat", "no tests to run"],
    ["mynotify", "3 tests passed, 0 failed"],
    ["mystt", "no tests to run"],
  ]);
  // The only page's grade that the page itself promises.
  expect(reports.find(({ id }) => id === "mynotify")?.grade).toBe("gold");
});
