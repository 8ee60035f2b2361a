// What the server and the stand-ins of authors' tests refuse alike: text that says nothing, and keys that cannot be indexed.

import { HeddleError } from "../errors.ts";
import type { InjectMessage } from "./types.ts";

/** The key is indexed, and PostgreSQL limits the length of an index entry. */
const KEY_LENGTH = 255;

/** Throws `validation` for an empty content without attachments, and for an invalid idempotency key. */
export function checkMessageText({
  content,
  idempotencyKey,
  attachments = [],
}: Pick<InjectMessage, "content" | "idempotencyKey" | "attachments">): void {
  if (content.trim() === "" && attachments.length === 0) {
    throw new HeddleError("validation", "content must not be empty.", { field: "content" });
  }
  const keyLength = idempotencyKey?.length ?? 1;
  if (keyLength < 1 || keyLength > KEY_LENGTH) {
    throw new HeddleError("validation", `idempotency_key must have 1 to ${KEY_LENGTH} characters.`, {
      field: "idempotency_key",
    });
  }
}
