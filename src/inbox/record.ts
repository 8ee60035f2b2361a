// The record of a webhook: enough to inspect and replay it, but nothing that authenticates its sender.

import { isUtf8 } from "node:buffer";
import type { InboxVerdict, inboxEvents, SignatureCheck } from "../db/schema.ts";
import { storable } from "../db/storable.ts";
import { MARKER, type Redact } from "../redact.ts";
import type { InjectResult } from "../sdk/types.ts";
import { isSecretHeader } from "../secrets/names.ts";
import type { Incoming } from "./incoming.ts";
import { createKeptText, type KeptTextOptions } from "./kept-text.ts";

/** An inbox record as it is stored. */
export type InboxRecord = Omit<Required<typeof inboxEvents.$inferInsert>, "created_at">;

export interface WebhookOutcome {
  verdict: InboxVerdict;
  reason: string | null;
  /** Null if there is no answer yet. */
  statusCode: number | null;
  outcomes: InjectResult[];
  /** How many bytes of the body to keep; default: the server's limit. */
  bodyLimit?: number;
}

export interface RecordOptions extends KeptTextOptions {
  /** How many bytes of a body are kept. */
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
      signature: checked(incoming.signature, redact),
      replay_of: incoming.replayOf,
    };
  };
}

/** A problem may be the message of an integration's own check. */
const checked = (check: SignatureCheck | null, redact: Redact): SignatureCheck | null =>
  check && {
    ...check,
    problem: check.problem && storable(redact(check.problem)).slice(0, REASON_LENGTH).toWellFormed(),
  };

/** Keeps all header names, but not the values of headers that authenticate the sender. */
function keptHeaders({ headers, proofHeaders }: Incoming): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of headers) {
    const isProof = proofHeaders.has(name) || isSecretHeader(name);
    kept[name] = isProof ? MARKER : storable(value);
  }
  return kept;
}

/** Longer than any secret, because a cut text may end with the beginning of one. */
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
  // A truncated body cannot be replayed, so it may be redacted. That happens before the cut, with a margin after it unless
  // the body ends there, because half a secret would not be recognised.
  const read = body.subarray(0, limit + MARGIN);
  const head = storable(new TextDecoder("utf-8", { ignoreBOM: true }).decode(read));
  const redacted = new TextEncoder().encode(redact(head));
  const margin = read.byteLength < body_bytes ? MARGIN : 0;
  const end = Math.min(limit, Math.max(0, redacted.byteLength - margin));
  // `stream` drops an incomplete character at the end.
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(redacted.subarray(0, end), {
    stream: true,
  });
  return { body: text, body_bytes, body_truncated: true };
}

const MAX_INTEGER = 2 ** 31 - 1;

const storableCount = (count: number): number =>
  Number.isSafeInteger(count) && count >= 0 ? Math.min(count, MAX_INTEGER) : 0;
