// Runs between the server and a process of an integration: `bun launcher.ts <policy> <program> <arguments…>`. It
// irrevocably gives up what the process must not have, then execs it, so the pid stays the same.

import { type Policy, PREFIX } from "./confinement-policy.ts";
import { execute, restrict } from "./landlock.ts";

const [given = "", program = "", ...args] = process.argv.slice(2);
const policy: Policy = JSON.parse(given);
const environment = Object.fromEntries(
  Object.entries(process.env).flatMap(([name, value = ""]) =>
    name.startsWith(PREFIX) ? [[name.slice(PREFIX.length), value]] : [],
  ),
);
try {
  process.chdir(policy.cwd);
  restrict(policy);
} catch (error) {
  // Never start the program unconfined.
  process.stderr.write(`${program} cannot be confined: ${error instanceof Error ? error.message : error}\n`);
  process.exit(126);
}
const error = execute(program, args, environment);
process.stderr.write(`${program} cannot be started: the system reports error ${error}.\n`);
process.exit(127);
