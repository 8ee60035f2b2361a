// An MCP server as the API shows it: without what is secret about it.

import { t } from "elysia";
import { McpServerFields } from "../../../../mcp/fields.ts";
import { redirectTo } from "../../../../mcp/oauth/client-document.ts";
import { MCP_OAUTH_GRANTS } from "../../../../mcp/server.ts";
import type { McpServerView } from "../../../../mcp/servers.ts";
import { named } from "../../../../schema/openapi-schema.ts";
import { maskedValues } from "../../../../secrets/mask.ts";
import { MASK, withoutUrlSecrets } from "../../../../secrets/urls.ts";
import { answered } from "../../answered.ts";
import { Instant, InstantOf, instantOrNull, nullable, oneOf } from "../../schemas.ts";
import { presentSignedIn, SignedInAnswer } from "./oauth-return.ts";

const STATES = ["connecting", "connected", "degraded", "reauth_required", "disabled"] as const;

const masked = (description: string) => t.Record(t.String(), t.String(), { description });

export const McpServerAnswer = named(
  "McpServer",
  t.Object({
    id: t.String({ description: "Bots name its tools `mcp:<id>/<tool>`." }),
    source: oneOf(["stored", "file"], "`file`: declared in mcp.yaml, and not changed here."),
    ...answered(McpServerFields.properties),
    headers: masked("The names of its headers; values are masked."),
    env: masked("The names of its variables; values are masked."),
    oauth: nullable(
      t.Object({
        grant: oneOf(
          MCP_OAUTH_GRANTS,
          "client_credentials: by itself. authorization_code: a person signs in.",
        ),
        issuer: t.String({ description: "The authorization server." }),
        client_id: t.String({ description: "As it was registered." }),
        client_secret: nullable(t.String(), "Masked. Null: it has none."),
        scope: nullable(t.String(), "What is asked for."),
      }),
      "The client that was registered by hand.",
    ),
    can_sign_in: t.Boolean({
      description: "Whether a person can sign Heddle in, if the server asks for it.",
    }),
    sign_in_page: nullable(t.String(), "The page where a person does that. Null: nobody can."),
    signed_in: nullable(SignedInAnswer, "The sign-in of a person. Null: there is none."),
    state: oneOf(
      STATES,
      "`degraded`: it is tried again. `reauth_required`: it refuses Heddle's credentials, or wants a person to sign in.",
    ),
    since: InstantOf("Since when."),
    error: nullable(t.String(), "Why it is not connected."),
    protocol_version: nullable(t.String(), "The version of MCP that was agreed on."),
    server: nullable(
      t.Object({
        name: t.String({ description: "Its own name." }),
        version: t.String({ description: "Its own version." }),
      }),
      "What the server says of itself.",
    ),
    tool_count: t.Integer({ description: "How many of its tools bots can get." }),
    listed_at: nullable(Instant, "When it last listed its tools."),
    created_at: nullable(Instant, "When it was added."),
    updated_at: nullable(Instant, "When somebody last changed it."),
  }),
);

/** `base` is Heddle's own address. */
export function presentServer({ status, tools, signed_in, ...server }: McpServerView, base: string) {
  const { id, source, name, transport, url, command, args, headers, env, oauth } = server;
  return {
    ...{ id, source, name, transport, command, args },
    url: url === null ? null : withoutUrlSecrets(url),
    headers: maskedValues(headers),
    env: maskedValues(env),
    oauth: oauth && {
      grant: oauth.grant,
      issuer: oauth.issuer,
      client_id: oauth.client_id,
      client_secret: oauth.client_secret === undefined ? null : MASK,
      scope: oauth.scope ?? null,
    },
    can_sign_in: server.can_sign_in,
    sign_in_page: server.can_sign_in ? `${redirectTo(base)}/${id}` : null,
    signed_in: presentSignedIn(signed_in),
    is_enabled: server.is_enabled,
    timeout_seconds: server.timeout_seconds,
    allow_private: server.allow_private,
    trust_annotations: server.trust_annotations,
    state: status.state,
    since: status.since.toISOString(),
    error: status.error,
    protocol_version: status.protocol_version,
    server: status.server,
    tool_count: tools.filter(({ usable }) => usable !== undefined).length,
    listed_at: instantOrNull(server.listed_at),
    created_at: instantOrNull(server.created_at),
    updated_at: instantOrNull(server.updated_at),
  };
}
