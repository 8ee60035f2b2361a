import { Elysia, t } from "elysia";
import { named } from "../../../schema/openapi-schema.ts";
import type { ReadTrace, Span } from "../../../sessions/trace.ts";
import type { Ownership } from "../ownership.ts";
import { failures, type RouteOptions } from "../route-options.ts";
import { Id, IdParams, InstantOf, instant, instantOrNull, JsonOf, nullable } from "../schemas.ts";

/** The version of OpenTelemetry's conventions from which the names of attributes come. */
const SCHEMA_URL = "https://opentelemetry.io/schemas/1.40.0";

const SpanAnswer = named(
  "Span",
  t.Object({
    span_id: t.String({ description: "16 hexadecimal digits." }),
    parent_span_id: nullable(t.String(), "The step that it is a part of."),
    name: t.String({ description: 'What happened: "chat gpt-5", "execute_tool search".' }),
    started_at: InstantOf("When it began."),
    ended_at: nullable(t.String({ format: "date-time" }), "When it ended; null if it has not."),
    offset_ms: t.Integer({ description: "Time from the beginning of the trace." }),
    duration_ms: nullable(t.Integer(), "How long it took."),
    error: nullable(t.String(), "Why it failed."),
    attributes: JsonOf("gen_ai.* of OpenTelemetry and heddle.*; no content of messages."),
  }),
);

const TraceAnswer = named(
  "Trace",
  t.Object({
    task_id: Id,
    correlation_id: Id,
    trace_id: t.String({ description: "The correlation id as OpenTelemetry writes it." }),
    schema_url: t.String({ description: "The version of OpenTelemetry's conventions." }),
    spans: t.Array(SpanAnswer, { description: "In the order in which they began." }),
  }),
);

export interface TraceRoutes {
  trace: ReadTrace;
  ownership: Pick<Ownership, "reachOf" | "reachesChannel">;
  route: RouteOptions;
}

export function traceRoutes({ trace, ownership, route }: TraceRoutes) {
  return new Elysia({ prefix: "/api/v1/tasks", normalize: false }).get(
    "/:id/trace",
    async ({ params, request }) => {
      const { task, spans } = await trace(params.id);
      const reach = await ownership.reachOf(request);
      const isOwn = await ownership.reachesChannel(request, task.channel_id);
      const shown = spans.filter(({ attributes }) => {
        const integration = attributes["heddle.integration"];
        if (integration !== undefined) return !reach || reach.integrationId === integration;
        // The sender of an event sees what became of it, and nothing else of the channel that it reached.
        return isOwn || attributes["heddle.task.id"] === task.id;
      });
      const begun = Math.min(...shown.map(({ start }) => start.getTime()));
      return {
        task_id: task.id,
        correlation_id: task.correlation_id,
        trace_id: task.correlation_id.replaceAll("-", ""),
        schema_url: SCHEMA_URL,
        spans: shown.map((span) => present(span, begun)),
      };
    },
    {
      ...route.plain({
        of: "task",
        scope: "tasks:read",
        tag: "Tasks",
        summary: "Fetch a run's trace",
        description:
          "From the webhook over the wait, the model calls with tokens and cost, and the tools, to the deliveries.",
      }),
      params: IdParams,
      response: { 200: TraceAnswer, ...failures(403, 404) },
    },
  );
}

function present({ id, parent_id, name, start, end, error, attributes }: Span, begun: number) {
  const known = Object.entries(attributes).filter(([, value]) => value !== null && value !== undefined);
  return {
    span_id: id,
    parent_span_id: parent_id,
    name,
    started_at: instant(start),
    ended_at: instantOrNull(end),
    offset_ms: start.getTime() - begun,
    duration_ms: end && Math.max(0, end.getTime() - start.getTime()),
    error,
    attributes: Object.fromEntries(known),
  };
}
