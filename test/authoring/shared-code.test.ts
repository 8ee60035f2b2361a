// Code that integrations share, as the page for authors describes it, with a built-in integration and what it shares with others put where an outside
// author has theirs: its tests, and those of the shared code, find the SDK in the folder above.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { cp, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { refreshProject } from "../../src/authoring/project-files.ts";
import { run } from "../docs/processes.ts";
import { RUNTIMES } from "./runtimes.ts";

setDefaultTimeout(120_000);
const integrations = join(import.meta.dirname, "..", "..", "integrations");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "heddle-shared-code-"));
  const shared = (await readdir(integrations)).filter((name) => name.startsWith("_"));
  for (const name of ["gitea", ...shared])
    await cp(join(integrations, name), join(folder, name), { recursive: true });
  await refreshProject(folder, "mine");
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each(RUNTIMES.filter(({ program }) => program !== undefined))(
  "the tests of an integration and of what it shares pass under $name",
  async ({ program = "", test }) => {
    const { status, out, err } = await run([program, ...test], {
      cwd: folder,
      environment: { NO_COLOR: "1" },
    });
    expect([status, out + err]).toEqual([0, expect.stringMatching(/\b(19 pass|pass 19|19 passed)\b/)]);
  },
);
