import { Elysia } from "heddle/sdk";
import { findEndpoint } from "./endpoints/endpoints.ts";
import { endpointRoutes } from "./endpoints/routes.ts";
import { receive } from "./receive.ts";

export const router = new Elysia({ normalize: false }).use(endpointRoutes).post(
  "/:name",
  async ({ params, request, status }) => {
    const endpoint = await findEndpoint(params.name);
    if (endpoint?.enabled) return receive(endpoint, request);
    return status(404, { error: { code: "not_found", message: "There is no such endpoint." } });
  },
  // The signature is over the bytes of the body, so nothing may read it first.
  { parse: "none" },
);
