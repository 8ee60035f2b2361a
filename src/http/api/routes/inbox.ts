import { Elysia, t } from "elysia";
import { INBOX_VERDICTS } from "../../../db/schema.ts";
import type { Inbox, InboxEvent, InboxSummary } from "../../../inbox/inbox.ts";
import { named } from "../../../schema/openapi-schema.ts";
import type { Receive } from "../../gateway/receive.ts";
import type { Replay } from "../../gateway/replay.ts";
import type { TestDelivery } from "../../gateway/test-delivery.ts";
import { INTEGRATION_FILTER, integrationIn, listRoute, pageOfRows, ROWS } from "../list.ts";
import type { Ownership } from "../ownership.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import { GivenInstant, Id, IdParams, Instant, instant, nullable, oneOf } from "../schemas.ts";

const tag = "Inbox";

const Verdict = oneOf(
  INBOX_VERDICTS,
  "accepted: it made messages. duplicate: they were there already. ignored: the integration had no use for it. rejected: it was refused. failed: the integration's code could not do it.",
);

const SUMMARY = {
  id: Id,
  integration_id: t.String(),
  method: t.String(),
  path: t.String({ description: "Below /integrations/<id>, without the query." }),
  body_bytes: t.Integer({ description: "As it came." }),
  body_truncated: t.Boolean({ description: "Whether not all of the body is kept." }),
  verdict: Verdict,
  reason: nullable(t.String(), "Why it was ignored or rejected, or what failed."),
  status_code: nullable(t.Integer(), "Of the answer; null when the record was written before there was one."),
  idempotency_key: nullable(t.String()),
  outcomes: t.Array(
    t.Object({
      message_id: Id,
      session_id: Id,
      task_id: nullable(Id),
      duplicate: t.Boolean(),
    }),
    { description: "The messages that it made, or had made before." },
  ),
  duration_ms: t.Integer({ description: "From its arrival to this record." }),
  verified: t.Boolean({ description: "Whether a verifier has proven the sender." }),
  replay_of: nullable(Id, "The event that this one repeats."),
  created_at: Instant,
};

const SummaryAnswer = named("InboxSummary", t.Object(SUMMARY));
const EventAnswer = named(
  "InboxEvent",
  t.Object({
    ...SUMMARY,
    headers: t.Record(t.String(), t.String(), { description: "Those that prove the sender are [redacted]." }),
    body: t.String({ description: "Known secrets are [redacted]." }),
  }),
);

const TRIAL = {
  event: nullable(EventAnswer, "What is recorded of it; null when it is not."),
  status_code: t.Integer({ description: "What the sender would have got." }),
  answer: t.Any({ description: "What the sender would have got: JSON, or text." }),
};

const TrialAnswer = named("HandledWebhook", t.Object(TRIAL));

const FILTERS = {
  ...INTEGRATION_FILTER,
  verdict: t.Optional(Verdict),
  idempotency_key: t.Optional(t.String()),
  task_id: t.Optional(Id),
  since: t.Optional(GivenInstant("The first instant that counts.")),
  until: t.Optional(GivenInstant("The first instant that does not.")),
  ...ROWS,
};

const ReceiveBody = named(
  "TrialWebhook",
  t.Object(
    {
      path: t.Optional(
        t.String({
          pattern: "^/[^?#\\s]*$",
          maxLength: 500,
          description: "Below /integrations/<id>; default: the manifest's webhook.",
        }),
      ),
      headers: t.Optional(
        t.Record(t.String(), t.String(), {
          description: "Those that prove a sender or name a delivery are made anew.",
        }),
      ),
      body: t.Any({ description: "Text as it is sent, or any JSON." }),
      event: t.Optional(
        t.String({ minLength: 1, description: "For senders that name the event in a header: pull_request." }),
      ),
      delivery: t.Optional(
        t.String({
          minLength: 1,
          description: "For senders that name the delivery in a header; default: a new one.",
        }),
      ),
    },
    { additionalProperties: false },
  ),
);

export interface InboxRoutes {
  inbox: Pick<Inbox, "list" | "get">;
  replay: Replay;
  receive: Receive;
  ownership: Pick<Ownership, "reachOf">;
  route: RouteOptions;
}

export function inboxRoutes({ inbox, replay, receive, ownership, route }: InboxRoutes) {
  return new Elysia({ prefix: "/api/v1", normalize: false })
    .get(
      "/inbox",
      async ({ query: { integration, integration_id, since, until, ...query }, request }) => {
        const asked = integrationIn({ integration, integration_id });
        const own = (await ownership.reachOf(request))?.integrationId;
        // The webhooks of another integration do not exist for an integration's key.
        if (own && asked !== undefined && asked !== own) return { events: [], next_cursor: null };
        const filter = {
          ...query,
          integration_id: own ?? asked,
          ...(since && { since: new Date(since) }),
          ...(until && { until: new Date(until) }),
        };
        return pageOfRows("events", query, (page) => inbox.list({ ...filter, ...page }), presentSummary);
      },
      listRoute(route, {
        scope: "inbox:read",
        tag,
        summary: "List webhooks that came in",
        description: "Newest first, without headers and body.",
        key: "events",
        Item: SummaryAnswer,
        query: FILTERS,
      }),
    )
    .get("/inbox/:id", async ({ params }) => present(await inbox.get(params.id)), {
      ...route.plain({
        of: "webhook",
        scope: "inbox:read",
        tag,
        summary: "Fetch a webhook with headers and body",
      }),
      params: IdParams,
      response: { 200: EventAnswer, ...failures(403, 404, 422) },
    })
    .post("/inbox/:id/replay", async ({ params }) => presentTestDelivery(await replay(params.id)), {
      ...route.plain({
        of: "webhook",
        scope: "inbox:write",
        tag,
        summary: "Handle a webhook again",
        description:
          "By the integration as it is now; what it does really happens again. 409 for one that was refused, or of which not all was kept.",
      }),
      params: IdParams,
      response: { 200: TrialAnswer, ...failures(403, 404, 409, 422, 503) },
    })
    .post(
      "/admin/integrations/:id/receive",
      async ({ params, body }) => {
        const { signed, ...testDelivery } = await receive(params.id, body);
        return { ...presentTestDelivery(testDelivery), signed };
      },
      {
        ...route.json({
          scope: "admin",
          tag,
          summary: "Send a webhook to an integration, for trying it out",
          example: { event: "ping", body: { zen: "Keep it logically awesome." } },
          description:
            "Signed afresh, as the manifest's `webhook.verifier` says, with the secret that is set.",
        }),
        params: t.Object({ id: t.String() }),
        body: ReceiveBody,
        response: {
          200: t.Object({
            ...TRIAL,
            signed: t.Boolean({ description: "False when the manifest names no verifier." }),
          }),
          ...failures(...bodyFailures, 404, 409),
        },
      },
    );
}

const presentSummary = (event: InboxSummary) => ({
  id: event.id,
  integration_id: event.integration_id,
  method: event.method,
  path: event.path,
  body_bytes: event.body_bytes,
  body_truncated: event.body_truncated,
  verdict: event.verdict,
  reason: event.reason,
  status_code: event.status_code,
  idempotency_key: event.idempotency_key,
  outcomes: event.outcomes,
  duration_ms: event.duration_ms,
  verified: event.verified,
  replay_of: event.replay_of,
  created_at: instant(event.created_at),
});

const present = (event: InboxEvent) => ({
  ...presentSummary(event),
  headers: event.headers,
  body: event.body,
});

const presentTestDelivery = ({ event, statusCode, answer }: TestDelivery) => ({
  event: event && present(event),
  status_code: statusCode,
  answer,
});
