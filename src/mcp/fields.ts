// The fields of an MCP server, as they are sent over the API and written in mcp.yaml.

import { Type as t } from "@sinclair/typebox";
import { MCP_TRANSPORTS } from "../db/schema.ts";
import { Command, idField, NO_CONTROLS, secretTexts, Words } from "../declared/program-fields.ts";
import { named } from "../schema/openapi-schema.ts";
import { NOT_BLANK } from "../schema/pattern-words.ts";
import { MCP_OAUTH_GRANTS, type McpOAuthGrant } from "./server.ts";

const HEADER_VALUE = "^[\\x20-\\x7e\\t]*$";

export const McpServerId = idField("Bots name its tools `mcp:<id>/<tool>`, and all of them `mcp:<id>`.");

const plain = {
  name: t.Optional(
    t.String({ minLength: 1, maxLength: 200, pattern: NOT_BLANK, description: "The name that people see." }),
  ),
  transport: t.Unsafe<(typeof MCP_TRANSPORTS)[number]>(
    t.Union(
      MCP_TRANSPORTS.map((word) => t.Literal(word)),
      {
        description: "`http`: streamable HTTP at `url`. `stdio`: a program on Heddle's machine.",
      },
    ),
  ),
  url: t.Optional(
    t.Union([t.String({ minLength: 1, maxLength: 2_000 }), t.Null()], {
      description: "Of `http`: usually ending with /mcp.",
    }),
  ),
  command: t.Optional(
    t.Union([Command, t.Null()], { description: "Of `stdio`: a path, or a name in PATH." }),
  ),
  args: t.Optional(Words),
  is_enabled: t.Optional(t.Boolean({ description: "Whether it is connected to. Default: true." })),
  timeout_seconds: t.Optional(
    t.Integer({ minimum: 1, maximum: 600, description: "Of one call. Default: 60." }),
  ),
  allow_private: t.Optional(
    t.Boolean({
      description: "Of `http`: whether its address may be a private one. Default: false.",
    }),
  ),
  trust_annotations: t.Optional(
    t.Boolean({
      description: "Whether it is believed that a tool only reads, or may be called twice. Default: false.",
    }),
  ),
};

/** The fields that an answer has as well. */
export const McpServerFields = t.Object(plain);

const OAuthClient = named(
  "McpOAuthClient",
  t.Object(
    {
      grant: t.Optional(
        t.Unsafe<McpOAuthGrant>(
          t.Union(
            MCP_OAUTH_GRANTS.map((word) => t.Literal(word)),
            {
              description:
                "client_credentials (the default): Heddle gets tokens by itself. authorization_code: a person signs in.",
            },
          ),
        ),
      ),
      issuer: t.String({
        minLength: 1,
        maxLength: 2_000,
        description: "The authorization server; the secret is sent to no other.",
      }),
      client_id: t.String({ minLength: 1, maxLength: 1_000, description: "As it was registered." }),
      client_secret: t.Optional(
        t.String({
          minLength: 1,
          maxLength: 10_000,
          description: "Never shown. Needed for client_credentials.",
        }),
      ),
      scope: t.Optional(t.String({ minLength: 1, maxLength: 2_000, description: "What is asked for." })),
    },
    { additionalProperties: false },
  ),
);

const secret = {
  headers: secretTexts(HEADER_VALUE, "Of `http`: sent with each request, such as Authorization."),
  env: secretTexts(NO_CONTROLS, "Of `stdio`: its environment, besides PATH, HOME, LANG and TZ."),
  oauth: t.Optional(
    t.Union([OAuthClient, t.Null()], {
      description:
        "Of `http`: a client that was registered by hand at the authorization server. Without one Heddle introduces itself when a person signs in.",
    }),
  ),
};

export const NewMcpServer = t.Object(
  { id: McpServerId, ...plain, ...secret },
  { additionalProperties: false },
);
export const McpServerChange = t.Partial(t.Object({ ...plain, ...secret }), {
  additionalProperties: false,
  minProperties: 1,
});

export type GivenMcpServer = typeof NewMcpServer.static;
export type GivenMcpChange = typeof McpServerChange.static;
