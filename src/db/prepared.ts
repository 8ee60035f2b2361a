import { is, type Query } from "drizzle-orm";
import { PgTransaction } from "drizzle-orm/pg-core";
import { type Queryable, rowsOf } from "./database.ts";
import { parameter } from "./parameter.ts";

/** How the rows of a statement are read. drizzle's types leave it out. */
interface Reading {
  fields?: unknown;
  joinsNotNullableMap?: unknown;
}

/** What drizzle prepares, for one database or one transaction. */
interface Statement extends Reading {
  getQuery(): Query;
}

/** What of it does not depend on the database. */
interface Built extends Reading {
  query: Query;
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
  let built: Built | undefined;
  return (query) => {
    const earlier = ofDatabases.get(query);
    if (earlier !== undefined) return earlier;
    // The name is not used: the driver itself decides what it prepares (see postgres-js.ts).
    const statement = built ? (statementOf(built, query) as Made) : build(query).prepare("");
    built ??= builtOf(statement);
    if (!is(query, PgTransaction)) ofDatabases.set(query, statement);
    return statement;
  };
}

function builtOf(statement: Statement): Built {
  const { fields, joinsNotNullableMap } = statement;
  return { query: statement.getQuery(), fields, joinsNotNullableMap };
}

/** The same text, run by another database or transaction. */
function statementOf({ query: text, fields, joinsNotNullableMap }: Built, query: Queryable): Statement {
  const statement = query._.session.prepareQuery(text, fields as never, undefined, true);
  return Object.assign(statement, { joinsNotNullableMap });
}

/**
 * Runs SQL text with `$1` placeholders, of which nothing is built. JSON is passed as an object or as its text; a list becomes an
 * array of the database.
 */
export async function runText<Row>(query: Queryable, text: string, values: unknown[]): Promise<Row[]> {
  const { session } = query._;
  const given = { sql: text, params: values.map(parameter) };
  return rowsOf<Row>(await session.prepareQuery(given, undefined, undefined, false).execute());
}
