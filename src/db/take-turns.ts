// Lets other work have its turn between the statements of the embedded database. PGlite runs a statement within the call and
// hands out results in microtasks, so that statements that wait for each other's end, or whose callers go on at once with the
// next, would follow each other without the event loop coming to a single timer or request: 1,000 of them kept it for seconds.

import { setImmediate } from "node:timers/promises";
import type { PGlite } from "@electric-sql/pglite";

/** First bytes of the messages that begin a statement: Parse and Query. */
const BEGINS = [0x50, 0x51];
/** Long enough that the wait costs nothing, short enough that nobody notices it. */
const EVERY_MS = 10;

/** Modifies the client. */
export function takeTurns(client: PGlite, now: () => number = () => performance.now()): void {
  const execute: PGlite["execProtocolStream"] = client.execProtocolStream.bind(client);
  let lastTurn = now();
  client.execProtocolStream = async (message, options) => {
    if (BEGINS.includes(message[0] ?? 0) && now() - lastTurn > EVERY_MS) {
      // PGlite runs nothing else meanwhile: the statement has the database already.
      await setImmediate();
      lastTurn = now();
    }
    return execute(message, options);
  };
}
