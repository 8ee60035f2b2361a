// Holds the lock named by its argument until it is killed.

import { lockFolder } from "../../src/db/lock.ts";

lockFolder(process.argv[2] ?? "");
// Nothing refers to the lock any more, but it must be kept.
Bun.gc(true);
process.stdout.write("locked\n");
setInterval(() => undefined, 60_000);
