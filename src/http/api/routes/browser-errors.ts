import { Elysia, t } from "elysia";
import type { Logger } from "../../../log.ts";
import type { Auth } from "../../auth.ts";
import { RateLimited } from "../../errors.ts";
import { createRateLimiter } from "../../rate-limit.ts";
import { bodyFailures, failures, type RouteOptions } from "../route-options.ts";
import { oneOf } from "../schemas.ts";

const text = (description: string) => t.String({ maxLength: 2_000, description });

/** A page that fails reports often; a few reports tell as much as many. */
const LIMIT = { perSecond: 0.2, burst: 20 };

export interface BrowserErrorRoutes {
  auth: Pick<Auth, "authenticate">;
  log: Logger;
  route: RouteOptions;
}

/** What goes wrong in the admin UI's pages, for the server's own log. */
export function browserErrorRoutes({ auth, log, route }: BrowserErrorRoutes) {
  const limiter = createRateLimiter(LIMIT);
  return new Elysia({ prefix: "/api/v1", normalize: false }).post(
    "/browser-errors",
    async ({ body, request }) => {
      const { name } = await auth.authenticate(request);
      const taken = limiter.take(name);
      if (!taken.allowed) {
        throw new RateLimited(
          "Too many errors have been reported; later ones are left out.",
          taken.retryAfterSeconds,
        );
      }
      log.warning("A page of the admin UI failed at {page}: {message}", { ...body, who: name });
      return { logged: true };
    },
    {
      ...route.json({
        scope: null,
        tag: "Overview",
        summary: "Report an error of the admin UI",
        description: "It is written to the server's log.",
        example: { kind: "error", message: "x is undefined", page: "/inbox" },
      }),
      body: t.Object(
        {
          kind: oneOf(["error", "policy"], "policy: the page's Content-Security-Policy refused something."),
          message: text("What the browser says."),
          stack: t.Optional(text("Where it happened.")),
          page: t.String({ maxLength: 500, description: "The path of the page." }),
        },
        { additionalProperties: false },
      ),
      response: {
        200: t.Object({ logged: t.Boolean({ description: "Always true." }) }),
        ...failures(...bodyFailures),
      },
    },
  );
}
