// What the schemes of senders without a vendor's own have in common: the body as text, and an id in a header.

import { HeddleError } from "../../errors.ts";
import { parseJson } from "../../schema/json-text.ts";
import { bodyText, FORM, formFields, idHeader, mediaType, type Received } from "./request.ts";
import type { FieldSchema, Signing, VerifiedWebhook } from "./scheme.ts";

/** What a verified request of a sender without a vendor's own scheme says. */
export interface PlainWebhook {
  /** The sender's id of the event, from the header that was named for it; null without one. */
  id: string | null;
  /** As it was sent. */
  body: string;
}

export const HEADER_NAME = {
  type: "string",
  pattern: "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$",
} as const satisfies Partial<FieldSchema>;

export const ID_HEADER: FieldSchema = {
  ...HEADER_NAME,
  description: "Name of the header with the sender's id of the event, if there is one.",
};

/** `mayBeEmpty`: a button somewhere may have nothing to say besides that it was pressed. */
export const readPlain = (
  received: Received,
  id: string | undefined,
  { mayBeEmpty }: { mayBeEmpty: boolean },
): PlainWebhook => ({
  id: id === undefined ? null : idHeader(received, id),
  body: mayBeEmpty && received.bytes.length === 0 ? "" : bodyText(received),
});

export const idHeaders = (id: string | undefined, signing: Signing): Record<string, string> =>
  id === undefined ? {} : { [id]: signing.id };

/** The payload is JSON, a form's fields, or the text: what the content type says. */
export function generalOf({ id, body }: PlainWebhook, received: Received): VerifiedWebhook {
  const type = mediaType(received);
  const isJson = type === null || type === "application/json" || type.endsWith("+json");
  if (body === "") return { id, event: null, payload: null, body };
  const payload = isJson ? parseJson(body) : type === FORM ? formFields(body) : body;
  return { id, event: null, payload, body };
}

/** Throws "validation" for what cannot be a header's name. */
export function checkHeaderName(field: string, name: unknown): asserts name is string {
  if (typeof name !== "string" || !/^[A-Za-z0-9_-]{1,100}$/.test(name)) {
    throw invalidOption(field, "the name of a header", name);
  }
}

export const invalidOption = (field: string, wanted: string, got: unknown): HeddleError =>
  new HeddleError("validation", `The verifier's ${field} must be ${wanted}; got ${shown(got)}.`, { field });

const shown = (value: unknown): string => (value === undefined ? "nothing" : JSON.stringify(value));
