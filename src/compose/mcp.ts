// The MCP servers whose tools bots may get.

import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { createAuthFetch } from "../mcp/client/reach.ts";
import { openProgram } from "../mcp/client/stdio-program.ts";
import { openMcpServers } from "../mcp/servers.ts";
import { realTimers } from "../processes/restart-delay.ts";
import { build } from "../runtime/assets.ts";
import { wakeWaiting } from "../sessions/wake-waiting.ts";
import type { Closers } from "./closers.ts";
import type { Content } from "./content.ts";
import { spawnerOnDemand } from "./spawner-on-demand.ts";
import type { Storage } from "./storage.ts";

export async function openMcp(
  config: Config,
  { db, queue, home, vault, redactor, events, log: serverLog }: Storage,
  { tools }: Pick<Content, "tools">,
  closers: Closers,
  publicUrl: () => string | undefined,
) {
  const log = serverLog.getChild("mcp");
  const spawner = spawnerOnDemand(config, log, closers);
  const { PATH: path, LANG: lang } = config.environment;
  const servers = await openMcpServers({
    db,
    vault,
    addSecret: redactor.add,
    file: { path: join(home.path, "mcp.yaml"), environment: (name) => config.environment[name] },
    addPassing: redactor.addPassing,
    authFetch: (server) => createAuthFetch(server, config.allowPrivateHosts),
    publicUrl,
    async open(server, tokens) {
      if (server.transport === "http") {
        const { createHttpTransport } = await import("../mcp/client/http-transport.ts");
        return { transport: createHttpTransport(server, config.allowPrivateHosts, tokens) };
      }
      const transport = await openProgram(server, {
        spawner,
        home: home.path,
        workspace: home.workspace,
        surroundings: { path, lang, timezone: config.timezone },
      });
      return { transport, lastWords: () => redactor.redact(transport.lastWords()), fault: transport.fault };
    },
    onTools: tools.setYielding,
    onState: events.mcpChanged,
    wake: (tx, task) => wakeWaiting(tx, queue, task),
    onCommit: events.committed,
    version: build.version,
    timers: realTimers,
    random: Math.random,
    log,
  });
  closers.push(servers.close);
  return servers;
}
