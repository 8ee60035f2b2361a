// What the schemes that belong to no vendor have in common: the body as text, and an id in a header.

import { HeddleError } from "../../errors.ts";
import { parseJson } from "../../schema/json-text.ts";
import { bodyText, FORM, formFields, idHeader, mediaType, type Received } from "./request.ts";
import type { FieldSchema, Signing, VerifiedWebhook } from "./scheme.ts";

/** A verified request of a scheme that belongs to no vendor. */
export interface PlainWebhook {
  /** The sender's id of the event, from the header that the options name; null if there is none. */
  id: string | null;
  /** The body exactly as it was sent. */
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

/** Reads id and body. `mayBeEmpty` is for senders without data, such as a button that was pressed. */
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

/** Parses the payload by its content type: JSON, a form's fields, or the text. */
export function generalOf({ id, body }: PlainWebhook, received: Received): VerifiedWebhook {
  const type = mediaType(received);
  const isJson = type === null || type === "application/json" || type.endsWith("+json");
  if (body === "") return { id, event: null, payload: null, body };
  const payload = isJson ? parseJson(body) : type === FORM ? formFields(body) : body;
  return { id, event: null, payload, body };
}

/** Throws "validation" for an invalid header name. */
export function checkHeaderName(field: string, name: unknown): asserts name is string {
  if (typeof name !== "string" || !/^[A-Za-z0-9_-]{1,100}$/.test(name)) {
    throw invalidOption(field, "the name of a header", name);
  }
}

export const invalidOption = (field: string, wanted: string, got: unknown): HeddleError =>
  new HeddleError("validation", `The verifier's ${field} must be ${wanted}; got ${shown(got)}.`, { field });

const shown = (value: unknown): string => (value === undefined ? "nothing" : JSON.stringify(value));
