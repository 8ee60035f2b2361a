// Policies name those who decide on calls by their keys' names ("key:<name>").

import { and, eq, isNull, sql } from "drizzle-orm";
import type { Queryable } from "../db/database.ts";
import { apiKeys, policies } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import { type Caller, OPERATOR } from "./caller.ts";
import { covers } from "./scopes.ts";

/** Names of callers without a stored key. */
const RESERVED = [OPERATOR.name, "API_KEY"];

/**
 * Who may make keys, and may not write the policies, must not become one of those whom they name by taking such a name. Throws
 * `forbidden`.
 */
export async function refuseNameOfOther(
  tx: Queryable,
  { name, scopes }: { name: string; scopes: readonly string[] },
  maker: Pick<Caller, "scopes">,
): Promise<void> {
  if (!covers(scopes, "approvals:write") || covers(maker.scopes, "policies:write")) return;
  const [key] = await tx
    .select({ id: apiKeys.id })
    .from(apiKeys)
    .where(and(eq(apiKeys.name, name), isNull(apiKeys.revoked_at)))
    .limit(1);
  const [policy] = await tx
    .select({ id: policies.id })
    .from(policies)
    .where(sql`${policies.approval} -> 'approvers' @> ${JSON.stringify([`key:${name}`])}::jsonb`)
    .limit(1);
  if (!key && !policy && !RESERVED.includes(name)) return;
  throw new HeddleError(
    "forbidden",
    `Somebody decides on calls of tools by the name "${name}"; give the key another one.`,
    { field: "name" },
  );
}
