// A person signs Heddle in at an MCP server.

import { Elysia, t } from "elysia";
import type { Caller } from "../../../../access/caller.ts";
import { ADMIN } from "../../../../access/scopes.ts";
import { HeddleError } from "../../../../errors.ts";
import { McpServerId } from "../../../../mcp/fields.ts";
import type { Returned, SigningIn } from "../../../../mcp/oauth/sign-in.ts";
import { named } from "../../../../schema/openapi-schema.ts";
import { type Auth, senderName } from "../../../auth.ts";
import { isLoopback } from "../../../same-origin.ts";
import { bodyFailures, failures, type RouteOptions } from "../../route-options.ts";
import { InstantOf } from "../../schemas.ts";

const tag = "MCP servers";

const BegunAnswer = named(
  "McpSignIn",
  t.Object({
    url: t.String({ description: "Where the person's browser is to go." }),
    expires_at: InstantOf("Until when the person has to be back."),
  }),
);

const text = (maxLength: number, description: string) => t.Optional(t.String({ maxLength, description }));

/** The parameters of the address to which the authorization server sends the browser. */
const Back = named(
  "McpSignInReturn",
  t.Object(
    {
      state: t.String({ minLength: 1, maxLength: 200, description: "As it was sent along." }),
      code: text(10_000, "What is exchanged for tokens."),
      iss: text(2_000, "The authorization server."),
      error: text(200, "Why there is no code."),
      error_description: text(2_000, "The same in words."),
    },
    { additionalProperties: false },
  ),
);

const FinishedAnswer = named(
  "McpSignedIn",
  t.Object({ mcp_server_id: t.String({ description: "The server at which Heddle is signed in now." }) }),
);

const Params = t.Object({ id: McpServerId });

export interface McpSignInRoutes {
  mcp: {
    signIn(id: string, by: SigningIn): Promise<{ url: string; expiresAt: Date }>;
    finishSignIn(returned: Returned, by: Omit<SigningIn, "base">): Promise<{ id: string }>;
    signOut(id: string): Promise<void>;
  };
  auth: Pick<Auth, "authenticate">;
  /** BASE_URL */
  publicUrl?: string | undefined;
  /** The server's address for browsers of its own machine. */
  localUrl: () => string;
  route: RouteOptions;
}

export function mcpSignInRoutes({ mcp, auth, publicUrl, localUrl, route }: McpSignInRoutes) {
  const person = (caller: Caller) => ({ person: senderName(caller), name: caller.name });
  return new Elysia({ prefix: "/api/v1/admin", normalize: false })
    .post(
      "/mcp-servers/:id/sign-in",
      async ({ params, request }) => {
        const caller = await auth.authenticate(request);
        const base = baseFor(caller, publicUrl, localUrl());
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

/** The browser must come back to where it is signed in to Heddle. */
function baseFor({ signIn }: Caller, publicUrl: string | undefined, localUrl: string): string {
  if (publicUrl !== undefined) {
    const { origin } = new URL(publicUrl);
    if (signIn && signIn.origin !== origin) {
      const message = `Open Heddle at ${origin} for this: authorization servers send the browser back there.`;
      throw new HeddleError("conflict", message);
    }
    return publicUrl;
  }
  if (!signIn) return localUrl;
  if (isLoopback(new URL(signIn.origin).hostname)) return signIn.origin;
  throw new HeddleError(
    "conflict",
    "BASE_URL must be set to the address of Heddle for browsers: authorization servers send the browser back there.",
  );
}
