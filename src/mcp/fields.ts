// The fields of an MCP server, as they are sent over the API and written in mcp.yaml.

import { Type as t } from "@sinclair/typebox";
import { MCP_TRANSPORTS } from "../db/schema.ts";

const HEADER_VALUE = "^[\\x20-\\x7e\\t]*$";
const NO_CONTROLS = "^[^\\x00]*$";

/** Short, because it begins the names of tools that are named alike. */
export const McpServerId = t.String({
  pattern: "^[a-z0-9][a-z0-9_-]{0,31}$",
  description: "Bots name its tools `mcp:<id>/<tool>`, and all of them `mcp:<id>`.",
});

const Words = t.Array(t.String({ maxLength: 8_192, pattern: NO_CONTROLS }), {
  maxItems: 100,
  description: "The arguments of `command`. They are shown; put secrets into `env`.",
});

const plain = {
  name: t.Optional(t.String({ minLength: 1, maxLength: 200, description: "The name that people see." })),
  transport: t.Unsafe<(typeof MCP_TRANSPORTS)[number]>(
    t.Union(
      MCP_TRANSPORTS.map((word) => t.Literal(word)),
      {
        description:
          "`http`: a server at `url` (streamable HTTP). `stdio`: a program that Heddle starts on its own machine.",
      },
    ),
  ),
  url: t.Optional(
    t.Union([t.String({ minLength: 1, maxLength: 2_000 }), t.Null()], {
      description: "Of `http`: the address of the MCP endpoint, usually ending with /mcp.",
    }),
  ),
  command: t.Optional(
    t.Union([t.String({ minLength: 1, maxLength: 1_000, pattern: NO_CONTROLS }), t.Null()], {
      description: "Of `stdio`: the program, by its path or as it is found in PATH.",
    }),
  ),
  args: t.Optional(Words),
  is_enabled: t.Optional(t.Boolean({ description: "Whether it is connected to. Default: true." })),
  timeout_seconds: t.Optional(
    t.Integer({ minimum: 1, maximum: 600, description: "How long a call of a tool may take. Default: 60." }),
  ),
  allow_private: t.Optional(
    t.Boolean({
      description:
        "Of `http`: whether its address may be this machine's or one of a private network. Default: false.",
    }),
  ),
  trust_annotations: t.Optional(
    t.Boolean({
      description:
        "Whether it is believed when it says that a tool only reads, or may be called twice. Default: false.",
    }),
  ),
};

/** The fields that an answer has as well. */
export const McpServerFields = t.Object(plain);

const secret = {
  headers: t.Optional(
    t.Record(
      t.String({ pattern: "^[A-Za-z0-9_-]+$" }),
      t.String({ maxLength: 10_000, pattern: HEADER_VALUE }),
      {
        maxProperties: 50,
        description:
          "Of `http`: sent with each request, such as Authorization. The values are stored encrypted and shown masked.",
      },
    ),
  ),
  env: t.Optional(
    t.Record(
      t.String({ pattern: "^[A-Za-z_][A-Za-z0-9_]*$" }),
      t.String({ maxLength: 10_000, pattern: NO_CONTROLS }),
      {
        maxProperties: 100,
        description:
          "Of `stdio`: its environment, besides PATH, HOME, LANG and TZ. The values are stored encrypted and shown masked.",
      },
    ),
  ),
  oauth: t.Optional(
    t.Union(
      [
        t.Object(
          {
            client_id: t.Optional(t.String({ minLength: 1, maxLength: 1_000 })),
            client_secret: t.Optional(t.String({ minLength: 1, maxLength: 10_000 })),
            scope: t.Optional(t.String({ minLength: 1, maxLength: 2_000 })),
          },
          { additionalProperties: false },
        ),
        t.Null(),
      ],
      {
        description:
          "Of `http`: a client registered with the authorization server by hand, where it offers neither client metadata documents nor dynamic registration. The secret is stored encrypted and never shown.",
      },
    ),
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
