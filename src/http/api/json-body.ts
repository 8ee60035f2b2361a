// Reads the JSON body of an API request: checks its type, limits its size, and keeps only text that can be stored.

import { storable, storableJson } from "../../db/storable.ts";
import { HeddleError } from "../../errors.ts";
import { parseJson } from "../../schema/json-text.ts";
import { type ReadBody, readBody } from "../gateway/read-body.ts";

export const API_BODY_LIMIT = 10 * 1024 * 1024;
/** JSON escapes for NUL and surrogates. */
const SUSPECT = /\\u(0000|d[89a-f])/i;

/** Throws `unsupported_media_type`, `payload_too_large` or `bad_request`. */
export async function readJson(
  request: Request,
  limit = API_BODY_LIMIT,
  lease?: ReadBody["lease"],
): Promise<unknown> {
  const mediaType = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (mediaType !== "application/json" && !/^application\/[a-z0-9.-]+\+json$/.test(mediaType)) {
    throw new HeddleError(
      "unsupported_media_type",
      "The body must be JSON, with the header Content-Type: application/json.",
    );
  }
  const text = decode(await readBody(request, { limit, lease }));
  if (text.trim() === "")
    throw new HeddleError("bad_request", "The body must be a JSON object; got an empty one.");
  const value = parseJson(text);
  if (!SUSPECT.test(text)) return value;
  refuseUnstorableNames(value);
  return storableJson(value);
}

/** Fields whose text serves as a lookup key: client_id, idempotency_key, carapaces, name. */
const NAMING = /(^|_)(id|ids|key|keys|name|type|source|model)$/;

/**
 * Characters that cannot be stored are replaced by U+FFFD, which could make two different names equal; so names with
 * such characters are refused. Only the top level of the body is checked: deeper fields name nothing in this server.
 */
function refuseUnstorableNames(value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  for (const [field, inner] of Object.entries(value)) {
    const names = Array.isArray(inner) ? inner : [inner];
    if (!NAMING.test(field) && !Array.isArray(inner)) continue;
    for (const name of names) {
      if (typeof name === "string" && storable(name) !== name) {
        throw new HeddleError(
          "validation",
          `${field} must not contain NUL characters or halves of surrogate pairs; got ${JSON.stringify(storable(name))}.`,
          { field },
        );
      }
    }
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new HeddleError("bad_request", "The body must be UTF-8.", { cause });
  }
}
