// The coding agents that the operator has declared, as tools of bots.

import { join } from "node:path";
import type { CodingAgent } from "../acp/agents-file.ts";
import { readAgents } from "../acp/agents-file.ts";
import { createPermissions } from "../acp/permissions.ts";
import { agentTools } from "../acp/tools.ts";
import type { Config } from "../config/config.ts";
import type { ApprovalNotices } from "../dispatch/approval-notices.ts";
import { targetsOf } from "../dispatch/targets-of.ts";
import { programRequest } from "../mcp/client/stdio-program.ts";
import { followFile } from "../mcp/follow-file.ts";
import type { Decide } from "../policies/policies.ts";
import { build } from "../runtime/assets.ts";
import type { Closers } from "./closers.ts";
import type { Content } from "./content.ts";
import type { Conversation } from "./conversation.ts";
import { spawnerOnDemand } from "./spawner-on-demand.ts";
import type { Storage } from "./storage.ts";

/** Owns their tools in the registry. No integration can have this id. */
const OWNER = "coding-agents";

export async function openCodingAgents(
  config: Config,
  { db, home, redactor, events, log: serverLog }: Storage,
  { tools, workspace }: Pick<Content, "tools" | "workspace">,
  { sealer }: Pick<Conversation, "sealer">,
  { decide, notices }: { decide: Decide; notices: Pick<ApprovalNotices, "ask"> },
  closers: Closers,
): Promise<void> {
  const log = serverLog.getChild("acp");
  const spawner = spawnerOnDemand(config, log, closers);
  const { PATH: path, LANG: lang } = config.environment;
  const permissions = createPermissions({
    db,
    decide,
    askPlaces: (tx, task) => notices.ask(tx, task.id, targetsOf(task, { sealer, log })),
    onCommit: events.committed,
    redact: redactor.redact,
    now: Date.now,
  });
  const place = { home: home.path, workspace: home.workspace };
  const surroundings = { path, lang, timezone: config.timezone };

  async function starterOf(agent: CodingAgent, folder: string) {
    const { spawn } = await spawner();
    const own = join(home.path, "acp", agent.id);
    const request = programRequest(agent, own, { ...place, surroundings });
    const access = { ...request.access, write: [...request.access.write, folder] };
    return (onOutput: Parameters<typeof spawn>[0]["onOutput"]) =>
      spawn({ ...request, access, cwd: folder, onOutput });
  }

  const following = await followFile({
    path: join(home.path, "acp.yaml"),
    log,
    what: "The coding agents",
    absent: { agents: [] as CodingAgent[] },
    read: (text) => readAgents(text, (name) => config.environment[name]),
    onChange({ agents }) {
      for (const secret of agents.flatMap(({ env }) => Object.values(env))) redactor.add(secret);
      const root = workspace.root;
      tools.replaceOwner(OWNER, agentTools(agents, { root, starterOf, permissions, version: build.version }));
    },
  });
  closers.push(following.close);
}
