// `bun --preload sync-order.ts src/main.ts serve …`: a server that reports for each accepted webhook whether it was on
// disk when the response was sent. It observes writes to the database's log (pg_wal) and their syncs; a webhook is on
// disk once a sync covers a write that contains its id. It prints one line per webhook.

import { syncBuiltinESMExports } from "node:module";

// Not imported: see preload.ts.
const fs: typeof import("node:fs") = require("node:fs");
const real = { ...fs };

/** Log data written but not yet synced, by file descriptor. */
const unsynced = new Map<number, string>();
const synced = new Set<string>();
const ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

fs.openSync = (path, flags, mode) => {
  const descriptor = real.openSync(path, flags, mode);
  if (String(path).includes("/pg_wal/")) unsynced.set(descriptor, "");
  return descriptor;
};
fs.closeSync = (descriptor) => {
  unsynced.delete(descriptor);
  real.closeSync(descriptor);
};
fs.writeSync = ((descriptor: number, bytes: Uint8Array, offset: number, length: number, at: number) => {
  const count = real.writeSync(descriptor, bytes, offset, length, at);
  const before = unsynced.get(descriptor);
  if (before !== undefined) {
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + offset, count).toString("latin1");
    unsynced.set(descriptor, before + text);
  }
  return count;
}) as typeof fs.writeSync;
fs.fsyncSync = (descriptor) => {
  real.fsyncSync(descriptor);
  const written = unsynced.get(descriptor);
  if (written === undefined) return;
  for (const [id] of written.matchAll(ID)) synced.add(id);
  unsynced.set(descriptor, "");
};
syncBuiltinESMExports();

const serve = Bun.serve;
type Handler = (this: unknown, request: Request, server: unknown) => Response | Promise<Response>;
Bun.serve = ((options: { fetch: Handler }) => {
  const { fetch: handle } = options;
  const watched: Handler = async function (this: unknown, request, server) {
    const answer = await handle.call(this, request, server);
    const delivery = request.headers.get("x-github-delivery");
    if (delivery && answer.ok)
      process.stdout.write(`${synced.has(delivery) ? "on the disk" : "only said"} ${delivery}\n`);
    return answer;
  };
  return serve({ ...options, fetch: watched } as never);
}) as typeof Bun.serve;
