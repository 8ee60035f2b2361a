import { expect, test } from "bun:test";
import { barsOf, type Span } from "../../src/web/pages/runs/spans.ts";

const span = (
  name: string,
  fromMs: number,
  duration_ms: number | null,
  parent_span_id: string | null,
): Span => ({
  span_id: name,
  parent_span_id,
  name,
  started_at: new Date(1_800_000_000_000 + fromMs).toISOString(),
  ended_at: null,
  offset_ms: fromMs,
  duration_ms,
  error: null,
  attributes: {},
});

test("a run's bar begins when its wait in the queue ends", () => {
  const run = span("invoke_agent bot", 0, 100, null);
  const spans = [run, span("queue wait", 0, 40, run.span_id), span("chat model", 50, 50, run.span_id)];
  const { bars, totalMs } = barsOf(spans, 0);
  expect(totalMs).toBe(100);
  expect(bars.map(({ span: { duration_ms }, from, width }) => [duration_ms, from, width])).toEqual([
    [60, 0.4, 0.6],
    [40, 0, 0.4],
    [50, 0.5, 0.5],
  ]);
});

test("a run that still waits, or goes on, grows until now", () => {
  const run = span("invoke_agent bot", 0, null, null);
  const waiting = barsOf([run, span("queue wait", 0, null, run.span_id)], 1_800_000_000_030);
  expect(waiting.totalMs).toBe(30);
  const running = barsOf([run, span("queue wait", 0, 10, run.span_id)], 1_800_000_000_030);
  expect(running.bars.map(({ from, width }) => [from, width])).toEqual([
    [1 / 3, 2 / 3],
    [0, 1 / 3],
  ]);
});
