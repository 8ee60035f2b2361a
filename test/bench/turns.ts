// Measures complete turns: a message comes in, two model calls, one tool call, and the answer is delivered to a
// webhook.

import { median } from "./numbers.ts";
import { api, type MeasuredServer } from "./server.ts";

interface Delivery {
  task_id: string;
  status: string;
  delivered_at: string | null;
}

/** Median time in milliseconds from sending the message to the stored receipt. */
export async function measureTurns(server: MeasuredServer, sink: Sink, count: number): Promise<number> {
  // Several sessions, so that the turn is measured and not a growing history.
  const sessions = await Promise.all(
    Array.from({ length: 20 }, (_, i) => newSession(server, sink, `bench:one:${i}`)),
  );
  const started = new Map<string, number>();
  for (let i = 0; i < count; i++) {
    const at = Date.now();
    const taskId = await sink.turn(server, sessions[i % sessions.length] ?? "");
    started.set(taskId, at);
  }
  const durations: number[] = [];
  while (durations.length < count) {
    durations.length = 0;
    const { deliveries } = await api<{ deliveries: Delivery[] }>(server, `/api/v1/deliveries?limit=${count}`);
    for (const { task_id, delivered_at } of deliveries) {
      const at = started.get(task_id);
      if (at !== undefined && delivered_at) durations.push(Date.parse(delivered_at) - at);
    }
  }
  return median(durations);
}

/** Turns per second with that many concurrent sessions, each running one turn after the other. */
export async function measureParallelTurns(
  server: MeasuredServer,
  sink: Sink,
  { sessions, count }: { sessions: number; count: number },
): Promise<number> {
  const ids = await Promise.all(
    Array.from({ length: sessions }, (_, i) => newSession(server, sink, `bench:${i}`)),
  );
  let left = count;
  const started = performance.now();
  await Promise.all(
    ids.map(async (id) => {
      while (left-- > 0) await sink.turn(server, id);
    }),
  );
  return count / ((performance.now() - started) / 1000);
}

async function newSession(server: MeasuredServer, sink: Sink, clientId: string): Promise<string> {
  const { session_id } = await api<{ session_id: string }>(server, "/api/v1/sessions", {
    bot_id: "bench",
    client_id: clientId,
    // Separate targets, as real conversations have: deliveries to one target are made in order, one at a time.
    dispatch_config: { type: "webhook", url: `${sink.url}${encodeURIComponent(clientId)}` },
  });
  return session_id;
}

export interface Sink {
  url: string;
  /** Sends a message and resolves with the task's id when its answer has arrived here. */
  turn(server: MeasuredServer, sessionId: string): Promise<string>;
  stop(): void;
}

/** The endpoint that answers are delivered to. */
export function startSink(): Sink {
  const waiting = new Map<string, () => void>();
  const early = new Set<string>();
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const { task_id } = (await request.json()) as { task_id: string };
      const arrived = waiting.get(task_id);
      if (arrived) arrived();
      else early.add(task_id);
      return new Response("ok");
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/`,
    async turn(heddle, sessionId) {
      const { task_id } = await api<{ task_id: string }>(heddle, `/api/v1/sessions/${sessionId}/messages`, {
        content: "Do the thing.",
        source: "bench",
        run_agent: true,
      });
      if (!early.delete(task_id)) {
        const { promise, resolve } = Promise.withResolvers<void>();
        waiting.set(task_id, resolve);
        await promise;
        waiting.delete(task_id);
      }
      return task_id;
    },
    stop: () => server.stop(true),
  };
}
