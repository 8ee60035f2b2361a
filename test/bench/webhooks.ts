// Measures signed GitHub webhooks over several connections: how many are durably accepted per second, and how long one
// takes.

import { createHmac } from "node:crypto";
import { percentile } from "./numbers.ts";
import { type MeasuredServer, WEBHOOK_SECRET } from "./server.ts";

export interface WebhookResult {
  perSecond: number;
  p99Ms: number;
}

/** About 3 kB, like a small issue event. */
const payload = (repository: number) => ({
  action: "opened",
  issue: { number: 1, title: "A bug", user: { login: "alice" }, labels: [], body: "x".repeat(2_000) },
  repository: { name: `repo${repository}`, full_name: `bench/repo${repository}`, owner: { login: "bench" } },
  sender: { login: "alice" },
  padding: "y".repeat(700),
});

export async function measureWebhooks(
  server: MeasuredServer,
  { connections, count, repositories = 40 }: { connections: number; count: number; repositories?: number },
): Promise<WebhookResult> {
  const requests = Array.from({ length: repositories }, (_, i) => {
    const body = JSON.stringify(payload(i));
    return { body, signature: `sha256=${createHmac("sha256", WEBHOOK_SECRET).update(body).digest("hex")}` };
  });
  const run = crypto.randomUUID();
  const durations: number[] = [];
  let next = 0;

  const send = async () => {
    for (let i = next++; i < count; i = next++) {
      const request = requests[i % repositories];
      if (!request) throw new Error("no request");
      const before = performance.now();
      const response = await fetch(`${server.url}/integrations/github/webhook`, {
        method: "POST",
        body: request.body,
        headers: {
          "content-type": "application/json",
          "x-github-event": "issues",
          "x-github-delivery": `${run}-${i}`,
          "x-hub-signature-256": request.signature,
        },
      });
      await response.arrayBuffer();
      if (!response.ok) throw new Error(`a webhook was answered with ${response.status}`);
      durations.push(performance.now() - before);
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: connections }, send));
  const seconds = (performance.now() - started) / 1000;
  return { perSecond: count / seconds, p99Ms: percentile(durations, 99) };
}
