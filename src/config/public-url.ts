// BASE_URL: where the outside reaches the server. If neither a flag nor a variable says so, what an administrator has stored
// counts, on every server of the database and at once.

import { createHash } from "node:crypto";
import { eq, sql } from "drizzle-orm";
import { type AsRead, refuseOtherVersion } from "../db/as-read.ts";
import type { Database, Queryable } from "../db/database.ts";
import { followTable } from "../db/follow-table.ts";
import { serverFacts } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import type { Logger } from "../log.ts";

export interface PublicUrl {
  /** Without a slash at the end; undefined: nobody has said it. */
  current(): string | undefined;
  /** Changes with what is stored. */
  version(): string;
  /**
   * @throws HeddleError `validation`, `conflict` if a flag or a variable sets it, or `changed_meanwhile` if `asRead` has not the
   * `version` that is there.
   */
  store(value: string, asRead?: AsRead): Promise<void>;
  /** @throws HeddleError `not_found` if nothing is stored, or `changed_meanwhile`. */
  remove(asRead?: AsRead): Promise<void>;
  close(): Promise<void>;
}

export interface PublicUrlOptions {
  db: Database;
  log: Logger;
  /** What a flag or a variable says. */
  given: string | undefined;
}

const BASE_URL = "BASE_URL";
const KEY = "setting:BASE_URL";
const CHANNEL = "heddle_server_settings";
const LONGEST = 500;

export async function openPublicUrl({ db, log, given }: PublicUrlOptions): Promise<PublicUrl> {
  let stored: string | undefined;
  const follower = await followTable({
    db,
    channel: CHANNEL,
    log,
    async read() {
      stored = await storedIn(db.query);
    },
  });
  /** Changes what is stored if it has not been changed since it was read. */
  const change = async (asRead: AsRead, write: (tx: Queryable) => Promise<void>): Promise<void> => {
    await db.query.transaction(async (tx) => {
      // A value that is not there yet has no row that could be locked.
      await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${KEY}, 0))`);
      refuseOtherVersion(versionOf(await storedIn(tx)), asRead);
      await write(tx);
      await follower.announce(tx, KEY);
    });
    await follower.refresh(KEY);
  };
  return {
    current: () => given ?? stored,
    version: () => versionOf(stored),
    async store(text, asRead) {
      if (given !== undefined) {
        throw new HeddleError(
          "conflict",
          `${BASE_URL} is set by a flag, a variable or .env, which counts more; change it there.`,
        );
      }
      const value = checkedAddress(text);
      await change(asRead, async (tx) => {
        await tx
          .insert(serverFacts)
          .values({ key: KEY, value })
          .onConflictDoUpdate({ target: serverFacts.key, set: { value } });
      });
      log.info("The server's public address is {url} now", { url: value });
    },
    async remove(asRead) {
      await change(asRead, async (tx) => {
        const gone = await tx
          .delete(serverFacts)
          .where(eq(serverFacts.key, KEY))
          .returning({ key: serverFacts.key });
        if (gone.length === 0)
          throw new HeddleError("not_found", `There is no stored value of the setting "${BASE_URL}".`);
      });
      log.info("The server's public address is not stored any more");
    },
    close: follower.close,
  };
}

async function storedIn(db: Queryable): Promise<string | undefined> {
  const [row] = await db.select().from(serverFacts).where(eq(serverFacts.key, KEY));
  return typeof row?.value === "string" ? row.value : undefined;
}

const versionOf = (stored: string | undefined): string =>
  createHash("sha256")
    .update(stored ?? "")
    .digest("hex")
    .slice(0, 32);

/** The settings with what is stored of them, and whether the API can store it. */
export function withStored<Setting extends { name: string; is_set: boolean; value: string | null }>(
  settings: readonly Setting[],
  publicUrl: Pick<PublicUrl, "current">,
) {
  return settings.map((one) => {
    const can_be_stored = one.name === BASE_URL && !one.is_set;
    const value = can_be_stored ? publicUrl.current() : undefined;
    if (value === undefined) return { ...one, can_be_stored };
    return { ...one, can_be_stored, value, is_set: true, source: "stored" as const };
  });
}

/** An address that services can be given: paths are appended to it. */
function checkedAddress(text: string): string {
  const given = text.trim();
  const url = given.length > LONGEST ? null : URL.parse(given);
  if (!url || !["http:", "https:"].includes(url.protocol)) {
    throw wrong("be an address such as https://heddle.example.com");
  }
  if (url.username !== "" || url.password !== "") throw wrong("not contain a name or a password");
  if (url.search !== "" || url.hash !== "") throw wrong('not contain "?" or "#"');
  const address = `${url.origin}${url.pathname}`;
  let end = address.length;
  while (address[end - 1] === "/") end -= 1;
  return address.slice(0, end);
}

const wrong = (rule: string) =>
  new HeddleError("validation", `The public address must ${rule}.`, { field: "value" });
