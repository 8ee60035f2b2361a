import { HeddleError } from "../errors.ts";
import { newId } from "../ids.ts";
import { MARKER } from "../redact.ts";
import type { InboxEvent } from "./inbox.ts";
import { createIncoming, type Incoming } from "./incoming.ts";

/**
 * The webhook of a record, to be handled again. Its sender is believed because the record says that it was proven
 * then; the proof itself was never kept. Throws "conflict" for a record that cannot be repeated.
 */
export function replayOf(event: InboxEvent): Incoming {
  if (event.verdict === "rejected" && !event.verified) {
    throw new HeddleError(
      "conflict",
      "This webhook was refused before its sender was proven: it cannot be replayed.",
    );
  }
  if (event.body_truncated) {
    throw new HeddleError(
      "conflict",
      `Of the body of this webhook (${event.body_bytes} bytes) not all was kept, so it cannot be replayed. INBOX_MAX_BODY_BYTES says how much is kept.`,
    );
  }
  const kept = Object.entries(event.headers).filter(
    ([name, value]) => value !== MARKER && name !== "content-length",
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
