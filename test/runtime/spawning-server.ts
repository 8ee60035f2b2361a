// A server for tests to kill: it starts a process and prints the pid and its server id.
// `bun spawning-server.ts <home> <kind of confinement>`

import { getLogger } from "@logtape/logtape";
import { type ConfinementKind, createConfinement } from "../../src/runtime/confine.ts";
import { createSpawner } from "../../src/runtime/spawn.ts";

const serverId = crypto.randomUUID();
const home = process.argv[2] ?? "";
const wanted = process.argv[3] as ConfinementKind;
const confinement = createConfinement({ home, wanted });
const spawner = createSpawner({ serverId, home, confinement, log: getLogger("test") });
await spawner.prepare();
const child = spawner.spawn({
  command: ["sleep", "1000"],
  cwd: "/",
  environment: { PATH: process.env.PATH ?? "" },
  access: { read: [], write: [] },
  onOutput: () => undefined,
});
console.log(`process ${child.pid} server ${serverId}`);
setInterval(() => {}, 1000);
