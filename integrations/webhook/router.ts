import { Elysia } from "heddle/sdk";
import { findEndpoint } from "./endpoints/endpoints.ts";
import { endpointRoutes, presetRoutes } from "./endpoints/routes.ts";
import { receive } from "./receive.ts";
import { refuse, withoutReason } from "./refuse.ts";

export const router = new Elysia({ normalize: false })
  .use(endpointRoutes)
  .use(presetRoutes)
  .post(
    "/:name",
    async ({ params, request }) => {
      const endpoint = await findEndpoint(params.name);
      try {
        return await (endpoint?.enabled ? receive(endpoint, request) : refuse(request, endpoint));
      } catch (error) {
        throw withoutReason(error);
      }
    },
    // The signature covers the bytes of the body, so nothing may read them first.
    { parse: "none" },
  );
