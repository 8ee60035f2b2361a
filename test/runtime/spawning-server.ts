// A server to be killed: starts a process, says its number and the guardian's, and does what it is told by signals.
// `bun spawning-server.ts <home>`

import { getLogger } from "@logtape/logtape";
import { createSpawner } from "../../src/runtime/spawn.ts";

const serverId = crypto.randomUUID();
const spawner = createSpawner({ serverId, home: process.argv[2] ?? "", log: getLogger("test") });
await spawner.prepare();
const child = spawner.spawn({
  command: ["sleep", "1000"],
  cwd: "/",
  environment: { PATH: process.env.PATH ?? "" },
  onOutput: () => undefined,
});
console.log(`process ${child.pid} server ${serverId}`);
setInterval(() => {}, 1000);
