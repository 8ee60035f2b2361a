// Which rows a request may access: all rows, those of the key's integration, or those that the key itself created. A
// row out of reach is answered as if it did not exist.

import { createHash } from "node:crypto";
import { and, eq, or, type SQL, sql } from "drizzle-orm";
import type { Caller } from "../../access/caller.ts";
import { ADMIN, covers } from "../../access/scopes.ts";
import type { Database } from "../../db/database.ts";
import {
  type Claim,
  channelsIn,
  claimed,
  deliveriesIn,
  ownerOfIntegration,
  type Reach,
  sessionsIn,
  tasksIn,
} from "../../db/reach.ts";
import {
  approvals,
  channelBindings,
  channels,
  deliveries,
  inboxEvents,
  mcpQuestions,
  people,
  sessions,
  tasks,
} from "../../db/schema.ts";
import { storable } from "../../db/storable.ts";
import { HeddleError, notFound } from "../../errors.ts";
import { isUuid } from "../../ids.ts";
import { isPlaceOf, isPlaceOfOthers } from "../../sessions/own-places.ts";
import type { Auth } from "../auth.ts";
import type { Brought, ToolGrants } from "./tool-grants.ts";

export interface Ownership {
  /** Returns undefined if the key reaches all rows. */
  reachOf(request: Request): Promise<Reach | undefined>;
  /**
   * Returns the namespace of the sender's idempotency keys. Each integration has one; every other key has one for each
   * place. The two cannot collide, because an integration's id has no space.
   */
  senderOf(request: Request, scope: IdempotencyScope): Promise<string>;
  /** This and the following methods throw `not_found` for a row that is out of reach. */
  channel(request: Request, id: string): Promise<void>;
  /** Whether `channel` would not throw. */
  reachesChannel(request: Request, id: string): Promise<boolean>;
  session(request: Request, id: string): Promise<void>;
  /** Whether `session` would not throw. */
  reachesSession(request: Request, id: string): Promise<boolean>;
  task(request: Request, id: string): Promise<void>;
  approval(request: Request, id: string): Promise<void>;
  question(request: Request, id: string): Promise<void>;
  delivery(request: Request, id: string): Promise<void>;
  /** A record of the inbox is out of reach for another integration's key. */
  webhook(request: Request, id: string): Promise<void>;
  /** A person of another integration's service is out of reach for an integration's key. */
  person(request: Request, id: string): Promise<void>;
  /** What belongs to the integration with this id is out of reach for another integration's key. */
  integration(request: Request, id: string): Promise<void>;
  /** Throws `forbidden` if the caller may not use this client id. */
  clientId(request: Request, clientId: string): Promise<void>;
  /**
   * Throws `not_found` or `forbidden` if a message or a setting names a target, a tool or a carapace that the caller
   * may not use.
   */
  brings(request: Request, brought: OwnedFields): Promise<void>;
}

/** The fields of a body that may refer to things beyond the row that it changes. */
export interface OwnedFields extends Brought {
  dispatch_config?: Record<string, unknown> | null;
  execution_config?: { tools?: string[] } | null;
  callback_config?: { parent_session_id?: string } | null;
  /** The tools of a bot. */
  tools?: readonly string[];
}

/** The place that a message goes to, as its sender names it. */
export type IdempotencyScope = { session: string } | { channel: string } | { clientId: string };

export interface OwnershipOptions {
  db: Database;
  auth: Auth;
  grants: ToolGrants;
  /** Client id prefixes that live integrations have registered. */
  prefixes: () => readonly Claim[];
  /**
   * Ids of all integrations, live or not: a client id that starts with such an id and a colon belongs to it as well.
   */
  integrationIds: () => readonly string[];
}

export function createOwnership(options: OwnershipOptions): Ownership {
  const { db, auth, grants } = options;

  const claims = (): Claim[] => [
    ...options.prefixes(),
    ...options.integrationIds().map((integration) => ({ integration, prefix: `${integration}:` })),
  ];

  const reachOf = async (request: Request): Promise<Reach | undefined> => {
    const caller = await auth.authenticate(request);
    if (covers(caller.scopes, ADMIN)) return undefined;
    const { integrationId } = caller;
    if (integrationId !== null) {
      return { owner: ownerOfIntegration(integrationId), integrationId, claims: claims() };
    }
    return caller.rows === "all"
      ? undefined
      : { owner: `key:${caller.id}`, integrationId: null, claims: claims() };
  };

  /** Runs no query for a caller who reaches all rows. */
  const check = async (
    request: Request,
    id: string,
    kind: string,
    find: (reach: Reach) => Promise<unknown[]>,
  ): Promise<void> => {
    const reach = await reachOf(request);
    if (!reach) return;
    if (!isUuid(id) || (await find(reach)).length === 0) throw notFound(kind, id);
  };

  const channelIn = (reach: Reach, id: string) =>
    db.query
      .select({ id: channels.id })
      .from(channels)
      .where(and(eq(channels.id, id), channelsIn(reach)));

  const sessionIn = (reach: Reach, id: string) =>
    db.query
      .select({ id: sessions.id })
      .from(sessions)
      .where(and(eq(sessions.id, id), sessionsIn(db.query, reach)));

  const session: Ownership["session"] = (request, id) =>
    check(request, id, "session", (reach) => sessionIn(reach, id));

  const clientId: Ownership["clientId"] = async (request, given) => {
    // Compared in the form in which it will be stored.
    const wanted = storable(given);
    const reach = await reachOf(request);
    if (!reach) return;
    const { integrationId } = reach;
    const whose = claimed(wanted, reach.claims);
    if (whose !== null && whose === integrationId) return;
    if (whose !== null || isPlaceOfOthers(wanted, reach.owner)) throw foreign(reach);
    const isOwn = await db.query
      .select({ id: channels.id })
      .from(channels)
      .where(and(eq(channels.client_id, wanted), channelsIn(reach)));
    if (isOwn.length > 0) return;
    if (integrationId !== null && !isPlaceOf(wanted, reach.owner)) throw foreign(reach);
    const [taken] = await db.query
      .select({ one: sql`1` })
      .from(channels)
      .leftJoin(channelBindings, eq(channelBindings.channel_id, channels.id))
      .where(or(eq(channels.client_id, wanted), eq(channelBindings.client_id, wanted)) as SQL)
      .limit(1);
    if (taken) throw foreign(reach);
  };

  return {
    reachOf,
    session,
    clientId,
    senderOf: async (request, scope) => senderOf(await auth.authenticate(request), scope),
    channel: (request, id) => check(request, id, "channel", (reach) => channelIn(reach, id)),
    async reachesChannel(request, id) {
      const reach = await reachOf(request);
      return !reach || (await channelIn(reach, id)).length > 0;
    },
    async reachesSession(request, id) {
      const reach = await reachOf(request);
      return !reach || (await sessionIn(reach, id)).length > 0;
    },
    task: (request, id) =>
      check(request, id, "task", (reach) =>
        db.query
          .select({ id: tasks.id })
          .from(tasks)
          .where(and(eq(tasks.id, id), tasksIn(db.query, reach))),
      ),
    approval: (request, id) =>
      check(request, id, "approval", (reach) =>
        db.query
          .select({ id: approvals.id })
          .from(approvals)
          .innerJoin(tasks, eq(tasks.id, approvals.task_id))
          .where(and(eq(approvals.id, id), tasksIn(db.query, reach))),
      ),
    question: (request, id) =>
      check(request, id, "question", (reach) =>
        db.query
          .select({ id: mcpQuestions.id })
          .from(mcpQuestions)
          .innerJoin(tasks, eq(tasks.id, mcpQuestions.task_id))
          .where(and(eq(mcpQuestions.id, id), tasksIn(db.query, reach))),
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
      if (own.length === 0) throw notFound("webhook", id);
    },
    async person(request, id) {
      const { integrationId } = (await reachOf(request)) ?? { integrationId: null };
      if (integrationId === null) return;
      const own = await db.query
        .select({ id: people.id })
        .from(people)
        .where(and(eq(people.id, id), eq(people.integration_id, integrationId)));
      if (own.length === 0) throw notFound("person", id);
    },
    async integration(request, id) {
      const { integrationId } = (await reachOf(request)) ?? { integrationId: null };
      if (integrationId !== null && integrationId !== id) throw notFound("integration", id);
    },
    async brings(request, brought) {
      const { dispatch_config, execution_config, callback_config, tools, carapaces, activations } = brought;
      const caller = await auth.authenticate(request);
      const parent = callback_config?.parent_session_id;
      if (parent !== undefined && (await reachOf(request))) await session(request, parent);
      if (dispatch_config && (await reachOf(request))) {
        const { type } = dispatch_config;
        // "internal" is the one target inside this server: another session.
        if (type === "internal") await session(request, String(dispatch_config.session_id));
        grants.dispatcher(caller, String(type));
      }
      await grants.tools(caller, execution_config?.tools ?? [], "execution_config.tools");
      await grants.tools(caller, tools ?? [], "tools");
      if (carapaces?.length) await grants.brought(caller, { carapaces }, "carapaces");
      if (activations) await grants.brought(caller, { activations }, "integration_type");
    },
  };
}

function foreign({ integrationId, claims }: Reach): HeddleError {
  const own = claims.flatMap(({ integration, prefix }) =>
    integration === integrationId ? [JSON.stringify(prefix)] : [],
  );
  const message =
    integrationId === null
      ? "client_id must be one that this key created, or a new one without an integration's prefix."
      : `client_id must begin with ${[...new Set(own)].join(" or ")}: the key belongs to the integration "${integrationId}".`;
  return new HeddleError("forbidden", message, { field: "client_id" });
}

/** An integration's process shares the namespace of its other code, so that the two do not send a message twice. */
const senderOf = ({ integrationId, id }: Caller, scope: IdempotencyScope): string =>
  integrationId ?? `api ${id ?? "operator"} ${nameOf(scope)}`;

function nameOf(scope: IdempotencyScope): string {
  if ("session" in scope) return `session ${scope.session.toLowerCase()}`;
  if ("channel" in scope) return `channel ${scope.channel.toLowerCase()}`;
  // A client id may contain any characters and may be too long for an index.
  return `place ${createHash("sha256").update(scope.clientId).digest("base64url")}`;
}
