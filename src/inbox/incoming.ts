// The webhook that is being handled: the gateway sets it around an integration's handler, and inject() stores it
// together with the message that came of it.

import { AsyncLocalStorage } from "node:async_hooks";
import { newId } from "../ids.ts";
import type { InjectResult } from "../sdk/types.ts";
import { storable } from "../storable.ts";

export interface Incoming {
  /** The request's id, as the log and X-Request-Id have it. */
  readonly id: string;
  readonly integrationId: string;
  readonly method: string;
  /** Below /integrations/<id>, without the query, which may hold a token. */
  readonly path: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
  /** By performance.now(). */
  readonly arrivedAt: number;
}

// A fixed object, yet each asynchronous call chain sees its own value: an integration's code stands between
// the gateway and inject() and cannot be asked to pass it on.
const current = new AsyncLocalStorage<Incoming>();

export function withIncoming<Result>(incoming: Incoming, handle: () => Result): Result {
  return current.run(incoming, handle);
}

/** The webhook whose handler is running; undefined outside of one. */
export function currentIncoming(): Incoming | undefined {
  return current.getStore();
}

/** An inbox record, as it is stored. */
export interface InboxRow {
  id: string;
  integration_id: string;
  method: string;
  path: string;
  headers: Record<string, string>;
  body: string;
  body_bytes: number;
  verdict: "accepted" | "duplicate";
  idempotency_key: string | null;
  outcomes: InjectResult[];
  duration_ms: number;
}

/** The record of a webhook and of the messages that it made, or had made before. */
export function inboxRow(
  incoming: Incoming,
  outcomes: InjectResult[],
  idempotencyKey: string | undefined,
): InboxRow {
  return {
    id: newId(),
    integration_id: incoming.integrationId,
    method: incoming.method,
    path: storable(incoming.path),
    headers: keptHeaders(incoming.headers),
    body: storable(new TextDecoder().decode(incoming.body)),
    verdict: outcomes.every(({ duplicate }) => duplicate) ? "duplicate" : "accepted",
    idempotency_key: idempotencyKey ?? null,
    body_bytes: incoming.body.byteLength,
    outcomes: outcomes.map(({ message_id, session_id, task_id, duplicate }) => ({
      message_id,
      session_id,
      task_id,
      duplicate,
    })),
    duration_ms: Math.round(performance.now() - incoming.arrivedAt),
  };
}

const SECRET_HEADER = /authorization|cookie|signature|token|secret|password|api-?key|credential/i;

/** Header names are kept, values of those that prove who sent it are not. */
function keptHeaders(headers: Headers): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of headers) {
    kept[name] = SECRET_HEADER.test(name) ? "[redacted]" : storable(value);
  }
  return kept;
}
