// Derives a webhook's outcome from the answer and from the handler's error.

import { Buffer } from "node:buffer";
import { errorMessage } from "../errors.ts";
import { within } from "../within.ts";
import type { Incoming } from "./incoming.ts";
import type { WebhookOutcome } from "./record.ts";

/** The parts of an answer that are used here. */
export interface Answer {
  status: number;
  headers: { get(name: string): string | null };
  body: { getReader(): Reader } | null;
}

interface Reader {
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
  cancel(): Promise<void>;
}

/** Whether the record that was stored with the messages is already complete. */
export const isFullyRecorded = ({ outcomes }: Incoming, status: number): boolean =>
  status < 400 && outcomes.length > 0 && outcomes.every(({ duplicate }) => !duplicate);

/** Consumes `answer`, so pass a clone. `error` is what the handler threw; undefined if it answered itself. */
export async function outcomeOf(incoming: Incoming, answer: Answer, error: unknown): Promise<WebhookOutcome> {
  // New messages are already in the record.
  const duplicates = incoming.outcomes.filter(({ duplicate }) => duplicate);
  const isRecorded = duplicates.length < incoming.outcomes.length;
  const verdict = isRecorded ? "accepted" : verdictOf(answer.status, duplicates.length);
  return {
    verdict,
    reason: isRecorded && answer.status < 400 ? null : await reasonOf(answer, error, verdict),
    statusCode: answer.status,
    outcomes: duplicates,
  };
}

function verdictOf(status: number, duplicates: number): WebhookOutcome["verdict"] {
  if (status >= 500) return "failed";
  if (status >= 400) return "rejected";
  return duplicates > 0 ? "duplicate" : "ignored";
}

async function reasonOf(
  answer: Answer,
  error: unknown,
  verdict: WebhookOutcome["verdict"],
): Promise<string | null> {
  if (error !== undefined) return errorMessage(reasonBehind(error));
  const value = await jsonOf(answer);
  if (typeof value !== "object" || value === null) return null;
  const { reason, status, message, error: inner } = value as Record<string, unknown>;
  const innerMessage =
    typeof inner === "object" && inner !== null && "message" in inner ? inner.message : inner;
  // The status of a copy is that of the first one, such as "processed", which explains nothing.
  const texts = verdict === "duplicate" ? [reason] : [reason, innerMessage, message, status];
  return (texts.find((text) => typeof text === "string" && text !== "") as string | undefined) ?? null;
}

/** An error that refuses a sender may hide the actual reason in its cause; the operator gets the innermost one. */
function reasonBehind(error: unknown): unknown {
  const isRefusal = error instanceof Error && "code" in error && error.code === "invalid_signature";
  return isRefusal && error.cause instanceof Error ? reasonBehind(error.cause) : error;
}

export const isJson = (answer: Pick<Answer, "headers">): boolean =>
  answer.headers.get("content-type")?.startsWith("application/json") === true;

/** An answer with a reason is short and there at once; a longer one is not read on, because it may never end. */
const READ_BYTES = 16 * 1024;
const READ_MS = 2_000;

async function jsonOf(answer: Answer): Promise<unknown> {
  if (!isJson(answer) || !answer.body) return undefined;
  const reader = answer.body.getReader();
  try {
    return JSON.parse(await within(READ_MS, shortText(reader)));
  } catch {
    // The answer claims to be JSON but is not, breaks off or is not for a reader; that is between the integration and its
    // sender. Not awaited: cancelling a clone resolves only when the original is done.
    reader.cancel().catch(() => {});
    return undefined;
  }
}

/** Throws for a text that is too long. */
async function shortText(reader: Reader): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done || !value) return Buffer.concat(parts).toString();
    parts.push(value);
    size += value.byteLength;
    if (size > READ_BYTES) throw new RangeError(`more than ${READ_BYTES} bytes`);
  }
}
