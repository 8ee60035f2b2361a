// Whose rows a request may touch: everybody's for a key that reaches all, its own integration's for a process, its own
// for other keys. What is out of reach is answered like what is not there.

import { and, eq, or, type SQL, sql } from "drizzle-orm";
import { namesTool } from "../capabilities/tool-patterns.ts";
import type { Database } from "../db/database.ts";
import {
  channelsIn,
  deliveriesIn,
  ownerOfIntegration,
  type Reach,
  sessionsIn,
  tasksIn,
} from "../db/reach.ts";
import { channelBindings, channels, deliveries, inboxEvents, sessions, tasks } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import { isUuid } from "../ids.ts";
import { ADMIN, covers } from "../scopes.ts";
import type { Caller } from "./api-keys.ts";
import type { Auth } from "./auth.ts";
import { missing } from "./schemas.ts";

export interface Ownership {
  /** Undefined: everybody's rows. */
  reachOf(request: Request): Promise<Reach | undefined>;
  /**
   * Keeps the idempotency keys of a sender apart from all others', and of one who is no integration also those of
   * different places. No integration's id has a space.
   */
  senderOf(request: Request, place: string): Promise<string>;
  /** These throw `not_found` for what is out of reach. */
  channel(request: Request, id: string): Promise<void>;
  session(request: Request, id: string): Promise<void>;
  task(request: Request, id: string): Promise<void>;
  delivery(request: Request, id: string): Promise<void>;
  /** A record of the inbox: out of reach of another integration's key. */
  webhook(request: Request, id: string): Promise<void>;
  /** What belongs to an integration by its id: out of reach of another integration's key. */
  integration(request: Request, id: string): Promise<void>;
  /** Throws `forbidden` when the place behind a client id is not the caller's to use. */
  clientId(request: Request, clientId: string): Promise<void>;
  /** Throws as the above when a message would be answered in, or run with, what is not the caller's. */
  message(request: Request, message: OwnedMessage): Promise<void>;
}

export interface OwnedMessage {
  dispatch_config?: Record<string, unknown> | null;
  execution_config?: { tools?: string[] } | null;
}

export interface OwnershipOptions {
  db: Database;
  auth: Auth;
  /** Beginnings of client ids that the integration has registered. */
  prefixesOf: (integrationId: string) => string[];
  /** The live integration that a client id belongs to. */
  integrationOf: (clientId: string) => string | null;
  /** Names of the tools that the integration brings. */
  toolsOf: (integrationId: string) => string[];
  /** Names of the tools that any bot has: naming these gives nobody anything. */
  toolsOfBots: () => Promise<string[]>;
}

export function createOwnership(options: OwnershipOptions): Ownership {
  const { db, auth } = options;

  const reachOf = async (request: Request): Promise<Reach | undefined> => {
    const caller = await auth.authenticate(request);
    if (covers(caller.scopes, ADMIN)) return undefined;
    const { integrationId } = caller;
    if (integrationId !== null) {
      const prefixes = [...new Set([`${integrationId}:`, ...options.prefixesOf(integrationId)])];
      return { owner: ownerOfIntegration(integrationId), integrationId, prefixes };
    }
    return caller.rows === "all"
      ? undefined
      : { owner: `key:${caller.id}`, integrationId: null, prefixes: [] };
  };

  /** Costs nothing for a caller who reaches everything. */
  const check = async (
    request: Request,
    id: string,
    kind: string,
    find: (reach: Reach) => Promise<unknown[]>,
  ): Promise<void> => {
    const reach = await reachOf(request);
    if (!reach) return;
    if (!isUuid(id) || (await find(reach)).length === 0) throw missing(kind);
  };

  const session: Ownership["session"] = (request, id) =>
    check(request, id, "session", (reach) =>
      db.query
        .select({ id: sessions.id })
        .from(sessions)
        .where(and(eq(sessions.id, id), sessionsIn(db.query, reach))),
    );

  const clientId: Ownership["clientId"] = async (request, wanted) => {
    const reach = await reachOf(request);
    if (!reach || reach.prefixes.some((prefix) => wanted.startsWith(prefix))) return;
    const isOwn = await db.query
      .select({ id: channels.id })
      .from(channels)
      .where(and(eq(channels.client_id, wanted), channelsIn(reach)));
    if (isOwn.length > 0) return;
    if (reach.integrationId !== null) {
      throw new HeddleError(
        "forbidden",
        `client_id must begin with ${reach.prefixes.map((one) => JSON.stringify(one)).join(" or ")}: the key belongs to the integration "${reach.integrationId}".`,
        { field: "client_id" },
      );
    }
    const [taken] = await db.query
      .select({ one: sql`1` })
      .from(channels)
      .leftJoin(channelBindings, eq(channelBindings.channel_id, channels.id))
      .where(or(eq(channels.client_id, wanted), eq(channelBindings.client_id, wanted)) as SQL)
      .limit(1);
    if (!taken && options.integrationOf(wanted) === null) return;
    throw new HeddleError(
      "forbidden",
      "client_id must be one that this key began; this one is somebody else's.",
      {
        field: "client_id",
      },
    );
  };

  return {
    reachOf,
    session,
    clientId,
    senderOf: async (request, place) => senderOf(await auth.authenticate(request), place),
    channel: (request, id) =>
      check(request, id, "channel", (reach) =>
        db.query
          .select({ id: channels.id })
          .from(channels)
          .where(and(eq(channels.id, id), channelsIn(reach))),
      ),
    task: (request, id) =>
      check(request, id, "task", (reach) =>
        db.query
          .select({ id: tasks.id })
          .from(tasks)
          .where(and(eq(tasks.id, id), tasksIn(db.query, reach))),
      ),
    delivery: (request, id) =>
      check(request, id, "delivery", (reach) =>
        db.query
          .select({ id: deliveries.id })
          .from(deliveries)
          .where(and(eq(deliveries.id, id), deliveriesIn(db.query, reach))),
      ),
    async webhook(request, id) {
      const { integrationId } = (await reachOf(request)) ?? { integrationId: null };
      if (integrationId === null) return;
      const own = await db.query
        .select({ id: inboxEvents.id })
        .from(inboxEvents)
        .where(and(eq(inboxEvents.id, id), eq(inboxEvents.integration_id, integrationId)));
      if (own.length === 0) throw missing("webhook");
    },
    async integration(request, id) {
      const { integrationId } = (await reachOf(request)) ?? { integrationId: null };
      if (integrationId !== null && integrationId !== id) throw missing("integration");
    },
    async message(request, { dispatch_config, execution_config }) {
      // The one target that lies inside: another session.
      if (dispatch_config?.type === "internal") await session(request, String(dispatch_config.session_id));
      await checkTools(await auth.authenticate(request), execution_config?.tools ?? [], options);
    },
  };
}

/** An integration's process shares the space of its other code: what one has told, the other need not. */
const senderOf = ({ integrationId, id }: Caller, place: string): string =>
  integrationId ?? `api ${id ?? "operator"} ${place}`;

/** Tools reach where scopes do not: naming one that no bot has needs a scope of its own. */
async function checkTools(
  { scopes, integrationId }: Caller,
  wanted: string[],
  { toolsOf, toolsOfBots }: OwnershipOptions,
): Promise<void> {
  const beyond = wanted.filter(
    (name) => !covers(scopes, "tools:use") && !covers(scopes, `tools.${name}:use`),
  );
  if (beyond.length === 0) return;
  const own = integrationId === null ? [] : toolsOf(integrationId);
  const isFree = namesTool([...own, ...(await toolsOfBots())]);
  const refused = beyond.find((name) => !isFree(name));
  if (refused === undefined) return;
  throw new HeddleError(
    "forbidden",
    `The API key does not have the scope tools.${refused}:use (or tools:use), which a tool needs that is not the bot's own.`,
    { field: "execution_config.tools" },
  );
}
