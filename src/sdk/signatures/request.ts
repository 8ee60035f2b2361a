// Reads a request for verifiers: the body's bytes up to a limit, and headers strictly.

import { Buffer } from "node:buffer";
import { HeddleError } from "../../errors.ts";
import { parseJson } from "../../schema/json-text.ts";
import type { JsonObject } from "../json.ts";
import { refused } from "./secrets.ts";

/** A request whose body has been read. */
export interface Received {
  headers: Headers;
  /** The exact bytes that were signed. */
  bytes: Uint8Array;
}

export async function readBytes(request: Request, limit: number): Promise<Uint8Array> {
  if (request.bodyUsed) {
    throw new HeddleError(
      "internal",
      'The body was read before it could be verified: use `request` in the handler instead of `body`, and { parse: "none" } on the route.',
    );
  }
  const announced = Number(request.headers.get("content-length") ?? Number.NaN);
  if (announced > limit) throw tooLarge(limit);
  // A body cannot exceed its announced length, and counting costs about as much as reading.
  if (!(announced > 0)) return readCounting(request, limit);
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.byteLength > limit) throw tooLarge(limit);
  return bytes;
}

async function readCounting(request: Request, limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the stream.
  for await (const part of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    size += part.byteLength;
    if (size > limit) throw tooLarge(limit);
    parts.push(part);
  }
  return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
}

const tooLarge = (limit: number) =>
  new HeddleError(
    "payload_too_large",
    `The body must not be larger than ${limit.toLocaleString("en")} bytes.`,
  );

/** Returns the value of a header that authenticates the sender. Throws "invalid_signature" if it is missing. */
export function proofHeader({ headers }: Received, name: string): string {
  const value = headers.get(name);
  if (!value) throw refused(`The header ${name} is missing.`);
  return value;
}

/** One word that has only one spelling; a header that was sent twice contains a comma. */
const ID = /^[A-Za-z0-9._:@=+/-]{1,200}$/;
const SHOUTED_UUID = /^(?=.*[A-F])[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;

/**
 * Returns the id of an event that its scheme does not sign; null if the header is absent. Throws "bad_request" for an
 * id that could be another spelling of one seen before, so that a copy cannot get a new id. `smallLetters` is for
 * senders that write UUIDs in lower case.
 */
export function idHeader({ headers }: Received, name: string, { smallLetters = false } = {}): string | null {
  const id = headers.get(name);
  if (id === null || id === "") return null;
  if (!ID.test(id) || (smallLetters && SHOUTED_UUID.test(id))) {
    throw new HeddleError("bad_request", `The header ${name} must be an id as its sender writes it.`);
  }
  return id;
}

/** Returns the name of an event; throws "bad_request" if the header is missing or was sent twice. */
export function eventHeader({ headers }: Received, name: string): string {
  const event = headers.get(name);
  if (!event) throw new HeddleError("bad_request", `The header ${name} is missing.`);
  if (event.includes(",")) throw new HeddleError("bad_request", `The header ${name} must be sent only once.`);
  return event;
}

/** Returns "application/json" for "Application/JSON; charset=utf-8"; null if there is no content type. */
export function mediaType({ headers }: Received): string | null {
  return headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() || null;
}

export const FORM = "application/x-www-form-urlencoded";

/** Returns the body as text. Throws "bad_request" if it is empty or not UTF-8. */
export function bodyText({ bytes }: Received): string {
  if (bytes.length === 0) throw new HeddleError("bad_request", "The body must not be empty.");
  try {
    // A byte order mark is kept, because it was signed too.
    return new TextDecoder("utf-8", { ignoreBOM: true, fatal: true }).decode(bytes);
  } catch (cause) {
    throw new HeddleError("bad_request", "The body must be UTF-8.", { cause });
  }
}

/** Returns a form's fields; of a repeated field, the last value. */
export const formFields = (body: string): JsonObject => Object.fromEntries(new URLSearchParams(body));

export function jsonObject(text: string): JsonObject {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new HeddleError("bad_request", "The body must be a JSON object.");
  }
  return value as JsonObject;
}
