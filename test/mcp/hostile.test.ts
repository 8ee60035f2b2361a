// MCP servers that break the rules harm neither others nor the server that is their client.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { embeddedDatabase } from "../database.ts";
import { until } from "../until.ts";
import { testMcp } from "./fixture.ts";

const open = embeddedDatabase();
const PROGRAM = join(import.meta.dirname, "hostile-program.ts");
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "heddle-hostile-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("floods, storms, silence, wrong ids and schemas that have no end", async () => {
  const db = await open();
  await using mcp = await testMcp(db);
  const modes = ["flood", "storm", "silent", "ids", "schemas", "paged"];
  for (const mode of modes) {
    await mcp.servers.create({
      ...{ id: mode, transport: "stdio", command: "bun", args: [PROGRAM, mode, folder] },
      ...{ env: {}, timeout_seconds: mode === "silent" ? 1 : 10 },
    });
  }
  await mcp.servers.create({
    ...{ id: "endless", transport: "stdio", command: "bun", args: [PROGRAM, "endless", folder], env: {} },
    timeout_seconds: 10,
  });
  for (const mode of modes) await mcp.reaches(mode, "connected");

  const paged = mcp.servers.get("paged").tools.map(({ listed }) => listed.name);
  expect(paged).toEqual(["paged_one", "paged_1", "paged_2", "paged_3"]);
  // A list that goes on for ever is no list, and says so.
  await mcp.reaches("endless", "degraded");
  expect(mcp.servers.get("endless").status.error).toContain("pagination did not terminate");
  expect(mcp.servers.get("flood").tools).toHaveLength(500);
  expect(mcp.tools.list().filter(({ name }) => name.startsWith("flood_"))).toHaveLength(500);
  await expect(mcp.call("silent_one")).rejects.toThrow("1 second");
  expect(await mcp.call("ids_one")).toContain("the answer");
  expect(await mcp.call("ids_one")).not.toContain("nobody");
  expect(await mcp.call("plain")).toContain("called plain");
  const problems = mcp.servers
    .get("schemas")
    .tools.map(({ listed, problem }) => [listed.name, problem !== null]);
  expect(Object.fromEntries(problems)).toMatchObject({ plain: false, elsewhere: true });

  // Lists that are wanted while one is read are read once.
  expect(await mcp.call("storm_one")).toContain("called storm_one");
  await until(() => existsSync(join(folder, "calm")));
  const lists = async () => (await readFile(join(folder, "storm"), "utf8")).length;
  let seen = 0;
  let since = performance.now();
  await until(async () => {
    const now = await lists();
    if (now !== seen) [seen, since] = [now, performance.now()];
    return performance.now() - since > 2_000;
  });
  expect(seen).toBeGreaterThan(1);
  expect(seen).toBeLessThan(9);
  await mcp.servers.update("storm", { is_enabled: false });
  await mcp.reaches("storm", "disabled");
  expect(mcp.tools.get("storm_one")).toBeUndefined();
}, 60_000);
