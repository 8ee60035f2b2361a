// Tables in authors' tests: PGlite, which is PostgreSQL in the test's own process.

import { AS_TEXT, type DriverResult, type RunStatement } from "./tables.ts";
import { testSeam } from "./test-seam.ts";
import type { PublishedEvent } from "./types.ts";

/** What a test needs of a database: `new PGlite()` of "@electric-sql/pglite" fits. */
export interface TestDatabase {
  /** Calls `work` in a transaction. */
  transaction<Result>(work: (tx: TestTransaction) => Promise<Result>): Promise<Result>;
}

/** A transaction of a `TestDatabase`. */
export interface TestTransaction {
  /** Runs one statement. */
  query(
    text: string,
    values?: unknown[],
    options?: {
      /** How values of a type (by PostgreSQL's number of it) are read. */
      parsers: Record<number, (text: string) => unknown>;
    },
  ): Promise<{ rows: unknown[]; fields: { name: string; dataTypeID: number }[] }>;
}

/**
 * Has the tables of `defineTables` in this database from now on: `useTables(new PGlite())`, with the package "@electric-sql/pglite".
 * `undefined` takes it back.
 */
export function useTables(database: TestDatabase | undefined): void {
  testSeam().tables = database && {
    schema: "integration_test",
    async begin(work) {
      const published: PublishedEvent[] = [];
      const result = await database.transaction((tx) =>
        work(runIn(tx), async (event) => void published.push(event)),
      );
      for (const event of published) await testSeam().services?.publish?.(event);
      return result;
    },
  };
}

const parsers = Object.fromEntries(AS_TEXT.map((type) => [type, String]));

const runIn =
  ({ query }: TestTransaction): RunStatement =>
  async (text, values): Promise<DriverResult> => {
    const { rows, fields } = await query(text, [...values], { parsers });
    return {
      rows: rows as Record<string, unknown>[],
      types: Object.fromEntries(fields.map(({ name, dataTypeID }) => [name, dataTypeID])),
    };
  };
