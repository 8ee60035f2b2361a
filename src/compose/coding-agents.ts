// The coding agents that the operator has declared, as tools of bots.

import { join } from "node:path";
import type { CodingAgent } from "../acp/agent.ts";
import { openAgents } from "../acp/agents.ts";
import { createPermissions } from "../acp/permissions.ts";
import type { Config } from "../config/config.ts";
import type { ApprovalNotices } from "../dispatch/approval-notices.ts";
import { targetsOf } from "../dispatch/targets-of.ts";
import { programRequest } from "../mcp/client/stdio-program.ts";
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
  { db, home, vault, redactor, events, log: serverLog }: Storage,
  { tools, workspace }: Pick<Content, "tools" | "workspace">,
  { sealer }: Pick<Conversation, "sealer">,
  { decide, notices }: { decide: Decide; notices: Pick<ApprovalNotices, "ask" | "tell"> },
  closers: Closers,
) {
  const log = serverLog.getChild("acp");
  const spawner = spawnerOnDemand(config, log, closers);
  const { PATH: path, LANG: lang } = config.environment;
  const permissions = createPermissions({
    db,
    decide,
    askPlaces: (tx, task) => notices.ask(tx, task.id, targetsOf(task, { sealer, log })),
    tellPlaces: notices.tell,
    onCommit: events.committed,
    redact: redactor.redact,
    now: Date.now,
  });
  const place = { home: home.path, workspace: home.workspace };
  const surroundings = { path, lang, timezone: config.timezone };

  /** `folder`: where it works; default: its own home. */
  async function starter(agent: CodingAgent, folder?: string) {
    const { spawn } = await spawner();
    const own = join(home.path, "acp", agent.id);
    const { request, note } = programRequest(agent, own, { ...place, surroundings });
    const access = { ...request.access, write: [...request.access.write, ...(folder ? [folder] : [])] };
    const start = (onOutput: Parameters<typeof spawn>[0]["onOutput"]) =>
      spawn({ ...request, access, cwd: folder ?? own, onOutput });
    return { folder: folder ?? own, start, note };
  }

  const agents = await openAgents({
    ...{ db, vault, addSecret: redactor.add, redact: redactor.redact, permissions, log },
    file: { path: join(home.path, "acp.yaml"), environment: (name) => config.environment[name] },
    root: workspace.root,
    version: build.version,
    starterOf: starter,
    onTools: (all) => tools.replaceOwner(OWNER, all),
    onChange: events.codingAgentChanged,
  });
  closers.push(agents.close);
  return agents;
}
