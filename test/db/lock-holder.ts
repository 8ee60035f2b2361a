// Holds the lock that its argument names until it is killed.

import { lockFolder } from "../../src/db/lock.ts";

lockFolder(process.argv[2] ?? "");
// Nobody refers to the lock any more: it must be kept nevertheless.
Bun.gc(true);
process.stdout.write("locked\n");
setInterval(() => undefined, 60_000);
