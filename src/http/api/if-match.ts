// Changing only what is still as it was read: the version of an object is its `updated_at`, in the headers ETag and If-Match.

import { t } from "elysia";
import type { AsRead } from "../../db/as-read.ts";

/** Spread into a route that changes an object with an `updated_at`. */
export const IF_MATCH = {
  headers: t.Object({
    "if-match": t.Optional(
      t.String({
        maxLength: 1_000,
        description:
          "The ETag of the object as it was read, which is its `updated_at` in quotation marks. If it has changed since, nothing is stored (412).",
      }),
    ),
  }),
};

/** The versions of a header such as `"2026-11-29T10:00:00.000Z"`. Undefined: any will do. */
export function asRead(headers: { "if-match"?: string | undefined }): AsRead {
  const { "if-match": header } = headers;
  if (header === undefined || header.trim() === "*") return undefined;
  // Proxies that compress make a tag weak, which changes nothing here.
  return header.split(",").map((tag) => tag.trim().replace(/^W\//, "").replaceAll('"', ""));
}

interface Answered {
  response: unknown;
  set: { headers: Record<string, unknown> };
}

/** Gives the answer with an object's version the header for it. */
export function nameVersion({ response, set }: Answered): undefined {
  const { updated_at } = (response ?? {}) as { updated_at?: unknown };
  if (typeof updated_at === "string") set.headers.etag = `"${updated_at}"`;
}
