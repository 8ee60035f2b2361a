import { Elysia, t } from "elysia";
import { INBOX_VERDICTS } from "../../../db/schema.ts";
import { eventNameIn } from "../../../inbox/event-name.ts";
import type { Inbox, InboxEvent, InboxFilter, InboxSummary } from "../../../inbox/inbox.ts";
import { named } from "../../../schema/openapi-schema.ts";
import type { Receive } from "../../gateway/receive.ts";
import type { Replay } from "../../gateway/replay.ts";
import type { TestDelivery } from "../../gateway/test-delivery.ts";
import { BulkAnswer, bulkBody, runBulk } from "../bulk.ts";
import { INTEGRATION_FILTER, integrationIn, listRoute, pageOfRows, ROWS, timesIn } from "../list.ts";
import type { Ownership } from "../ownership.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import { GivenInstant, Id, IdParams, InstantOf, instant, nullable, oneOf } from "../schemas.ts";

const tag = "Inbox";

const Verdict = oneOf(
  INBOX_VERDICTS,
  "accepted: it caused messages. duplicate: its messages already existed. ignored: the integration did nothing with it. rejected: it was refused. failed: the integration's code failed.",
);

const SignatureAnswer = named(
  "SignatureCheck",
  t.Object({
    scheme: t.String({ description: "How the sender signs: github, slack, …; own: the integration's code." }),
    headers: t.Array(t.String(), { description: "The headers that were looked at." }),
    problem: nullable(t.String(), "Why it was refused; null: it was accepted."),
    secret_number: nullable(t.Integer(), "Which of several secrets matched, from 1."),
    age_seconds: nullable(t.Number(), "How long ago it was signed, by the server's clock."),
  }),
);

const SUMMARY = {
  id: Id,
  integration_id: t.String({ description: "The integration that it was sent to." }),
  method: t.String({ description: "The method of the request." }),
  path: t.String({ description: "The path below /integrations/<id>, without the query." }),
  event_name: nullable(t.String(), "What the sender calls the event, if it says so in a header."),
  body_bytes: t.Integer({ description: "Size of the received body." }),
  body_truncated: t.Boolean({ description: "Whether only a part of the body is stored." }),
  verdict: Verdict,
  reason: nullable(t.String(), "Why it was ignored or rejected, or what failed."),
  status_code: nullable(
    t.Integer(),
    "Status of the answer; null if the record was written before the answer.",
  ),
  idempotency_key: nullable(t.String(), "The key by which copies of it are recognised, if it has one."),
  outcomes: t.Array(
    t.Object({
      message_id: Id,
      session_id: Id,
      task_id: nullable(Id, "The run that it started; null if it started none."),
      duplicate: t.Boolean({ description: "Whether the message already existed." }),
    }),
    { description: "The messages that it caused, now or as an earlier copy." },
  ),
  duration_ms: t.Integer({ description: "Time from arrival to this record." }),
  verified: t.Boolean({ description: "Whether a verifier has authenticated the sender." }),
  signature: nullable(
    SignatureAnswer,
    "How the sender was checked; null if no verifier of the SDK was called.",
  ),
  replay_of: nullable(Id, "The event that this one replays."),
  created_at: InstantOf("When it arrived."),
};

const SummaryAnswer = named("InboxSummary", t.Object(SUMMARY));
const EventAnswer = named(
  "InboxEvent",
  t.Object({
    ...SUMMARY,
    headers: t.Record(t.String(), t.String(), {
      description: "Headers that authenticate the sender are [redacted].",
    }),
    body: t.String({ description: "Known secrets are [redacted]." }),
  }),
);

const TRIAL = {
  event: nullable(EventAnswer, "The record of the webhook; null if it was not recorded."),
  status_code: t.Integer({ description: "The status that the sender would have got." }),
  answer: t.Any({ description: "The answer that the sender would have got: JSON or text." }),
};

const TrialAnswer = named("HandledWebhook", t.Object(TRIAL));

const FILTERS = {
  ...INTEGRATION_FILTER,
  verdict: t.Optional(Verdict),
  idempotency_key: t.Optional(t.String({ description: "Only webhooks with this key." })),
  task_id: t.Optional(Id),
  since: t.Optional(GivenInstant("Inclusive lower bound of the arrival time.")),
  until: t.Optional(GivenInstant("Exclusive upper bound of the arrival time.")),
  is_replay: t.Optional(t.Boolean({ description: "Only replays (true), or none (false)." })),
};

const ReplayBody = bulkBody(FILTERS);

const ReceiveBody = named(
  "TrialWebhook",
  t.Object(
    {
      path: t.Optional(
        t.String({
          pattern: "^/[^?#\\s]*$",
          maxLength: 500,
          description: "The path below /integrations/<id>; default: the manifest's webhook path.",
        }),
      ),
      headers: t.Optional(
        t.Record(t.String(), t.String(), {
          description: "Headers that authenticate the sender or identify the delivery are generated.",
        }),
      ),
      body: t.Any({ description: "Text that is sent as it is, or any JSON." }),
      event: t.Optional(
        t.String({ minLength: 1, description: "For senders that name the event in a header: pull_request." }),
      ),
      delivery: t.Optional(
        t.String({
          minLength: 1,
          description: "For senders that name the delivery in a header; default: a new one.",
        }),
      ),
      token: t.Optional(
        t.String({
          minLength: 1,
          description:
            "Used to sign instead of the secret in the settings; without a verifier in the manifest it is sent as a bearer token.",
        }),
      ),
      token_header: t.Optional(
        t.String({
          minLength: 1,
          description:
            "A header in which to send the token unchanged, instead of using the manifest's verifier.",
        }),
      ),
    },
    { additionalProperties: false },
  ),
);

export interface InboxRoutes {
  inbox: Pick<Inbox, "list" | "count" | "get">;
  replay: Replay;
  receive: Receive;
  ownership: Pick<Ownership, "reachOf">;
  route: RouteOptions;
}

export function inboxRoutes({ inbox, replay, receive, ownership, route }: InboxRoutes) {
  /** Undefined if the caller asks for webhooks that do not exist to it. */
  const filterOf = async (
    request: Request,
    { integration, integration_id, since, until, ...rest }: InboxQuery,
  ): Promise<InboxFilter | undefined> => {
    const requested = integrationIn({
      ...(integration && { integration }),
      ...(integration_id && { integration_id }),
    });
    const own = (await ownership.reachOf(request))?.integrationId;
    if (own && requested !== undefined && requested !== own) return undefined;
    return {
      ...timesIn({ ...rest, ...(since && { since }), ...(until && { until }) }),
      integration_id: own ?? requested,
    };
  };
  return new Elysia({ prefix: "/api/v1", normalize: false })
    .get(
      "/inbox",
      async ({ query, request }) => {
        const filter = await filterOf(request, query);
        if (!filter) return { events: [], next_cursor: null };
        return pageOfRows("events", query, (page) => inbox.list({ ...filter, ...page }), presentSummary);
      },
      listRoute(route, {
        scope: "inbox:read",
        tag,
        summary: "List received webhooks",
        description: "Newest first, without headers and body.",
        key: "events",
        Item: SummaryAnswer,
        query: { ...FILTERS, ...ROWS },
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
          "The integration's current code handles it, and its effects really happen again. 409 for a webhook that was refused or that is not stored completely.",
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
          summary: "Send a test webhook to an integration",
          example: { event: "ping", body: { zen: "Keep it logically awesome." } },
          description:
            "The webhook is signed as the manifest's `webhook.verifier` says, with the secret from the settings.",
        }),
        params: t.Object({ id: t.String({ description: "The integration's id." }) }),
        body: ReceiveBody,
        response: {
          200: t.Object({
            ...TRIAL,
            signed: t.Boolean({ description: "False if the manifest declares no verifier." }),
          }),
          ...failures(...bodyFailures, 404, 409),
        },
      },
    )
    .post(
      "/inbox/replay",
      async ({ body: { filter, ...input }, request }) => {
        const wanted = await filterOf(request, filter);
        return runBulk(input, {
          count: async () => (wanted ? inbox.count(wanted) : 0),
          ids: async (page) => (wanted ? (await inbox.list({ ...wanted, ...page })).map(({ id }) => id) : []),
          act: replay,
        });
      },
      {
        ...route.json({
          scope: "inbox:write",
          tag,
          summary: "Handle all webhooks that match again",
          example: { filter: { verdict: "failed" }, dry_run: true },
          description:
            "The newest first; replays that it creates are not replayed. Repeat it with `next_cursor` until that is null.",
        }),
        body: ReplayBody,
        response: { 200: BulkAnswer, ...failures(...bodyFailures, 503) },
      },
    );
}

type InboxQuery = Omit<InboxFilter, "since" | "until" | "integration_id" | "cursor" | "limit"> & {
  integration?: string;
  integration_id?: string;
  since?: string;
  until?: string;
};

const presentSummary = (event: InboxSummary) => ({
  id: event.id,
  integration_id: event.integration_id,
  method: event.method,
  path: event.path,
  event_name: event.event_name,
  body_bytes: event.body_bytes,
  body_truncated: event.body_truncated,
  verdict: event.verdict,
  reason: event.reason,
  status_code: event.status_code,
  idempotency_key: event.idempotency_key,
  outcomes: event.outcomes,
  duration_ms: event.duration_ms,
  verified: event.verified,
  signature: event.signature,
  replay_of: event.replay_of,
  created_at: instant(event.created_at),
});

const present = (event: InboxEvent) => ({
  ...presentSummary({ ...event, event_name: eventNameIn(event.headers) }),
  headers: event.headers,
  body: event.body,
});

const presentTestDelivery = ({ event, statusCode, answer }: TestDelivery) => ({
  event: event && present(event),
  status_code: statusCode,
  answer,
});
