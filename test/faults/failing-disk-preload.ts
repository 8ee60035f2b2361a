// `bun --preload`: from when the file FAILING_DISK is there, no sync of the database's log succeeds.

import { syncBuiltinESMExports } from "node:module";

// Not imported: see test/power-cut/preload.ts.
const fs: typeof import("node:fs") = require("node:fs");
const { fsyncSync, existsSync, readlinkSync } = fs;

fs.fsyncSync = (descriptor) => {
  if (
    existsSync(process.env.FAILING_DISK ?? "") &&
    readlinkSync(`/proc/self/fd/${descriptor}`).includes("/pg_wal/")
  )
    throw Object.assign(new Error("EIO: i/o error, fsync"), { code: "EIO" });
  fsyncSync(descriptor);
};
syncBuiltinESMExports();
