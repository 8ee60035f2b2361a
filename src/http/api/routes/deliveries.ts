import { Elysia, t } from "elysia";
import { DELIVERY_STATUSES } from "../../../db/schema.ts";
import type { DeliveryRow } from "../../../dispatch/delivery.ts";
import type { Outbox } from "../../../dispatch/outbox.ts";
import { named } from "../../../schema/openapi-schema.ts";
import { maskConfig } from "../../../secrets/mask.ts";
import { BulkAnswer, bulkBody, runBulk } from "../bulk.ts";
import { listRoute, pageOfRows, ROWS, timesIn } from "../list.ts";
import type { Ownership } from "../ownership.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import {
  GivenInstant,
  Id,
  IdParams,
  Instant,
  InstantOf,
  instant,
  instantOrNull,
  nullable,
  oneOf,
} from "../schemas.ts";

const tag = "Deliveries";

const Status = oneOf(DELIVERY_STATUSES);

const DeliveryAnswer = named(
  "Delivery",
  t.Object({
    id: Id,
    task_id: nullable(Id, "Null for a text that no task produced."),
    session_id: Id,
    bot_id: t.String({ description: "The bot whose answer is delivered." }),
    correlation_id: t.String({ description: "One id from the incoming message to the receipt." }),
    dispatch_type: t.String({ description: "none, webhook, internal, or a type of an integration." }),
    dispatch_config: t.Record(t.String(), t.Any(), { description: "Secret fields are masked." }),
    kind: t.String({
      description: "result, error, post, approval, or edit and remove, which change another delivery.",
    }),
    text: t.String({ description: "The delivered text." }),
    changes: nullable(Id, "The delivery that it corrects or withdraws; null: none."),
    changed_by: nullable(
      t.Object({ delivery_id: Id, kind: oneOf(["edit", "remove"], "edit: corrected. remove: withdrawn.") }),
      "The last correction or withdrawal, which is a delivery itself; null: there was none.",
    ),
    can_correct: t.Boolean({
      description: "Whether its text can be corrected, unless it has been withdrawn: `changed_by` says that.",
    }),
    can_withdraw: t.Boolean({ description: "Whether it can be withdrawn, unless it has been already." }),
    status: {
      ...Status,
      description:
        "pending: not attempted yet. retrying: the last attempt failed. delivered: the target has it. dead: it is not attempted again.",
    },
    attempts: t.Integer({ description: "How many attempts have been made." }),
    last_error: nullable(t.String(), "Why the last attempt failed; null if none has."),
    receipt: t.Any({ description: "The target's answer as proof of delivery. Any JSON, or null." }),
    next_attempt_at: nullable(Instant, "When it is attempted next; null if it is not."),
    delivered_at: nullable(Instant, "When the target accepted it; null before that."),
    created_at: InstantOf("When it was created."),
  }),
);

const FILTERS = {
  status: t.Optional({ ...Status, description: "Only deliveries with this status." }),
  task_id: t.Optional(t.String({ format: "uuid", description: "Only deliveries of this task." })),
  session_id: t.Optional(t.String({ format: "uuid", description: "Only deliveries of this session." })),
  dispatch_type: t.Optional(t.String({ description: "Only deliveries of this dispatch type." })),
  bot_id: t.Optional(t.String({ description: "Only deliveries of this bot." })),
  since: t.Optional(GivenInstant("Inclusive lower bound of `created_at`.")),
  until: t.Optional(GivenInstant("Exclusive upper bound of `created_at`.")),
};

const { status: _, ...DEAD_FILTERS } = FILTERS;
const RedeliverBody = bulkBody(DEAD_FILTERS);

export interface DeliveryRoutes {
  outbox: Pick<Outbox, "list" | "count" | "get" | "redeliver" | "change" | "canChange">;
  ownership: Pick<Ownership, "reachOf">;
  route: RouteOptions;
}

export function deliveryRoutes({ outbox, ownership, route }: DeliveryRoutes) {
  const present = (row: DeliveryRow) => presentDelivery(row, outbox);
  return new Elysia({ prefix: "/api/v1/deliveries", normalize: false })
    .get(
      "",
      async ({ query, request }) => {
        const reach = await ownership.reachOf(request);
        const filter = { ...timesIn(query), reach };
        return pageOfRows("deliveries", query, (page) => outbox.list({ ...filter, ...page }), present);
      },
      listRoute(route, {
        scope: "deliveries:read",
        tag,
        summary: "List deliveries",
        description: "Newest first.",
        key: "deliveries",
        Item: DeliveryAnswer,
        query: { ...FILTERS, ...ROWS },
      }),
    )
    .get("/:id", async ({ params }) => present(await outbox.get(params.id)), {
      ...route.plain({ of: "delivery", scope: "deliveries:read", tag, summary: "Fetch a delivery" }),
      params: IdParams,
      response: { 200: DeliveryAnswer, ...failures(403, 404, 422) },
    })
    .post("/:id/redeliver", async ({ params }) => present(await outbox.redeliver(params.id)), {
      ...route.plain({
        of: "delivery",
        scope: "deliveries:write",
        tag,
        summary: "Deliver again",
        description: "For a delivery that is dead or delivered; 409 while it is still being tried.",
      }),
      params: IdParams,
      response: { 200: DeliveryAnswer, ...failures(403, 404, 409, 422) },
    })
    .use(changeRoutes({ outbox, route }))
    .post(
      "/redeliver",
      async ({ body: { filter, ...input }, request }) => {
        const reach = await ownership.reachOf(request);
        const dead = { ...timesIn(filter), status: "dead" as const, reach };
        return runBulk(input, {
          count: () => outbox.count(dead),
          ids: async (page) => (await outbox.list({ ...dead, ...page })).map(({ id }) => id),
          act: (id) => outbox.redeliver(id),
        });
      },
      {
        ...route.json({
          scope: "deliveries:write",
          tag,
          summary: "Deliver all dead letters that match again",
          example: { filter: { dispatch_type: "webhook" }, dry_run: true },
          description: "Repeat it with `next_cursor` until that is null.",
        }),
        body: RedeliverBody,
        response: { 200: BulkAnswer, ...failures(...bodyFailures) },
      },
    );
}

/** What changes a delivery where it was posted. */
function changeRoutes({ outbox, route }: Pick<DeliveryRoutes, "outbox" | "route">) {
  const present = (row: DeliveryRow) => presentDelivery(row, outbox);
  return new Elysia({ normalize: false })
    .post(
      "/:id/correct",
      async ({ params, body, status }) =>
        status(201, present(await outbox.change(params.id, { kind: "edit", text: body.text }))),
      {
        ...route.json({
          of: "delivery",
          scope: "deliveries:write",
          tag,
          summary: "Correct what was delivered",
          description:
            "Puts a text in the place of the answer, where the service can. Returns the delivery that does it; 409 if it cannot. The bot is not told.",
          example: { text: "The meeting is on Tuesday." },
        }),
        params: IdParams,
        body: t.Object({
          text: t.String({ minLength: 1, maxLength: 1_000_000, description: "What is to be read instead." }),
        }),
        response: { 201: DeliveryAnswer, ...failures(...bodyFailures, 404, 409) },
      },
    )
    .post(
      "/:id/withdraw",
      async ({ params, status }) => status(201, present(await outbox.change(params.id, { kind: "remove" }))),
      {
        ...route.plain({
          of: "delivery",
          scope: "deliveries:write",
          tag,
          summary: "Withdraw what was delivered",
          description:
            "Removes the answer from its place, where the service can. Returns the delivery that does it; 409 if it cannot. The bot is not told.",
        }),
        params: IdParams,
        response: { 201: DeliveryAnswer, ...failures(403, 404, 409, 422) },
      },
    );
}

const presentDelivery = (row: DeliveryRow, { canChange }: Pick<Outbox, "canChange">) => ({
  id: row.id,
  task_id: row.task_id,
  session_id: row.session_id,
  bot_id: row.bot_id,
  correlation_id: row.correlation_id,
  dispatch_type: row.dispatch_type,
  dispatch_config: maskConfig(row.dispatch_config),
  kind: row.payload.kind,
  text: row.payload.text,
  changes: row.payload.changes?.delivery_id ?? null,
  changed_by: row.payload.changed_by ?? null,
  can_correct: canChange(row, "edit"),
  can_withdraw: canChange(row, "remove"),
  status: row.status,
  attempts: row.attempts,
  last_error: row.last_error,
  receipt: row.receipt ?? null,
  next_attempt_at: instantOrNull(row.next_attempt_at),
  delivered_at: instantOrNull(row.delivered_at),
  created_at: instant(row.created_at),
});
