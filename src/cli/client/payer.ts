// Has the running server's budgets pay for what evals ask of a real model.

import type { Payer } from "../../authoring/eval/replay.ts";
import { HeddleError } from "../../errors.ts";
import type { Connection } from "./connect.ts";

const CALLS = "/api/v1/evals/calls";

/** Undefined if no server runs, because there are no budgets then. Throws if the key may not ask it. */
export async function payerAt(connect: () => Connection): Promise<Payer | undefined> {
  let server: Connection;
  try {
    server = connect();
    await server.get("/api/v1/evals?limit=1");
  } catch (error) {
    if (error instanceof HeddleError && (error.code === "config" || error.code === "unavailable"))
      return undefined;
    throw error;
  }
  return {
    begin: async (call) => ((await server.post(CALLS, call)) as { id: string }).id,
    async renew(id) {
      await server.post(`${CALLS}/renew`, { id });
    },
    async end(id, call) {
      await server.post(`${CALLS}/record`, { id, ...call });
    },
  };
}
