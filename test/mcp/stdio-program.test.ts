// What the program of an MCP server may open, without starting one.

import { expect, test } from "bun:test";
import { join } from "node:path";
import { openProgram } from "../../src/mcp/client/stdio-program.ts";
import { temporaryFolder } from "../integrations/harness.ts";

test("what a confined program cannot open is named with its last words", async () => {
  await using folder = await temporaryFolder();
  await folder.write({
    "around/home/server.ts": "",
    "around/home/mcp/own/server.ts": "",
    "around/home/workspace/server.ts": "",
    "elsewhere/server.ts": "",
  });
  const home = join(folder.path, "around/home");
  const lastWordsWith = async (argument: string): Promise<string> => {
    const program = { id: "own", command: "bun", args: [argument], env: {} };
    const surroundings = { path: undefined, lang: undefined, timezone: "UTC" };
    const spawner = async () => ({
      spawn: () => {
        throw new Error("not started");
      },
    });
    const workspace = join(home, "workspace");
    return (await openProgram(program, { spawner, home, workspace, surroundings })).lastWords();
  };
  for (const path of ["around/home/server.ts", "around/home", "around"].map((one) =>
    join(folder.path, one),
  )) {
    expect(await lastWordsWith(path)).toContain(`A confined program cannot open ${path}:`);
  }
  for (const path of [
    "around/home/mcp/own/server.ts",
    "around/home/workspace/server.ts",
    "elsewhere/server.ts",
  ]) {
    expect(await lastWordsWith(join(folder.path, path))).toBe("");
  }
  expect(await lastWordsWith("server.ts")).toBe("");
});
