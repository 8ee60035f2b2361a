import { is, type Query } from "drizzle-orm";
import { PgTransaction } from "drizzle-orm/pg-core";
import { type Queryable, rowsOf } from "./database.ts";
import { parameter } from "./parameter.ts";

/** What drizzle prepares. `fields` and `joinsNotNullableMap` say how its rows are read; the types leave them out. */
interface Statement {
  getQuery(): Query;
  fields?: unknown;
  joinsNotNullableMap?: unknown;
}

/**
 * Returns a function that gives the statement, built once instead of at each run: drizzle needs up to 0.2 ms for the text of a
 * long one. Its values are `sql.placeholder(name)`; one for a column of JSON or of a time must not be null, which drizzle would
 * encode as well.
 */
export function prepared<Made extends Statement>(
  build: (query: Queryable) => { prepare(name: string): Made },
): (query: Queryable) => Made {
  const ofDatabases = new WeakMap<Queryable, Made>();
  let first: Made | undefined;
  return (query) => {
    const earlier = ofDatabases.get(query);
    if (earlier !== undefined) return earlier;
    // The name is not used: the driver itself decides what it prepares (see postgres-js.ts).
    const statement = first ? onceMore(first, query) : build(query).prepare("");
    first ??= statement;
    if (!is(query, PgTransaction)) ofDatabases.set(query, statement);
    return statement;
  };
}

/** The same text, run by another database or transaction. */
function onceMore<Made extends Statement>(made: Made, query: Queryable): Made {
  const { session } = query._;
  const { fields, joinsNotNullableMap } = made;
  const statement = session.prepareQuery(made.getQuery(), fields as never, undefined, true);
  return Object.assign(statement, { joinsNotNullableMap }) as unknown as Made;
}

/** Runs SQL text with `$1` placeholders, of which nothing is built. JSON is passed as an object or as text. */
export async function runText<Row>(query: Queryable, text: string, values: unknown[]): Promise<Row[]> {
  const { session } = query._;
  const given = { sql: text, params: values.map(parameter) };
  return rowsOf<Row>(await session.prepareQuery(given, undefined, undefined, false).execute());
}
