import type { Database } from "../db/database.ts";
import { meta } from "../db/schema.ts";
import { ADMIN } from "../scopes.ts";
import { type ApiKeys, OPERATOR } from "./api-keys.ts";

/** The admin key of a database's first start; null at every later one. Of servers starting together one makes it. */
export async function createFirstKey(db: Database, apiKeys: Pick<ApiKeys, "create">): Promise<string | null> {
  const [claimed] = await db.query
    .insert(meta)
    .values({ key: "first_api_key", value: new Date().toISOString() })
    .onConflictDoNothing()
    .returning({ key: meta.key });
  if (!claimed) return null;
  const { key } = await apiKeys.create({ name: "first start", scopes: [ADMIN] }, OPERATOR);
  return key;
}
