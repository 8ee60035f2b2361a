// Restores the rows that a database began with. A database in which a test has changed more than rows (a table, a trigger,
// a setting of the database) cannot be reset.

import type { Database } from "../src/db/database.ts";

/** Deleted rows remain in the files as dead tuples; more of them than this would slow the next test down. */
const MOST_ROWS = 2_000;

const OWN_SCHEMAS =
  "relnamespace::regnamespace::text not in ('pg_catalog', 'pg_toast', 'information_schema')";

const TABLES = `select format('%I.%I', relnamespace::regnamespace, relname) as name from pg_class
  where relkind = 'r' and ${OWN_SCHEMAS} order by 1`;

/** A hash of everything that statements other than INSERT, UPDATE and DELETE may change. */
const STRUCTURE = `select md5(concat_ws('|',
  (select string_agg(concat_ws(',', oid, relname, relnatts, relchecks, relhastriggers, relacl, reloptions), ';' order by oid)
    from pg_class where ${OWN_SCHEMAS}),
  (select string_agg(concat_ws(',', attrelid, attname, atttypid, attnotnull, atthasdef), ';' order by attrelid, attnum)
    from pg_attribute where attrelid >= 16384),
  (select string_agg(concat_ws(',', oid, conname), ';' order by oid) from pg_constraint where oid >= 16384),
  (select string_agg(concat_ws(',', oid, tgenabled), ';' order by oid) from pg_trigger),
  (select string_agg(concat_ws(',', oid, md5(prosrc)), ';' order by oid) from pg_proc where oid >= 16384),
  (select string_agg(concat_ws(',', setdatabase, setrole, setconfig), ';') from pg_db_role_setting
    where setdatabase = (select oid from pg_database where datname = current_database())),
  (select concat_ws(',', datallowconn, datconnlimit, datacl) from pg_database where datname = current_database())
)) as structure`;

const SEQUENCES = "select format('%I.%I', schemaname, sequencename) as name from pg_sequences order by 1";

/** Resolves to true when the database was reset, and to false when that is not possible. */
export type Reset = () => Promise<boolean>;

/** Records the current state as the one to return to. */
export async function createReset({ execute }: Database): Promise<Reset> {
  const column = async (text: string, name: string) =>
    (await execute(text)).rows.map((row) => String(row[name]));

  const structure = await column(STRUCTURE, "structure");
  const tables = await column(TABLES, "name");
  const sequences = await column(SEQUENCES, "name");
  const counts = async (): Promise<[table: string, count: number][]> => {
    const counted = tables.map(
      (name) => `(select count(*) from (select from ${name} limit ${MOST_ROWS + 1}) t)`,
    );
    const found = await column(`select unnest(array[${counted.join(", ")}]) as count`, "count");
    return tables.map((name, at) => [name, Number(found[at])]);
  };
  const filled = (await counts()).flatMap(([name, count]) => (count > 0 ? [name] : []));
  const contents = async (): Promise<string[]> => {
    const read = filled.map((name) => `(select json_agg(t)::text from ${name} t)`);
    return column(`select unnest(array[${read.join(", ")}]) as rows`, "rows");
  };
  const positions = async (): Promise<string[]> => {
    const read = sequences.map(
      (name) => `(select format('select setval(%L, %s, %L)', '${name}', last_value, is_called) from ${name})`,
    );
    return column(`select unnest(array[${read.join(", ")}]) as position`, "position");
  };
  const firstContents = await contents();
  const firstPositions = await positions();

  return async () => {
    if ((await column(STRUCTURE, "structure"))[0] !== structure[0]) return false;
    const counted = await counts();
    if (counted.some(([, count]) => count > MOST_ROWS)) return false;
    const now = await contents();
    const changed = filled.filter((_, at) => now[at] !== firstContents[at]);
    const added = counted.flatMap(([name, count]) => (count > 0 && !filled.includes(name) ? [name] : []));
    const moved = (await positions()).flatMap((position, at) =>
      position === firstPositions[at] ? [] : [firstPositions[at]],
    );
    const statements = [
      // Triggers enforce foreign keys, and they do not fire for a replica.
      "set local session_replication_role = replica",
      ...[...added, ...changed].map((name) => `delete from ${name}`),
      ...changed.map((name) => {
        const rows = firstContents[filled.indexOf(name)]?.replaceAll("'", "''");
        return `insert into ${name} select * from json_populate_recordset(null::${name}, '${rows}')`;
      }),
      ...moved,
    ];
    await execute(`BEGIN; ${statements.join("; ")}; COMMIT;`);
    return true;
  };
}
