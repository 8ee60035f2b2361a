// The rows of a list of a running server, over all of its pages.

import type { Connection } from "./connect.ts";

/** `path` may have a query; `key` is the name of the list in the answer. */
export async function* rowsOf<Row>(
  server: Pick<Connection, "get">,
  path: string,
  key: string,
): AsyncGenerator<Row> {
  const begin = path.includes("?") ? "&" : "?";
  let cursor: unknown = null;
  do {
    const after = cursor === null ? "" : `${begin}cursor=${encodeURIComponent(String(cursor))}`;
    const page = (await server.get(`${path}${after}`)) as Record<string, unknown>;
    yield* page[key] as Row[];
    cursor = page.next_cursor ?? null;
  } while (cursor !== null);
}
