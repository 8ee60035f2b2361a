// Endpoints: the input of the routes, and what is stored.

import { type DispatchConfig, type ExecutionConfig, t, type WebhookVerifier } from "heddle/sdk";
import { PRESET_NAMES, type PresetName } from "./presets.ts";

/** As stored, without secrets: these are stored separately, encrypted. */
export interface Endpoint {
  /** Identifies this endpoint, and no later one with the same name; its secrets are stored under this id. */
  id: string;
  name: string;
  enabled: boolean;
  /** What it was created with; missing in older ones. */
  preset?: PresetName | null;
  verifier: WebhookVerifier;
  /** The secrets that senders may sign with, oldest first. */
  secrets: { id: string; created_at: string }[];
  bot_id: string;
  prompt_template: string;
  /** JSON pointers into the payload, of which the first that leads to a value counts; " | " stands between them. */
  idempotency_pointer: string | null;
  session_pointer: string | null;
  /** Secret fields are left blank. */
  dispatch_config: DispatchConfig | null;
  /** Under which its secret fields are stored; missing in older endpoints. */
  dispatch_id?: string;
  execution_config: ExecutionConfig | null;
  created_at: string;
  updated_at: string;
}

const strict = { additionalProperties: false };
const nullable = <Schema extends Parameters<typeof t.Union>[0][number]>(schema: Schema) =>
  t.Union([schema, t.Null()]);

const Name = t.String({ pattern: "^(?!(?:endpoints|endpoint-presets)$)[a-z0-9][a-z0-9_-]{0,62}$" });
const Header = t.String({ pattern: "^[A-Za-z0-9_-]{1,100}$" });
const Secret = t.String({ minLength: 8, maxLength: 1000, pattern: "^[\\x21-\\x7e]+$" });
const ONE_POINTER = "/([^~|]|~[01])*";
const Pointer = t.String({ maxLength: 500, pattern: `^(${ONE_POINTER}( [|] ${ONE_POINTER})*)?$` });

const Verifier = t.Union([
  t.Object(
    {
      scheme: t.Union([
        t.Literal("github"),
        t.Literal("slack"),
        t.Literal("standard"),
        t.Literal("gitlab"),
        t.Literal("stripe"),
      ]),
    },
    strict,
  ),
  t.Object({ scheme: t.Literal("bearer"), id: t.Optional(Header) }, strict),
  t.Object({ scheme: t.Literal("token"), header: Header, id: t.Optional(Header) }, strict),
  t.Object(
    {
      scheme: t.Literal("hmac"),
      header: Header,
      algorithm: t.Optional(t.Union([t.Literal("sha1"), t.Literal("sha256"), t.Literal("sha512")])),
      encoding: t.Optional(t.Union([t.Literal("hex"), t.Literal("base64")])),
      prefix: t.Optional(t.String({ maxLength: 50 })),
      id: t.Optional(Header),
    },
    strict,
  ),
]);

const Execution = t.Object(
  {
    system_preamble: t.Optional(t.String({ maxLength: 20_000 })),
    skills: t.Optional(t.Array(t.String({ minLength: 1, maxLength: 200 }), { maxItems: 50 })),
    tools: t.Optional(t.Array(t.String({ minLength: 1, maxLength: 64 }), { maxItems: 100 })),
    model_override: t.Optional(t.String({ minLength: 1, maxLength: 200 })),
  },
  strict,
);

const changeable = {
  enabled: t.Optional(t.Boolean()),
  verifier: t.Optional(Verifier),
  bot_id: t.Optional(t.String({ minLength: 1, maxLength: 64 })),
  prompt_template: t.Optional(t.String({ minLength: 1, maxLength: 20_000, pattern: "\\S" })),
  idempotency_pointer: t.Optional(nullable(Pointer)),
  session_pointer: t.Optional(nullable(Pointer)),
  dispatch_config: t.Optional(
    nullable(t.Object({ type: t.String({ minLength: 1, maxLength: 64 }) }, { additionalProperties: true })),
  ),
  execution_config: t.Optional(nullable(Execution)),
};

export const Changes = t.Object(changeable, strict);
export type Changes = typeof Changes.static;

export const NewEndpoint = t.Object(
  {
    ...changeable,
    name: Name,
    /** Fills in what is left out, for a well-known sender. */
    preset: t.Optional(t.Union(PRESET_NAMES.map((name) => t.Literal(name)))),
    /** If omitted, a secret is created, and returned this once. */
    secrets: t.Optional(t.Array(Secret, { minItems: 1, maxItems: 5 })),
  },
  strict,
);
export type NewEndpoint = typeof NewEndpoint.static;

export const NewSecret = t.Object({ secret: t.Optional(Secret) }, strict);

export const TestEvent = t.Object(
  {
    body: t.Any(),
    /** For schemes with a header for the event's name. */
    event: t.Optional(t.String({ minLength: 1, maxLength: 100, pattern: "^[\\x21-\\x7e]+$" })),
  },
  strict,
);
