// People of the services that integrations connect: who may talk to the bots as somebody whom the operator trusts. Somebody
// unknown gets a code, which the operator confirms; what an allowed person writes is not a stranger's.

import { timingSafeEqual } from "node:crypto";
import { and, asc, desc, eq, gt, inArray, isNotNull, lt, sql } from "drizzle-orm";
import type { Database, Queryable } from "../db/database.ts";
import type { Reach } from "../db/reach.ts";
import { type PersonStatus, people } from "../db/schema.ts";
import { storable } from "../db/storable.ts";
import { HeddleError, notFound } from "../errors.ts";
import { newId } from "../ids.ts";
import type { Vault } from "../secrets/vault.ts";
import { newPairingCode, readPairingCode } from "./pairing-code.ts";

export type PersonRow = typeof people.$inferSelect;

export interface AskingPerson {
  /** The person's id at the service. */
  id: string;
  name: string;
  /** Where the person asks: a client id. */
  place?: string | undefined;
}

export interface CheckedPerson {
  status: PersonStatus;
  /** For a pending person, what the operator has to confirm; null if too many wait at the moment. */
  code: string | null;
}

export interface PersonFilter {
  integration?: string | undefined;
  status?: PersonStatus | undefined;
  /** Newest first; default: all. */
  limit?: number;
  cursor?: string | undefined;
  reach?: Reach | undefined;
}

export interface People {
  /** Returns what is decided about a person; asks the operator about somebody unknown. */
  check(integrationId: string, person: AskingPerson): Promise<CheckedPerson>;
  list(filter: PersonFilter): Promise<PersonRow[]>;
  /** Throws `not_found`. */
  get(id: string, reach: Reach | undefined): Promise<PersonRow>;
  /** Allows whoever has this code. Throws `validation` for a text that is not a code, and `not_found`. */
  pair(code: string, by: string): Promise<PersonRow>;
  /** Adds somebody who has not asked. Throws `conflict` for one who is there. */
  add(
    person: { integrationId: string; status: DecidedStatus } & AskingPerson,
    by: string,
  ): Promise<PersonRow>;
  /** Throws `not_found`. */
  decide(id: string, status: DecidedStatus, by: string, reach: Reach | undefined): Promise<PersonRow>;
  /** Makes somebody a stranger again. Throws `not_found`. */
  remove(id: string, reach: Reach | undefined): Promise<void>;
}

export type DecidedStatus = Exclude<PersonStatus, "pending">;

export interface PeopleOptions {
  db: Pick<Database, "query">;
  vault: Pick<Vault, "seal" | "open">;
  /** Called when something was committed that others may wait for. */
  onCommit?: () => void;
  /** Milliseconds since 1970. */
  now?: () => number;
}

/** Codes of one integration that are valid at the same time, however many strangers ask. */
export const MOST_CODES = 3;
/** People of one integration who are shown as waiting; of more, the oldest are forgotten. */
export const MOST_PENDING = 20;
export const CODE_VALID_MS = 3_600_000;
/** After this many wrong codes, the codes that were valid meanwhile expire. */
export const MOST_TRIES = 5;
const LONGEST_NAME = 200;

export function createPeople({ db, vault, onCommit, now = Date.now }: PeopleOptions): People {
  const { query } = db;
  const sealedAt = (id: string) => ({ table: "people", row: id, field: "code" });
  const isWithCode = () =>
    and(
      eq(people.status, "pending"),
      isNotNull(people.code),
      gt(people.code_expires_at, new Date(now())),
      lt(people.code_tries, MOST_TRIES),
    );
  const inReach = (reach: Reach | undefined) =>
    reach?.integrationId == null ? undefined : eq(people.integration_id, reach.integrationId);

  const known = async (tx: Queryable, integrationId: string, externalId: string) => {
    const [found] = await tx
      .select({
        person: people,
        hasCode: sql<boolean>`coalesce(${isWithCode()}, false)`,
      })
      .from(people)
      .where(and(eq(people.integration_id, integrationId), eq(people.external_id, externalId)));
    return found;
  };

  /** Without a lock, so that strangers who ask in vain cost one statement more than others. */
  const hasRoom = async (tx: Queryable, integrationId: string): Promise<boolean> =>
    (await tx.$count(people, and(eq(people.integration_id, integrationId), isWithCode()))) < MOST_CODES;

  async function changed<Result>(work: (tx: Queryable) => Promise<Result>): Promise<Result> {
    const result = await query.transaction(work);
    onCommit?.();
    return result;
  }

  /** Null if others were faster, and too many wait now. */
  const ask = (integrationId: string, { id: external_id, name, place }: AskingPerson) =>
    changed(async (tx): Promise<CheckedPerson> => {
      // Two servers may be asked at once.
      await tx.execute(sql`select pg_advisory_xact_lock(hashtext(${`heddle people ${integrationId}`}))`);
      const before = await known(tx, integrationId, external_id);
      if (before && (before.person.status !== "pending" || before.hasCode)) return answerOf(before.person);
      if (!(await hasRoom(tx, integrationId))) return { status: "pending", code: null };
      const id = before?.person.id ?? newId();
      const code = newPairingCode();
      const fields = {
        ...{ name, place: place ?? null, code_tries: 0, asked_at: new Date(now()) },
        code: vault.seal(code, sealedAt(id)),
        code_expires_at: new Date(now() + CODE_VALID_MS),
      };
      if (before) await tx.update(people).set(fields).where(eq(people.id, id));
      else
        await tx.insert(people).values({
          ...{ id, integration_id: integrationId, external_id, status: "pending" as const },
          ...fields,
        });
      const waiting = tx
        .select({ id: people.id })
        .from(people)
        .where(and(eq(people.integration_id, integrationId), eq(people.status, "pending")))
        .orderBy(desc(people.asked_at))
        .offset(MOST_PENDING);
      await tx.delete(people).where(inArray(people.id, waiting));
      await tell(tx, { id, integration_id: integrationId }, "asked");
      return { status: "pending", code };
    });

  const answerOf = ({ id, status, code }: PersonRow): CheckedPerson => ({
    status,
    code: status === "pending" && code !== null ? vault.open(code, sealedAt(id)) : null,
  });

  const get: People["get"] = async (id, reach) => {
    const [row] = await query
      .select()
      .from(people)
      .where(and(eq(people.id, id), inReach(reach)));
    if (!row) throw notFound("person", id);
    return row;
  };

  const decided = (status: DecidedStatus, by: string) => ({
    ...{ status, code: null, code_expires_at: null, code_tries: 0 },
    ...{ decided_by: by, decided_at: new Date(now()) },
  });

  return {
    get,
    async check(integrationId, given) {
      const person = storablePerson(given);
      const found = await known(query, integrationId, person.id);
      if (found && found.person.status !== "pending") {
        if (found.person.name !== person.name) await rename(query, found.person.id, person.name);
        return answerOf(found.person);
      }
      if (found?.hasCode) return answerOf(found.person);
      if (!(await hasRoom(query, integrationId))) return { status: "pending", code: null };
      return ask(integrationId, person);
    },
    list: ({ integration, status, limit, cursor, reach }) => {
      const rows = query
        .select()
        .from(people)
        .where(
          and(
            integration === undefined ? undefined : eq(people.integration_id, integration),
            status && eq(people.status, status),
            cursor === undefined ? undefined : lt(people.id, cursor),
            inReach(reach),
          ),
        )
        .orderBy(desc(people.id));
      return limit === undefined ? rows : rows.limit(limit);
    },
    async pair(typed, by) {
      const code = readPairingCode(typed);
      if (code === undefined) {
        throw new HeddleError("validation", "code must be the eight characters that the person was shown.", {
          field: "code",
        });
      }
      const paired = await changed(async (tx) => {
        const waiting = await tx
          .select()
          .from(people)
          .where(isWithCode())
          .orderBy(asc(people.id))
          .for("update");
        const found = waiting.filter((row) => isSame(answerOf(row).code ?? "", code));
        const [person] = found;
        // Two people with one code are as good as none: nobody knows who is meant.
        if (person && found.length === 1) {
          const [row] = await tx
            .update(people)
            .set(decided("allowed", by))
            .where(eq(people.id, person.id))
            .returning();
          await tell(tx, person, "allowed");
          return row;
        }
        const ids = waiting.map(({ id }) => id);
        if (ids.length > 0) {
          await tx
            .update(people)
            .set({ code_tries: sql`${people.code_tries} + 1` })
            .where(inArray(people.id, ids));
        }
        return undefined;
      });
      if (paired) return paired;
      throw new HeddleError(
        "not_found",
        `Nobody has this code now. A code is valid for an hour, and until ${MOST_TRIES} wrong ones have been tried; the person gets a new one by writing again.`,
        { field: "code" },
      );
    },
    add: (given, by) =>
      changed(async (tx) => {
        const { id: external_id, name, place } = storablePerson(given);
        const { integrationId: integration_id, status } = given;
        const [row] = await tx
          .insert(people)
          .values({
            ...{ id: newId(), integration_id, external_id, name, place: place ?? null },
            ...decided(status, by),
          })
          .onConflictDoNothing()
          .returning();
        if (!row) {
          const message = `${integration_id} knows a person with the id "${external_id}" already.`;
          throw new HeddleError("conflict", message, { field: "external_id" });
        }
        await tell(tx, row, status);
        return row;
      }),
    decide: (id, status, by, reach) =>
      changed(async (tx) => {
        const [row] = await tx
          .update(people)
          .set(decided(status, by))
          .where(and(eq(people.id, id), inReach(reach)))
          .returning();
        if (!row) throw notFound("person", id);
        await tell(tx, row, status);
        return row;
      }),
    remove: (id, reach) =>
      changed(async (tx) => {
        const [row] = await tx
          .delete(people)
          .where(and(eq(people.id, id), inReach(reach)))
          .returning();
        if (!row) throw notFound("person", id);
        await tell(tx, row, "removed");
      }),
  };
}

/** Names come from strangers, and may be as long as they like. */
const storablePerson = ({ id, name, place }: AskingPerson): AskingPerson => ({
  id: storable(id),
  name: storable(name).slice(0, LONGEST_NAME).toWellFormed(),
  ...(place !== undefined && { place: storable(place) }),
});

const rename = (query: Queryable, id: string, name: string) =>
  query.update(people).set({ name }).where(eq(people.id, id));

/** Events carry ids only. */
const tell = (
  tx: Queryable,
  { id, integration_id }: Pick<PersonRow, "id" | "integration_id">,
  what: string,
) =>
  tx.execute(sql`insert into events (type, integration_id, data)
    values (${`person.${what}`}, ${integration_id}, jsonb_build_object('person_id', ${id}::text))`);

/** Codes have one length. */
const isSame = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
