// What verifiers read of a request: its body as bytes, up to a limit, and its headers, strictly.

import { Buffer } from "node:buffer";
import { HeddleError } from "../../errors.ts";
import { parseJson } from "../../schema/json-text.ts";
import type { JsonObject } from "../json.ts";
import { refused } from "./secrets.ts";

/** A request whose body has been read. */
export interface Received {
  headers: Headers;
  /** As they were signed. */
  bytes: Uint8Array;
}

export async function readBytes(request: Request, limit: number): Promise<Uint8Array> {
  if (request.bodyUsed) {
    throw new HeddleError(
      "internal",
      "The body was read before it could be verified: take `request` in the handler, and not `body`",
    );
  }
  const announced = Number(request.headers.get("content-length") ?? Number.NaN);
  if (announced > limit) throw tooLarge(limit);
  // An announced body cannot be longer than that, and counting costs about as much as reading.
  if (!(announced > 0)) return readCounting(request, limit);
  const bytes = new Uint8Array(await request.arrayBuffer());
  if (bytes.byteLength > limit) throw tooLarge(limit);
  return bytes;
}

async function readCounting(request: Request, limit: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop cancels the rest.
  for await (const part of (request.body ?? []) as AsyncIterable<Uint8Array>) {
    size += part.byteLength;
    if (size > limit) throw tooLarge(limit);
    parts.push(part);
  }
  return parts.length === 1 && parts[0] ? parts[0] : Buffer.concat(parts);
}

const tooLarge = (limit: number) =>
  new HeddleError("payload_too_large", `The body is larger than ${limit.toLocaleString("en")} bytes`);

/** The value of a header that proves something. Throws "invalid_signature" when it is missing. */
export function proofHeader({ headers }: Received, name: string): string {
  const value = headers.get(name);
  if (!value) throw refused(`The header ${name} is missing`);
  return value;
}

/** One word without anything that another spelling of it could differ in: a header given twice has a comma. */
const ID = /^[A-Za-z0-9._:@=+/-]{1,200}$/;
const SHOUTED_UUID = /^(?=.*[A-F])[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;

/**
 * The id of an event that its scheme does not sign; null when the header is absent. Throws "bad_request" for one that
 * could be a respelling of another, so that a copy has no new id. `smallLetters`: the sender writes UUIDs so.
 */
export function idHeader({ headers }: Received, name: string, { smallLetters = false } = {}): string | null {
  const id = headers.get(name);
  if (id === null || id === "") return null;
  if (!ID.test(id) || (smallLetters && SHOUTED_UUID.test(id))) {
    throw new HeddleError("bad_request", `The header ${name} is not an id as its sender writes it`);
  }
  return id;
}

/** The name of an event; throws "bad_request" when it is missing, or given twice. */
export function eventHeader({ headers }: Received, name: string): string {
  const event = headers.get(name);
  if (!event) throw new HeddleError("bad_request", `The header ${name} is missing`);
  if (event.includes(",")) throw new HeddleError("bad_request", `The header ${name} is there twice`);
  return event;
}

/** "application/json" of "Application/JSON; charset=utf-8"; null without one. */
export function mediaType({ headers }: Received): string | null {
  return headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() || null;
}

export const FORM = "application/x-www-form-urlencoded";

/** The body as text. Throws "bad_request" when it is empty or not UTF-8: other bytes have no text of their own. */
export function bodyText({ bytes }: Received): string {
  if (bytes.length === 0) throw new HeddleError("bad_request", "The body is empty");
  try {
    // A byte order mark stays: it was signed, too.
    return new TextDecoder("utf-8", { ignoreBOM: true, fatal: true }).decode(bytes);
  } catch (cause) {
    throw new HeddleError("bad_request", "The body is not UTF-8", { cause });
  }
}

/** A form's fields; of one that comes twice the last. */
export const formFields = (body: string): JsonObject => Object.fromEntries(new URLSearchParams(body));

export function jsonObject(text: string): JsonObject {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new HeddleError("bad_request", "The body is not a JSON object");
  }
  return value as JsonObject;
}
