// A process of its own beside the server, `bun guardian.ts <server id>`: it reads the numbers of process groups from its
// standard input for as long as the server lives. When that pipe closes, however the server went, it ends what is left of
// them. The kernel closes the pipe, so there is no moment at which a kill of the server would go unnoticed.

import { endFamily } from "./process-family.ts";

/** Between SIGTERM and SIGKILL. */
const GRACE_MS = 2_000;

const serverId = process.argv[2] ?? "";
const groups = new Set<number>();

// Whoever ends the server by its group or its terminal must not end its guardian first.
for (const name of ["SIGTERM", "SIGINT", "SIGHUP"] as const) process.on(name, () => undefined);

let unread = "";
for await (const chunk of process.stdin) {
  const lines = (unread + chunk).split("\n");
  unread = lines.pop() ?? "";
  for (const line of lines) {
    const group = Number(line.slice(1));
    if (line.startsWith("+")) groups.add(group);
    else groups.delete(group);
  }
}
await endFamily({ groups, marker: `${serverId}/` }, GRACE_MS);
