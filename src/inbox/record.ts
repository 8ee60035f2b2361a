// What is kept of a webhook: enough to see what came and to run it again, nothing that proves its sender.

import { isUtf8 } from "node:buffer";
import type { InboxVerdict, inboxEvents } from "../db/schema.ts";
import { storable } from "../db/storable.ts";
import { MARKER, type Redact } from "../redact.ts";
import type { InjectResult } from "../sdk/types.ts";
import { isSecretHeader } from "../secrets/names.ts";
import type { Incoming } from "./incoming.ts";
import { createKeptText, type KeptTextOptions } from "./kept-text.ts";

/** An inbox record, as it is stored. */
export type InboxRecord = Omit<Required<typeof inboxEvents.$inferInsert>, "created_at">;

export interface WebhookOutcome {
  verdict: InboxVerdict;
  reason: string | null;
  /** Null while there is no answer yet. */
  statusCode: number | null;
  outcomes: InjectResult[];
  /** Bytes; default: as many as the server keeps of any. */
  bodyLimit?: number;
}

export interface RecordOptions extends KeptTextOptions {
  /** What is kept of a body. */
  maxBodyBytes: number;
}

export type RecordOf = (incoming: Incoming, outcome: WebhookOutcome) => InboxRecord;

const REASON_LENGTH = 500;

export function createRecordOf({ redact, vault, maxBodyBytes }: RecordOptions): RecordOf {
  const { keep } = createKeptText({ redact, vault });
  return (incoming, { verdict, reason, statusCode, outcomes, bodyLimit = maxBodyBytes }) => {
    const kept = keptBody(incoming, redact, Math.min(bodyLimit, maxBodyBytes));
    const texts = { path: storable(incoming.path), headers: keptHeaders(incoming), body: kept.body };
    return {
      integration_id: incoming.integrationId,
      method: incoming.method,
      ...kept,
      ...keep(incoming.id, texts),
      verdict,
      reason: reason === null ? null : storable(redact(reason)).slice(0, REASON_LENGTH).toWellFormed(),
      status_code: statusCode,
      idempotency_key: incoming.idempotencyKey,
      outcomes,
      duration_ms: Math.round(performance.now() - incoming.arrivedAt),
      verified: incoming.isVerified,
      replay_of: incoming.replayOf,
    };
  };
}

/** Header names are kept, values of those that prove who sent it are not. */
function keptHeaders({ headers, proofHeaders }: Incoming): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of headers) {
    const isProof = proofHeaders.has(name) || isSecretHeader(name);
    kept[name] = isProof ? MARKER : storable(value);
  }
  return kept;
}

/** Longer than any secret: what stands at the end of a cut text may be the beginning of one. */
const MARGIN = 16 * 1024;

function keptBody(
  { body, headers }: Incoming,
  redact: Redact,
  limit: number,
): Pick<InboxRecord, "body" | "body_bytes" | "body_truncated"> {
  if (body === null) {
    const announced = Number(headers.get("content-length") ?? 0);
    return { body: "", body_bytes: storableCount(announced), body_truncated: true };
  }
  const body_bytes = body.byteLength;
  if (body_bytes <= limit) {
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(body);
    const kept = storable(text);
    return { body: kept, body_bytes, body_truncated: kept !== text || !isUtf8(body) };
  }
  // It cannot be repeated, so that it may be redacted: before it is cut, with what follows, for half a secret would not be
  // recognised.
  const head = storable(
    new TextDecoder("utf-8", { ignoreBOM: true }).decode(body.subarray(0, limit + MARGIN)),
  );
  const redacted = new TextEncoder().encode(redact(head));
  const end = Math.min(limit, Math.max(0, redacted.byteLength - MARGIN));
  // With `stream` the beginning of a character that was cut is left out.
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(redacted.subarray(0, end), {
    stream: true,
  });
  return { body: text, body_bytes, body_truncated: true };
}

const MAX_INTEGER = 2 ** 31 - 1;

const storableCount = (count: number): number =>
  Number.isSafeInteger(count) && count >= 0 ? Math.min(count, MAX_INTEGER) : 0;
