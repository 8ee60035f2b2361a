import { Elysia } from "heddle/sdk";
import { Refused } from "./refused.ts";
import { boardRoutes } from "./routes/board.ts";
import { channelRoutes } from "./routes/channels.ts";
import { generalRoutes } from "./routes/general.ts";
import { planRoutes } from "./routes/plans.ts";

/** The manifest says which scopes they need: mission_control:read, and :write for what changes something. */
export const router = new Elysia()
  .onError(({ error, status }) => {
    // Every other error is answered by the server.
    if (!(error instanceof Refused)) return undefined;
    return status(error.status, { error: { code: error.code, message: error.message } });
  })
  .use(generalRoutes)
  .use(boardRoutes)
  .use(planRoutes)
  .use(channelRoutes);
