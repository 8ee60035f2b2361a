import type { Sql } from "postgres";

/**
 * drizzle runs every query through `unsafe`, which has the server parse and plan it anew each time. Heddle's
 * statements are few and come again, so they are prepared: once for each connection.
 */
export function preparing<Client extends Sql>(client: Client): Client {
  const { unsafe, begin, savepoint } = client as unknown as Record<string, Callable | undefined>;
  return Object.assign(client, {
    unsafe: (text: string, values: unknown[] = [], options: object = {}) =>
      // Without values several statements may stand in one text, which cannot be prepared.
      unsafe?.(text, values, { ...options, prepare: values.length > 0 }),
    begin: (act: (tx: Client) => unknown) => begin?.((tx: Client) => act(preparing(tx))),
    ...(savepoint && {
      savepoint: (act: (tx: Client) => unknown) => savepoint((tx: Client) => act(preparing(tx))),
    }),
  });
}

// biome-ignore lint/suspicious/noExplicitAny: the driver overloads these in ways that do not matter here
type Callable = (...args: any[]) => unknown;
