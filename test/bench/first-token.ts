// Measures how soon a chat shows its first text: from POST /chat/stream to the first text_delta, of a model that takes no time.

import { median } from "./numbers.ts";
import { API_KEY, type MeasuredServer } from "./server.ts";

export interface FirstTokenMeasured {
  medianMs: number;
  p95Ms: number;
}

export async function measureFirstToken(server: MeasuredServer, count = 100): Promise<FirstTokenMeasured> {
  const times: number[] = [];
  // The first ones prepare statements and connections.
  for (let at = -10; at < count; at++) {
    const ms = await once(server, `bench:first-token:${at % 20}`);
    if (at >= 0) times.push(ms);
  }
  const sorted = times.toSorted((a, b) => a - b);
  return { medianMs: median(times), p95Ms: sorted[Math.floor(sorted.length * 0.95)] ?? Number.NaN };
}

async function once({ url }: MeasuredServer, clientId: string): Promise<number> {
  const begun = performance.now();
  const response = await fetch(`${url}/api/v1/chat/stream`, {
    method: "POST",
    headers: { authorization: `Bearer ${API_KEY}`, "content-type": "application/json" },
    body: JSON.stringify({ message: "Hello", client_id: clientId }),
  });
  const decoder = new TextDecoder();
  let text = "";
  let first: number | undefined;
  for await (const part of response.body as ReadableStream<Uint8Array>) {
    text += decoder.decode(part, { stream: true });
    if (first === undefined && text.includes("event: text_delta")) first = performance.now() - begun;
  }
  if (first === undefined) throw new Error(`A chat had no text: ${text.slice(-500)}`);
  return first;
}
