// What the waterfall shows of a trace.

import type { components } from "../../api/openapi.gen.ts";

export type Span = components["schemas"]["Span"];

export type Kind = "webhook" | "queue" | "run" | "model" | "approval" | "tool" | "delivery" | "other";

export function kindOf({ name }: Span): Kind {
  if (name.startsWith("receive ")) return "webhook";
  if (name === "queue wait") return "queue";
  if (name.startsWith("invoke_agent ")) return "run";
  if (name.startsWith("chat ")) return "model";
  if (name.startsWith("await_approval ")) return "approval";
  if (name.startsWith("execute_tool ")) return "tool";
  if (name.startsWith("deliver ")) return "delivery";
  return "other";
}

const OTHERS: Record<string, string> = {
  "message joined": "A message joined the run",
  compact: "The history was summarised",
};

/** What a span is called on the screen. */
export function labelOf(span: Span): string {
  const rest = span.name.slice(span.name.indexOf(" ") + 1);
  const labels: Record<Kind, string> = {
    webhook: `Webhook of ${rest}`,
    queue: "Waited in the queue",
    run: `Run of ${rest}`,
    model: `Model ${rest}`,
    approval: `A person decides on ${rest}`,
    tool: `Tool ${rest}`,
    delivery: `Delivery to ${rest}`,
    other: OTHERS[span.name] ?? span.name,
  };
  return labels[kindOf(span)];
}

export interface Bar {
  span: Span;
  /** Share of the whole, 0 to 1. */
  from: number;
  width: number;
}

/** The span of a run includes its wait in the queue, which is a bar of its own here. */
function afterWait(span: Span, spans: readonly Span[]): Span {
  if (kindOf(span) !== "run") return span;
  const wait = spans.find((one) => kindOf(one) === "queue" && one.parent_span_id === span.span_id);
  if (!wait || wait.duration_ms === null) return span;
  const begun = Date.parse(wait.started_at) + wait.duration_ms;
  const late = begun - Date.parse(span.started_at);
  return {
    ...span,
    started_at: new Date(begun).toISOString(),
    duration_ms: span.duration_ms === null ? null : Math.max(0, span.duration_ms - late),
  };
}

/** `now` stands for the end of what still goes on. */
export function barsOf(given: readonly Span[], now: number): { bars: Bar[]; totalMs: number } {
  const spans = given.map((span) => afterWait(span, given));
  const begin = Math.min(...spans.map(({ started_at }) => Date.parse(started_at)));
  const lengthOf = ({ started_at, duration_ms, error }: Span) =>
    duration_ms ?? (error === null ? Math.max(0, now - Date.parse(started_at)) : 0);
  const totalMs = Math.max(1, ...spans.map((span) => Date.parse(span.started_at) - begin + lengthOf(span)));
  const bars = spans.map((span) => ({
    span,
    from: (Date.parse(span.started_at) - begin) / totalMs,
    width: lengthOf(span) / totalMs,
  }));
  return { bars, totalMs };
}

export const textOf = (span: Span, name: string): string | undefined => {
  const value = span.attributes[name];
  return typeof value === "string" ? value : undefined;
};

export const numberOf = (span: Span, name: string): number | undefined => {
  const value = span.attributes[name];
  return typeof value === "number" ? value : undefined;
};
