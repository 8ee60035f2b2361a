// Prepares the PostgreSQL statements. postgres.js queries a statement's types before each run unless it is prepared,
// and drizzle prepares only on request. Preparing repeated texts saves a round trip and the planning.

import type { Sql } from "postgres";

/** Per connection. Texts beyond this number (lists of varying length) run unprepared, so that memory stays bounded. */
const MAX_STATEMENTS = 256;

type Unsafe = (text: string, values?: unknown[], options?: Record<string, unknown>) => unknown;
type Scope = (...args: unknown[]) => unknown;

interface Runner {
  unsafe: Unsafe;
  begin?: Scope;
  savepoint?: Scope;
}

/**
 * Modifies the client, and the clients passed to the callbacks of `begin` and `savepoint`. `?prepare=false` in the URL
 * takes precedence.
 */
export function prepareStatements(client: Sql): void {
  const seen = new Set<string>();
  patch(client as unknown as Runner, (text) => {
    if (seen.size < MAX_STATEMENTS) seen.add(text);
    return seen.has(text);
  });
}

function patch(runner: Runner, shouldPrepare: (text: string) => boolean): void {
  const { unsafe, begin, savepoint } = runner;
  runner.unsafe = (text, values = [], options = {}) =>
    unsafe(text, values, {
      ...options,
      prepare: (values.length > 0 || options.simple === false) && shouldPrepare(text),
    });
  // `begin` and `savepoint` take their callback as the last argument.
  const scoped =
    (scope: Scope): Scope =>
    (...args) =>
      scope(
        ...args.map((arg) =>
          typeof arg === "function"
            ? (inner: Runner) => {
                patch(inner, shouldPrepare);
                return arg(inner);
              }
            : arg,
        ),
      );
  if (begin) runner.begin = scoped(begin);
  if (savepoint) runner.savepoint = scoped(savepoint);
}
