// Where Heddle begins: a command, which is one of cli/ and may start a server or a worker of compose/.

import { setTimeout } from "node:timers";
import { runCli } from "./cli/cli.ts";
import { createCommands } from "./cli/commands.ts";

// Commands that ask a running server do not wait until all that a server consists of is loaded.
const commands = createCommands({
  startServer: async (...given) => (await import("./compose/server.ts")).startServer(...given),
  startWorker: async (...given) => (await import("./compose/worker.ts")).startWorker(...given),
});
const code = await runCli(process.argv.slice(2), commands);
// Not 0 by now when the output was lost.
process.exitCode = code || process.exitCode;
// What failed may have left something that would go on, such as a timer of the embedded database after a panic.
if (code !== 0) setTimeout(() => process.exit(), 1_000).unref();
