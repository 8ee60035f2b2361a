// Heddle's own tools about the server.

import { inArray, sql } from "drizzle-orm";
import { createServerTools } from "../agent/tools/builtin/server.ts";
import type { Tool, ToolRegistry } from "../agent/tools/registry.ts";
import { tasks } from "../db/schema.ts";
import { enabling } from "../integrations/registry/view.ts";
import { createRepairs, type RepairsOptions } from "../repairs/repairs.ts";
import { build } from "../runtime/assets.ts";
import type { Tasks } from "../sessions/tasks.ts";
import { conversationTools } from "./conversation-tools.ts";
import type { IntegrationParts } from "./integrations.ts";
import type { Models } from "./models.ts";
import type { Storage } from "./storage.ts";

const OPEN = ["pending", "running", "waiting"] as const;

export interface ServerToolsOptions extends Pick<Storage, "db"> {
  tools: Pick<ToolRegistry, "add">;
  tasks: Tasks;
  integrations: IntegrationParts;
  models: Models;
  mcp: { list: RepairsOptions["mcpServers"] };
}

export function addServerTools(options: ServerToolsOptions): void {
  for (const tool of [...conversationTools(options), ...serverTools(options)])
    options.tools.add("core", tool);
}

function serverTools({ db, integrations, models, mcp }: ServerToolsOptions): Tool[] {
  const { registry, settings, states } = integrations;
  const repairs = createRepairs({
    query: db.query,
    integrations: registry,
    settings,
    providers: models.providers.list,
    mcpServers: mcp.list,
    connections: integrations.listConnections,
    accounts: integrations.accounts.list,
  });
  return createServerTools({
    async facts() {
      const [problems, runs] = await Promise.all([
        repairs({ reach: undefined, may: () => true }),
        db.query
          .select({ status: tasks.status, count: sql<number>`count(*)::int` })
          .from(tasks)
          .where(inArray(tasks.status, OPEN))
          .groupBy(tasks.status),
      ]);
      return {
        version: build.version,
        database: db.kind,
        model: models.described() ?? null,
        runs: Object.fromEntries(
          OPEN.map((status) => [status, runs.find((row) => row.status === status)?.count ?? 0]),
        ),
        problems: problems.map(({ severity, title, detail, blocks }) => ({
          severity,
          title,
          detail,
          blocks,
        })),
      };
    },
    integrations: {
      list: registry.list,
      get: registry.get,
      reload: registry.reload,
      setEnabled: async (id, enabled) => {
        const view = registry.get(id);
        await states.set(id, view ? enabling(view, enabled) : { enabled });
      },
    },
  });
}
