// Reads the JSON body of an API request: the right type, a bounded size, and only text that can be stored.

import { HeddleError } from "../errors.ts";
import { parseJson } from "../json-text.ts";
import { storableJson } from "../storable.ts";
import { readBody } from "./read-body.ts";

const API_BODY_LIMIT = 10 * 1024 * 1024;
/** How JSON writes NUL and halves of surrogate pairs. */
const SUSPECT = /\\u(0000|d[89a-f])/i;

/** Throws `unsupported_media_type`, `payload_too_large` or `bad_request`. */
export async function readJson(request: Request): Promise<unknown> {
  const mediaType = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (mediaType !== "application/json" && !/^application\/[a-z0-9.-]+\+json$/.test(mediaType)) {
    throw new HeddleError("unsupported_media_type", "Send JSON, with Content-Type: application/json.");
  }
  const text = decode(await readBody(request, { limit: API_BODY_LIMIT }));
  if (text.trim() === "") throw new HeddleError("bad_request", "The body is empty; send a JSON object.");
  const value = parseJson(text);
  return SUSPECT.test(text) ? storableJson(value) : value;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new HeddleError("bad_request", "The body is not UTF-8.", { cause });
  }
}
