// The stored coding agents, and the results of tests of all of them. Environments are sealed.

import { asc, eq } from "drizzle-orm";
import { type AsRead, nextVersion, refuseOverwrite } from "../db/as-read.ts";
import type { Database, Queryable } from "../db/database.ts";
import { isUniqueViolation } from "../db/failure.ts";
import { codingAgents, codingAgentTests } from "../db/schema.ts";
import { checkProgramChange, checkVariables } from "../declared/program-fields.ts";
import { HeddleError, notFound } from "../errors.ts";
import type { Vault } from "../secrets/vault.ts";
import type { CodingAgent } from "./agent.ts";
import { type GivenCodingAgent, type GivenCodingAgentChange, NEW_AGENT } from "./fields.ts";

export interface AgentStoreOptions {
  db: Pick<Database, "query">;
  vault: Pick<Vault, "sealConfig" | "openConfig">;
  /** Called with each secret before it is used. */
  addSecret: (secret: string) => void;
  /** Called in the transaction of each change. */
  announce: (tx: Queryable, id: string) => Promise<void>;
}

export type FoundByTest = Omit<typeof codingAgentTests.$inferSelect, "agent_id">;

const at = (row: string) => ({ table: "coding_agents", row, field: "env" });

export function createAgentStore({ db: { query }, vault, addSecret, announce }: AgentStoreOptions) {
  const opened = (row: typeof codingAgents.$inferSelect): CodingAgent => ({
    ...row,
    source: "stored",
    env: vault.openConfig(row.env, at(row.id), addSecret) as Record<string, string>,
  });

  const sealed = (id: string, env: Record<string, string> | undefined) => {
    if (env === undefined) return {};
    for (const secret of Object.values(env)) if (secret !== "") addSecret(secret);
    return { env: vault.sealConfig(env, at(id), () => "sealed") as Record<string, string> };
  };

  const find = async (tx: Queryable, id: string): Promise<CodingAgent> => {
    const [row] = await tx.select().from(codingAgents).where(eq(codingAgents.id, id)).for("update");
    if (!row) throw notFound("coding agent", id);
    return opened(row);
  };

  return {
    list: async (): Promise<CodingAgent[]> =>
      (
        await query.select().from(codingAgents).orderBy(asc(codingAgents.created_at), asc(codingAgents.id))
      ).map(opened),

    /** Throws `conflict` when the id is taken. */
    async create({ id, ...given }: GivenCodingAgent): Promise<void> {
      checkVariables(given.env ?? {});
      try {
        await query.transaction(async (tx) => {
          await tx
            .insert(codingAgents)
            .values({ ...NEW_AGENT, name: id, ...given, ...sealed(id, given.env), id });
          await announce(tx, id);
        });
      } catch (error) {
        if (!isUniqueViolation(error)) throw error;
        throw new HeddleError("conflict", `A coding agent "${id}" already exists.`, {
          field: "id",
          cause: error,
        });
      }
    },

    /** Throws `changed_meanwhile`. */
    update: (id: string, change: GivenCodingAgentChange, asRead: AsRead): Promise<void> =>
      query.transaction(async (tx) => {
        const before = await find(tx, id);
        refuseOverwrite(before, asRead);
        checkProgramChange(before, change);
        checkVariables(change.env ?? {});
        await tx
          .update(codingAgents)
          .set({ ...change, ...sealed(id, change.env), updated_at: nextVersion(before) })
          .where(eq(codingAgents.id, id));
        await announce(tx, id);
      }),

    delete: (id: string): Promise<void> =>
      query.transaction(async (tx) => {
        await find(tx, id);
        await tx.delete(codingAgents).where(eq(codingAgents.id, id));
        await tx.delete(codingAgentTests).where(eq(codingAgentTests.agent_id, id));
        await announce(tx, id);
      }),

    async keepTest(id: string, found: FoundByTest): Promise<void> {
      await query
        .insert(codingAgentTests)
        .values({ agent_id: id, ...found })
        .onConflictDoUpdate({ target: codingAgentTests.agent_id, set: found });
    },

    /** By the id of the agent. */
    async tests(): Promise<Map<string, FoundByTest>> {
      const rows = await query.select().from(codingAgentTests);
      return new Map(rows.map(({ agent_id, ...found }) => [agent_id, found]));
    },
  };
}
