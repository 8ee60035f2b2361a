// The coding agents that bots have work for them: those that are stored, kept in memory on every server of the database, and those of
// acp.yaml.

import type { Tool } from "../agent/tools/registry.ts";
import type { AsRead } from "../db/as-read.ts";
import type { Database, Queryable } from "../db/database.ts";
import { followTable } from "../db/follow-table.ts";
import { createDeclared } from "../declared/declared.ts";
import { followFile } from "../declared/follow-file.ts";
import { errorMessage, HeddleError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Redact } from "../redact.ts";
import type { Vault } from "../secrets/vault.ts";
import { type CodingAgent, fingerprintOf } from "./agent.ts";
import { readAgents } from "./agents-file.ts";
import type { GivenCodingAgent, GivenCodingAgentChange } from "./fields.ts";
import { type CodingSessions, createCodingSessions, type Worked } from "./sessions.ts";
import { createAgentStore, type FoundByTest } from "./store.ts";
import { type AgentToolsOptions, agentTools } from "./tools.ts";

export interface CodingAgentsOptions
  extends Pick<AgentToolsOptions, "root" | "permissions" | "version" | "starterOf"> {
  db: Database;
  vault: Pick<Vault, "sealConfig" | "openConfig">;
  addSecret: (secret: string) => void;
  redact: Redact;
  /** Where acp.yaml is, and the variables that it may name. */
  file: { path: string; environment: (name: string) => string | undefined };
  onTools: (tools: Tool[]) => void;
  /** Called when one is changed, is tested, or begins or ends work. */
  onChange: (id: string) => void;
  log: Logger;
}

export type CodingAgentState = "disabled" | "untested" | "ready" | "working" | "failing";

export interface CodingAgentView extends CodingAgent {
  state: CodingAgentState;
  /** The reason of its last failure. */
  error: string | null;
  /** How many pieces of work it is doing now. */
  running: number;
  last_test: FoundByTest | null;
}

export interface AgentTest {
  ok: boolean;
  error: string | null;
  duration_ms: number;
}

export interface CodingAgents {
  list(): Promise<CodingAgentView[]>;
  /** Throws `not_found`. */
  get(id: string): Promise<CodingAgentView>;
  /** Throws `conflict` or `validation`. */
  create(given: GivenCodingAgent): Promise<CodingAgentView>;
  update(id: string, change: GivenCodingAgentChange, asRead?: AsRead): Promise<CodingAgentView>;
  delete(id: string): Promise<void>;
  /** Begins a session with it and ends it again. Throws `conflict` for one that is disabled. */
  test(id: string, signal: AbortSignal): Promise<AgentTest>;
  sessions: CodingSessions["list"];
  close(): Promise<void>;
}

const CHANNEL = "heddle_acp";

export async function openAgents(options: CodingAgentsOptions): Promise<CodingAgents> {
  const { db, vault, addSecret, redact, file, starterOf, onTools, onChange, log, version } = options;
  const declared = createDeclared<CodingAgent>({ what: "coding agent", file: "acp.yaml" });
  const { all, find, changeable, free } = declared;
  const announce = (tx: Queryable, id: string) => follower.announce(tx, id);
  const store = createAgentStore({ db, vault, addSecret, announce });
  const sessions = createCodingSessions({ db, redact, onChange });
  const register = () => onTools(agentTools(all(), { ...options, sessions }));
  const follower = await followTable({
    ...{ db, channel: CHANNEL, log },
    async read() {
      declared.setStored(await store.list());
      register();
    },
  });
  const following = await followFile({
    ...{ path: file.path, log, what: "The coding agents" },
    absent: { agents: [] as CodingAgent[] },
    read: (text) => readAgents(text, file.environment),
    onChange({ agents }) {
      for (const secret of agents.flatMap(({ env }) => Object.values(env))) addSecret(secret);
      declared.setOfFile(agents);
      register();
    },
  });

  async function views(agents: CodingAgent[]): Promise<CodingAgentView[]> {
    const [tests, worked] = await Promise.all([store.tests(), sessions.worked()]);
    return agents.map((agent) => viewOf(agent, tests.get(agent.id), worked.get(agent.id)));
  }

  async function get(id: string): Promise<CodingAgentView> {
    const [view] = await views([find(id)]);
    return view as CodingAgentView;
  }

  async function changed(id: string): Promise<void> {
    await follower.refresh(id);
    onChange(id);
  }

  return {
    list: () => views(all()),
    get,
    async create(given) {
      free(given.id);
      await store.create(given);
      log.info("Coding agent {id} was added", { id: given.id });
      await changed(given.id);
      return get(given.id);
    },
    async update(id, change, asRead) {
      changeable(id);
      await store.update(id, change, asRead);
      log.info("Coding agent {id} was changed: {fields}", { id, fields: Object.keys(change).join(", ") });
      await changed(id);
      return get(id);
    },
    async delete(id) {
      changeable(id);
      await store.delete(id);
      log.info("Coding agent {id} was deleted", { id });
      await changed(id);
    },
    async test(id, signal) {
      const agent = find(id);
      if (!agent.is_enabled)
        throw new HeddleError("conflict", `The coding agent "${id}" is disabled: enable it first.`);
      const started = performance.now();
      const found = await (async () => {
        const { start, ...place } = await starterOf(agent);
        const { tryAgent } = await import("./run-agent.ts");
        return tryAgent(start, { ...place, name: agent.name, version, signal });
      })().then(
        ({ name, version: of }) => ({ error: null, agent_name: name, agent_version: of }),
        (error: unknown) => ({
          ...{ error: redact(errorMessage(error)).slice(0, 2_000), agent_name: null, agent_version: null },
        }),
      );
      const duration_ms = Math.round(performance.now() - started);
      await store.keepTest(id, { ...found, fingerprint: fingerprintOf(agent), tested_at: new Date() });
      onChange(id);
      return { ok: found.error === null, error: found.error, duration_ms };
    },
    sessions: async (filter) => {
      find(filter.agent_id);
      return sessions.list(filter);
    },
    async close() {
      await Promise.all([following.close(), follower.close()]);
    },
  };
}

/** The latest test or piece of work counts, but not a test of a program that has been changed since. */
function viewOf(
  agent: CodingAgent,
  test: FoundByTest | undefined,
  { running, last }: Worked = { running: 0, last: null },
): CodingAgentView {
  const last_test = test?.fingerprint === fingerprintOf(agent) ? test : null;
  const isTestNewer = last_test !== null && (last === null || last.at < last_test.tested_at);
  const changedAt = agent.updated_at ?? new Date(0);
  const newest = isTestNewer ? last_test : last && last.at > changedAt ? last : undefined;
  const state = (): CodingAgentState => {
    if (!agent.is_enabled) return "disabled";
    if (running > 0) return "working";
    if (newest === undefined) return "untested";
    return newest.error === null ? "ready" : "failing";
  };
  return { ...agent, state: state(), error: newest?.error ?? null, running, last_test };
}
