import { Elysia, log } from "heddle/sdk";
import { Refused } from "./refused.ts";
import { boardRoutes } from "./routes/board.ts";
import { channelRoutes } from "./routes/channels.ts";
import { generalRoutes } from "./routes/general.ts";
import { planRoutes } from "./routes/plans.ts";

/** The manifest says which scopes they need: mission_control:read, and :write for what changes something. */
export const router = new Elysia()
  .onError(({ error, code, status }) => {
    const said = error as { name?: unknown; code?: unknown; status?: unknown; message?: unknown };
    // Errors of the SDK have a status of their own, as Refused has.
    if (error instanceof Refused || said.name === "HeddleError") {
      return status(said.status as 404, { error: { code: said.code, message: said.message } });
    }
    // What a schema refuses and what is not found is answered as everywhere.
    if (code !== "UNKNOWN") return;
    log.error("A route of Mission Control failed", { error: String(said.message) });
    return status(500, { error: { code: "internal", message: "It failed; the log has the reason." } });
  })
  .use(generalRoutes)
  .use(boardRoutes)
  .use(planRoutes)
  .use(channelRoutes);
