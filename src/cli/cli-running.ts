// Groups of commands about what a running server has.

import { type ApprovalCommands, approvalCommands } from "./cli-approvals.ts";
import { CLIENT_FLAGS, type ClientFlags, leaf } from "./cli-leaf.ts";
import { type McpCommands, mcpCommands } from "./cli-mcp.ts";
import { type ProviderCommands, providerCommands } from "./cli-providers.ts";
import { type ScheduleCommands, scheduleCommands } from "./cli-schedules.ts";

export interface PairCommands {
  pair(flags: ClientFlags, code: string | undefined): Promise<void>;
}

export type RunningCommands = ApprovalCommands &
  McpCommands &
  PairCommands &
  ProviderCommands &
  ScheduleCommands;

export const runningCommands = (commands: RunningCommands) => ({
  providers: providerCommands(commands),
  mcp: mcpCommands(commands),
  schedules: scheduleCommands(commands),
  approvals: approvalCommands(commands),
  pair: leaf({
    meta: { name: "pair", description: "Allow a person by the pairing code; without a code, list who waits" },
    args: {
      ...CLIENT_FLAGS,
      code: { type: "positional", required: false, description: "As the person was shown it" },
    },
    run: ({ args }) => commands.pair(args, args.code),
  }),
});
