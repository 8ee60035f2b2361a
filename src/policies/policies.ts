// The rules about calls of tools: stored, kept in memory on every server of the database, and asked for each call.

import { eq } from "drizzle-orm";
import { type AsRead, nextVersion, refuseOverwrite } from "../db/as-read.ts";
import type { Database, Queryable } from "../db/database.ts";
import { followTable } from "../db/follow-table.ts";
import { bots, channels, policies } from "../db/schema.ts";
import { HeddleError, notFound } from "../errors.ts";
import { newId } from "../ids.ts";
import type { Logger } from "../log.ts";
import { decideInRun, type Rule, toRules } from "./decide.ts";
import { checkPolicy, type GivenPolicy, type GivenPolicyChange } from "./fields.ts";
import { type CallFacts, DEFAULT_TERMS, type Decision, type Policy, type RunTaint } from "./policy.ts";

export interface Policies {
  /** In the order in which they are asked, then those that are not enabled. */
  list(): Policy[];
  /** @throws HeddleError `not_found` */
  get(id: string): Policy;
  find(id: string | null): Policy | undefined;
  /** @throws HeddleError `validation` */
  create(given: GivenPolicy): Promise<Policy>;
  /** @throws HeddleError `not_found`, `validation`, `changed_meanwhile` */
  update(id: string, change: GivenPolicyChange, asRead?: AsRead): Promise<Policy>;
  /** @throws HeddleError `not_found` */
  remove(id: string): Promise<void>;
  /** Adds a rule that follows from a decision about a call, within its transaction; call `refresh` after it. */
  add(tx: Queryable, given: GivenPolicy & { approval_id: string }): Promise<string>;
  /** Resolves when this server has read what is committed now. */
  refresh(id: string): Promise<void>;
  /** The rules with this one added, or in the place of the one with the id, as they would be asked. */
  withDraft(draft: GivenPolicy, replaces?: string): { rules: Rule[]; own: Rule | undefined };
  rules(): readonly Rule[];
  decide: Decide;
  close(): Promise<void>;
}

export type Decide = (call: CallFacts, taint: RunTaint) => Promise<Decision>;

const CHANNEL = "heddle_policies";
/** More than this is no longer something that people understand. */
const MOST = 2_000;

export async function openPolicies({ db, log }: { db: Database; log: Logger }): Promise<Policies> {
  let rows = new Map<string, Policy>();
  let rules: readonly Rule[] = [];
  const follower = await followTable({ db, channel: CHANNEL, log, read });

  async function read(id: string | undefined): Promise<void> {
    const found = await db.query
      .select()
      .from(policies)
      .where(id === undefined ? undefined : eq(policies.id, id));
    if (id === undefined) rows = new Map(found.map((row) => [row.id, row]));
    else if (found[0]) rows.set(id, found[0]);
    else rows.delete(id);
    rules = toRules([...rows.values()]);
  }

  const get = (id: string): Policy => {
    const row = rows.get(id);
    if (!row) throw notFound("policy", id);
    return row;
  };
  const changed = async (id: string): Promise<Policy> => {
    await follower.refresh(id);
    return get(id);
  };
  const add = async (tx: Queryable, row: Policy): Promise<string> => {
    if (rows.size >= MOST) {
      throw new HeddleError("conflict", `There can be at most ${MOST} policies; delete some first.`);
    }
    await checkNames(tx, row);
    await tx.insert(policies).values(row);
    await follower.announce(tx, row.id);
    return row.id;
  };

  return {
    list: () => [
      ...rules.map(({ policy }) => policy),
      ...[...rows.values()].filter(({ enabled }) => !enabled).sort((a, b) => (a.id < b.id ? -1 : 1)),
    ],
    get,
    find: (id) => (id === null ? undefined : rows.get(id)),
    async create(given) {
      checkPolicy(given);
      const id = await db.query.transaction((tx) => add(tx, drafted(given)));
      log.info("Policy {name} was created", { name: given.name, id });
      return await changed(id);
    },
    async update(id, change, asRead) {
      checkPolicy(change);
      await db.query.transaction(async (tx) => {
        const [row] = await tx.select().from(policies).where(eq(policies.id, id)).for("update");
        if (!row) throw notFound("policy", id);
        refuseOverwrite(row, asRead);
        await checkNames(tx, change);
        const { approval, ...plain } = change;
        await tx
          .update(policies)
          .set({
            ...plain,
            ...(approval && { approval: { ...row.approval, ...approval } }),
            updated_at: nextVersion(row),
          })
          .where(eq(policies.id, id));
        await follower.announce(tx, id);
      });
      log.info("Policy {id} was changed: {fields}", { id, fields: Object.keys(change).join(", ") });
      return await changed(id);
    },
    async remove(id) {
      await db.query.transaction(async (tx) => {
        const gone = await tx.delete(policies).where(eq(policies.id, id)).returning({ id: policies.id });
        if (gone.length === 0) throw notFound("policy", id);
        await follower.announce(tx, id);
      });
      log.info("Policy {id} was deleted", { id });
      await follower.refresh(id);
    },
    add: (tx, { approval_id, ...given }) => add(tx, { ...drafted(given), approval_id }),
    refresh: follower.refresh,
    withDraft(given, replaces) {
      checkPolicy(given);
      // What a person once allowed stays that when it is changed.
      const approval_id = (replaces !== undefined && rows.get(replaces)?.approval_id) || null;
      const draft = { ...drafted(given), approval_id };
      const all = toRules([...[...rows.values()].filter(({ id }) => id !== replaces), draft]);
      return { rules: all, own: all.find(({ policy }) => policy.id === draft.id) };
    },
    rules: () => rules,
    decide: (call, taint) => decideInRun(rules, call, taint),
    close: follower.close,
  };
}

/** A row with the defaults of what is not given. */
const drafted = ({ approval, ...given }: GivenPolicy): Policy => {
  const now = new Date();
  return {
    id: newId(),
    ...{ enabled: true, priority: 100, tools: ["*"], kinds: null, bot_id: null, channel_id: null },
    ...{ integration_id: null, tainted: null, arguments: {}, reason: null, approval_id: null },
    ...given,
    approval: { ...DEFAULT_TERMS, ...approval },
    created_at: now,
    updated_at: now,
  };
};

async function checkNames(
  tx: Queryable,
  { bot_id, channel_id }: Pick<Partial<Policy>, "bot_id" | "channel_id">,
): Promise<void> {
  if (bot_id) {
    const [found] = await tx.select({ id: bots.id }).from(bots).where(eq(bots.id, bot_id));
    if (!found) throw new HeddleError("unknown_bot", `There is no bot "${bot_id}".`, { field: "bot_id" });
  }
  if (channel_id) {
    const [found] = await tx.select({ id: channels.id }).from(channels).where(eq(channels.id, channel_id));
    if (!found) {
      throw new HeddleError("not_found", `There is no channel ${channel_id}.`, { field: "channel_id" });
    }
  }
}
