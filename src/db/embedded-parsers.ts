// How the embedded database reads times. Drizzle wants them as text and says so with each statement, for which PGlite copies its
// table of parsers, with an entry for each type and its arrays: on short statements that is half of the time. So times are text
// for everybody here, and whoever wants dates gets them made of the results.

import { type PGlite, type Results, types } from "@electric-sql/pglite";

/** What Drizzle wants as text, and of arrays the type of what is in them. */
const TEXTS = new Map<number, number | undefined>([
  [types.TIMESTAMP, undefined],
  [types.TIMESTAMPTZ, undefined],
  [types.INTERVAL, undefined],
  [types.DATE, undefined],
  [1115, types.TIMESTAMP],
  [1185, types.TIMESTAMPTZ],
  [1187, types.INTERVAL],
  [1182, types.DATE],
  // Of numbers.
  [1231, undefined],
]);

type Query = PGlite["query"];
type Parse = PGlite["parsers"][number];

const same: Parse = (value) => value;

/** Modifies the client, once it is ready. Returns a function that gives results as PGlite itself would have. */
export function keepTexts(client: PGlite): <Row>(results: Results<Row>) => Results<Row> {
  const usual = new Map(Array.from(TEXTS.keys(), (type) => [type, client.parsers[type] ?? same]));
  for (const type of TEXTS.keys()) client.parsers[type] = same;
  const readValue = (text: string, type: number): unknown => {
    const parsed = usual.get(type)?.(text, type);
    const element = TEXTS.get(type);
    return element === undefined ? parsed : each(parsed, (inner) => usual.get(element)?.(inner, element));
  };
  client.query = withoutParsers(client.query.bind(client));
  const transaction: PGlite["transaction"] = client.transaction.bind(client);
  client.transaction = (work) =>
    transaction((tx) => {
      tx.query = withoutParsers(tx.query);
      return work(tx);
    });
  return (results) => {
    for (const { name, dataTypeID } of results.fields) {
      if (!usual.has(dataTypeID)) continue;
      for (const row of results.rows as Record<string, unknown>[]) {
        if (typeof row[name] === "string") row[name] = readValue(row[name], dataTypeID);
      }
    }
    return results;
  };
}

/** PGlite's reader of arrays leaves what is in them to the table of parsers, which says now that it is text. */
const each = (value: unknown, read: (text: string) => unknown): unknown =>
  Array.isArray(value)
    ? value.map((inner) => each(inner, read))
    : typeof value === "string"
      ? read(value)
      : value;

/** Drizzle asks for nothing else. */
const withoutParsers = (query: Query): Query =>
  ((text, values, { parsers: _same, ...options } = {}) => query(text, values, options)) as Query;
