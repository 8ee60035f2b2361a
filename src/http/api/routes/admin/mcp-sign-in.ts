// A person signs Heddle in at an MCP server.

import { Elysia, t } from "elysia";
import type { Caller } from "../../../../access/caller.ts";
import { ADMIN } from "../../../../access/scopes.ts";
import { McpServerId } from "../../../../mcp/fields.ts";
import type { Returned, SigningIn } from "../../../../oauth/returned.ts";
import { named } from "../../../../schema/openapi-schema.ts";
import { type Auth, senderName } from "../../../auth.ts";
import { bodyFailures, failures, type RouteOptions } from "../../route-options.ts";
import { type BrowserBaseOptions, browserBase } from "./browser-base.ts";
import { OAuthBegun, OAuthReturn } from "./oauth-return.ts";

const tag = "MCP servers";

const BegunAnswer = named("McpSignIn", OAuthBegun);
const Back = named("McpSignInReturn", OAuthReturn);

const FinishedAnswer = named(
  "McpSignedIn",
  t.Object({ mcp_server_id: t.String({ description: "The server at which Heddle is signed in now." }) }),
);

const Params = t.Object({ id: McpServerId });

export interface McpSignInRoutes extends BrowserBaseOptions {
  mcp: {
    signIn(id: string, by: SigningIn): Promise<{ url: string; expiresAt: Date }>;
    finishSignIn(returned: Returned, by: Omit<SigningIn, "base">): Promise<{ id: string }>;
    signOut(id: string): Promise<void>;
  };
  auth: Pick<Auth, "authenticate">;
  route: RouteOptions;
}

export function mcpSignInRoutes({ mcp, auth, route, ...at }: McpSignInRoutes) {
  const person = (caller: Caller) => ({ person: senderName(caller), name: caller.name });
  return new Elysia({ prefix: "/api/v1/admin", normalize: false })
    .post(
      "/mcp-servers/:id/sign-in",
      async ({ params, request }) => {
        const caller = await auth.authenticate(request);
        const base = browserBase(caller, at);
        const { url, expiresAt } = await mcp.signIn(params.id, { ...person(caller), base });
        return { url, expires_at: expiresAt.toISOString() };
      },
      {
        ...route.plain({
          scope: ADMIN,
          isGrave: true,
          tag,
          summary: "Begin to sign in at an MCP server",
          description:
            "Answers with the page of the server's authorization server, which sends the browser back to the page MCP servers. Whoever began it finishes it, within ten minutes.",
        }),
        params: Params,
        response: { 200: BegunAnswer, ...failures(403, 404, 409, 422, 502) },
      },
    )
    .post(
      "/mcp-sign-ins",
      async ({ body, request }) => {
        const { id } = await mcp.finishSignIn(body, person(await auth.authenticate(request)));
        return { mcp_server_id: id };
      },
      {
        ...route.json({
          scope: ADMIN,
          tag,
          summary: "Finish a sign-in at an MCP server",
          description:
            "With the parameters that the authorization server sent along. Each state counts once.",
          example: { state: "…", code: "…" },
        }),
        body: Back,
        response: { 200: FinishedAnswer, ...failures(...bodyFailures, 404, 409, 502) },
      },
    )
    .delete(
      "/mcp-servers/:id/sign-in",
      async ({ params, status }) => {
        await mcp.signOut(params.id);
        return status(204, undefined);
      },
      {
        ...route.plain({
          scope: ADMIN,
          tag,
          summary: "Sign out of an MCP server",
          description: "Heddle forgets its tokens. The authorization server may still list it as signed in.",
        }),
        params: Params,
        response: { 204: t.Void({ description: "Signed out." }), ...failures(403, 404, 409, 422) },
      },
    );
}
