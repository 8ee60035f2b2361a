// `bun --preload`: once the file FAILING_DISK exists, every sync of the database's log fails.

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
