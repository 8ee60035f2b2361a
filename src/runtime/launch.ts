// Builds the command line and environment that launcher.ts expects.

import { type Policy, PREFIX } from "./confinement-policy.ts";
import { ownBun } from "./run-bun.ts";

export interface Launch {
  command: readonly string[];
  cwd: string;
  environment: Readonly<Record<string, string>>;
}

export function launchCommand(
  launcher: string,
  policy: Policy,
  command: readonly string[],
  environment: Readonly<Record<string, string>>,
): Launch {
  const bun = ownBun([launcher, JSON.stringify(policy), ...command]);
  const given = Object.entries(environment).map(([name, value]) => [PREFIX + name, value]);
  return {
    command: bun.command,
    cwd: "/",
    environment: { ...Object.fromEntries(given), ...bun.environment },
  };
}
