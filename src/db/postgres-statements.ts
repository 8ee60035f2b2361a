// postgres.js asks the server for a statement's types before each run, unless the statement is a prepared one, and
// drizzle prepares only what is told to. Preparing what comes by text saves a round trip and the planning.

import type { Sql } from "postgres";

/** On each connection. Texts beyond these (lists of varying length) run unprepared, so that memory stays bounded. */
const MOST_STATEMENTS = 256;

type Unsafe = (text: string, values?: unknown[], options?: Record<string, unknown>) => unknown;
type Scope = (...args: unknown[]) => unknown;

interface Runner {
  unsafe: Unsafe;
  begin?: Scope;
  savepoint?: Scope;
}

/** Changes the client, and what it hands to the functions of `begin` and `savepoint`. `?prepare=false` in the URL wins. */
export function prepareStatements(client: Sql): void {
  const seen = new Set<string>();
  change(client as unknown as Runner, (text) => {
    if (seen.size < MOST_STATEMENTS) seen.add(text);
    return seen.has(text);
  });
}

function change(runner: Runner, isWorthIt: (text: string) => boolean): void {
  const { unsafe, begin, savepoint } = runner;
  runner.unsafe = (text, values = [], options = {}) =>
    unsafe(text, values, {
      ...options,
      prepare: (values.length > 0 || options.simple === false) && isWorthIt(text),
    });
  // Both take their function last.
  const scoped =
    (scope: Scope): Scope =>
    (...args) =>
      scope(
        ...args.map((arg) =>
          typeof arg === "function"
            ? (inner: Runner) => {
                change(inner, isWorthIt);
                return arg(inner);
              }
            : arg,
        ),
      );
  if (begin) runner.begin = scoped(begin);
  if (savepoint) runner.savepoint = scoped(savepoint);
}
