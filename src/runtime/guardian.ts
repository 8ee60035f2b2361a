// The guardian, a separate process beside the server: `bun guardian.ts <server id>`. It reads process group ids from
// standard input while the server lives. When that pipe closes, for whatever reason the server died, it terminates the
// groups that are left. The kernel closes the pipe, so no way of killing the server goes unnoticed.

import { endFamily } from "./process-family.ts";

/** Between SIGTERM and SIGKILL. */
const GRACE_MS = 2_000;

const serverId = process.argv[2] ?? "";
const groups = new Set<number>();

// A signal to the server's process group or terminal must not end the guardian first.
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
