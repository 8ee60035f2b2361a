// Groups of commands about what a running server has.

import { type ApprovalCommands, approvalCommands } from "./cli-approvals.ts";
import { type McpCommands, mcpCommands } from "./cli-mcp.ts";
import { type ProviderCommands, providerCommands } from "./cli-providers.ts";
import { type ScheduleCommands, scheduleCommands } from "./cli-schedules.ts";

export type RunningCommands = ApprovalCommands & McpCommands & ProviderCommands & ScheduleCommands;

export const runningCommands = (commands: RunningCommands) => ({
  providers: providerCommands(commands),
  mcp: mcpCommands(commands),
  schedules: scheduleCommands(commands),
  approvals: approvalCommands(commands),
});
