// A server of the newer era as a program. The argument "refuse" makes it end at once.

import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { modernMcp } from "./example-servers.ts";

if (process.argv[2] === "refuse") {
  process.stderr.write("TOKEN must be set.\n");
  process.exit(2);
}
serveStdio(() => modernMcp(process.argv.includes("book") ? ["book"] : []));
