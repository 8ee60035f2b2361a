// How a webhook ended, told from its answer and from what the handler threw.

import { Buffer } from "node:buffer";
import { errorMessage } from "../errors.ts";
import type { Incoming } from "./incoming.ts";
import type { WebhookOutcome } from "./record.ts";

/** What is looked at of an answer. */
export interface Answer {
  status: number;
  headers: { get(name: string): string | null };
  body: {
    getReader(): {
      read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
      cancel(): Promise<void>;
    };
  } | null;
}

/** Whether the record that was stored with the messages says it all. */
export const isFullyRecorded = ({ outcomes }: Incoming, status: number): boolean =>
  status < 400 && outcomes.length > 0 && outcomes.every(({ duplicate }) => !duplicate);

/** `answer` is read: hand over a clone. `error` is what the handler threw, undefined when it answered itself. */
export async function outcomeOf(incoming: Incoming, answer: Answer, error: unknown): Promise<WebhookOutcome> {
  // Those that made a message stand in the record already.
  const duplicates = incoming.outcomes.filter(({ duplicate }) => duplicate);
  const isRecorded = duplicates.length < incoming.outcomes.length;
  return {
    verdict: isRecorded ? "accepted" : verdictOf(answer.status, duplicates.length),
    reason: isRecorded && answer.status < 400 ? null : await reasonOf(answer, error),
    statusCode: answer.status,
    outcomes: duplicates,
  };
}

function verdictOf(status: number, duplicates: number): WebhookOutcome["verdict"] {
  if (status >= 500) return "failed";
  if (status >= 400) return "rejected";
  return duplicates > 0 ? "duplicate" : "ignored";
}

async function reasonOf(answer: Answer, error: unknown): Promise<string | null> {
  if (error !== undefined) return errorMessage(reasonBehind(error));
  const value = await jsonOf(answer);
  if (typeof value !== "object" || value === null) return null;
  const { reason, status, message, error: inner } = value as Record<string, unknown>;
  const innerMessage =
    typeof inner === "object" && inner !== null && "message" in inner ? inner.message : inner;
  const texts = [reason, innerMessage, message, status];
  return (texts.find((text) => typeof text === "string" && text !== "") as string | undefined) ?? null;
}

/** Who refuses a sender may keep the reason from it, and so may whoever passes the refusal on; the operator is told. */
function reasonBehind(error: unknown): unknown {
  const isRefusal = error instanceof Error && "code" in error && error.code === "invalid_signature";
  return isRefusal && error.cause instanceof Error ? reasonBehind(error.cause) : error;
}

export const isJson = (answer: Pick<Answer, "headers">): boolean =>
  answer.headers.get("content-type")?.startsWith("application/json") === true;

/** An answer with a reason in it is short; a long one is not read to its end, which may never come. */
const READ_BYTES = 16 * 1024;

async function jsonOf(answer: Answer): Promise<unknown> {
  if (!isJson(answer) || !answer.body) return undefined;
  const reader = answer.body.getReader();
  const parts: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done || !value) break;
    parts.push(value);
    size += value.byteLength;
    if (size > READ_BYTES) {
      // Not awaited: of an answer that was cloned it is done when the other one is.
      reader.cancel().catch(() => {});
      return undefined;
    }
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString());
  } catch {
    // Its own sender's business.
    return undefined;
  }
}
