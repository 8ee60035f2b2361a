import { HeddleError } from "../errors.ts";
import { newId } from "../ids.ts";
import { MARKER } from "../redact.ts";
import type { InboxEvent } from "./inbox.ts";
import { createIncoming, type Incoming } from "./incoming.ts";

/** What the headers said about the body as it arrived; it is stored decompressed. */
const OF_THE_TRANSFER = new Set(["content-length", "content-encoding"]);

/**
 * Returns a recorded webhook to be handled again. Its sender is trusted because the record says that it was
 * authenticated then; the signature itself was not stored. Throws "conflict" for a record that cannot be replayed.
 */
export function replayOf(event: InboxEvent): Incoming {
  if (event.verdict === "rejected" && !event.verified) {
    throw new HeddleError(
      "conflict",
      "This webhook cannot be replayed: it was refused before its sender was authenticated.",
    );
  }
  if (event.body_truncated) {
    throw new HeddleError(
      "conflict",
      `This webhook cannot be replayed: only a part of its body (${event.body_bytes} bytes) is stored. Raise INBOX_MAX_BODY_BYTES to store larger bodies.`,
    );
  }
  const kept = Object.entries(event.headers).filter(
    ([name, value]) => value !== MARKER && !OF_THE_TRANSFER.has(name),
  );
  const incoming = createIncoming(
    {
      id: newId(),
      integrationId: event.integration_id,
      method: event.method,
      path: event.path,
      headers: new Headers(kept),
      arrivedAt: performance.now(),
    },
    { replay: { of: event.id, isVerified: event.verified } },
  );
  incoming.body = new TextEncoder().encode(event.body);
  return incoming;
}
