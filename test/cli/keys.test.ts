// `heddle keys` and `heddle login-link` ask a server that is still starting as soon as it can be asked.

import { expect, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serverOrDatabase } from "../../src/cli/keys.ts";
import { ForeignHome } from "../../src/config/home.ts";
import { openLocalDoor } from "../../src/config/local-server.ts";
import { DatabaseInUse } from "../../src/db/lock.ts";

test("a server that has the database and is not there yet is waited for", async () => {
  const home = await mkdtemp(join(tmpdir(), "heddle-keys-"));
  let door: ReturnType<typeof openLocalDoor> | undefined;
  const done: string[] = [];
  try {
    await serverOrDatabase(
      { home },
      async () => {
        done.push("the database is in use");
        door = openLocalDoor({
          home,
          url: "http://127.0.0.1:1",
          pid: process.pid,
          key: "operator",
          fetch: () => Response.json({ status: "ok" }, { headers: { "x-request-id": "r1" } }),
          maxBodyBytes: 1_000,
          onTrouble: (error) => done.push(String(error)),
        });
        throw new DatabaseInUse("The data folder is in use.", { holder: "another Heddle (process 7)" });
      },
      {
        atServer: async (server) => void done.push(JSON.stringify(await server.get("/api/v1/api-keys"))),
        inDatabase: async () => void done.push("opened"),
        tell: (line) => done.push(line),
      },
    );
    expect(done).toEqual([
      "the database is in use",
      `The database in ${home} is in use by another Heddle (process 7), which does not answer yet: waiting up to 30 seconds for it.`,
      '{"status":"ok"}',
    ]);
  } finally {
    await door?.close();
    await rm(home, { recursive: true, force: true });
  }
});

test("a server that never answers is named", async () => {
  const home = await mkdtemp(join(tmpdir(), "heddle-keys-"));
  const told: string[] = [];
  const failed = serverOrDatabase(
    { home },
    async () => {
      throw new DatabaseInUse("The data folder is in use.", { holder: "another Heddle (process 7)" });
    },
    { atServer: async () => {}, inDatabase: async () => {}, tell: (line) => told.push(line), startingMs: 1 },
  );
  await expect(failed).rejects.toThrow(
    `The database in ${home} is in use by another Heddle (process 7), which does not answer: look into its log`,
  );
  expect(told.length).toBeLessThanOrEqual(1);
  await rm(home, { recursive: true, force: true });
});

test("another trouble with the database is not waited for", async () => {
  const home = await mkdtemp(join(tmpdir(), "heddle-keys-"));
  const failed = serverOrDatabase(
    { home },
    async () => {
      throw new Error("no such database");
    },
    { atServer: async () => {}, inDatabase: async () => {} },
  );
  await expect(failed).rejects.toThrow("no such database");
  await rm(home, { recursive: true, force: true });
});

test("root is told that the unit's server may still be starting, instead of whose folder it is", async () => {
  const failed = serverOrDatabase(
    { home: "/var/lib/heddle" },
    async () => {
      throw new ForeignHome("HEDDLE_HOME must belong to the user that runs Heddle (0).");
    },
    { atServer: async () => {}, inDatabase: async () => {} },
  );
  await expect(failed).rejects.toThrow(
    "No server answers on /var/lib/heddle; one that was just started does in a moment.",
  );
});
