// The fields of a provider, as they are sent over the API.

import { Type as t } from "@sinclair/typebox";
import { PROVIDER_ADAPTERS } from "../db/schema.ts";
import { UNSUPPORTED } from "../llm/quirks.ts";
import { named } from "../schema/openapi-schema.ts";
import { NOT_BLANK } from "../schema/pattern-words.ts";

/** US dollars per million tokens; a million dollars is a slip of the keyboard. */
const price = (description: string) => t.Number({ minimum: 0, maximum: 1_000_000, description });
const tokens = (minimum: number, description: string) =>
  t.Integer({ minimum, maximum: 100_000_000, description });

const ModelPrices = named(
  "ModelPrices",
  t.Object(
    {
      input: price("Input."),
      output: price("Output, thoughts included."),
      cached_input: t.Optional(price("Input from the cache. Default: `input`.")),
      cache_write: t.Optional(price("Input that is written to the cache. Default: `input`.")),
    },
    { additionalProperties: false, description: "US dollars per million tokens." },
  ),
);

export const ModelFacts = named(
  "ModelFacts",
  t.Object(
    {
      context_window: t.Optional(tokens(2_000, "Tokens that a request may have.")),
      max_output_tokens: t.Optional(tokens(1, "The output limit to ask for (Anthropic's protocol only).")),
      images: t.Optional(t.Boolean({ description: "Whether it sees images." })),
      pdfs: t.Optional(t.Boolean({ description: "Whether it reads PDFs by itself." })),
      prices: t.Optional(ModelPrices),
    },
    { additionalProperties: false },
  ),
);

const ModelName = t.String({ minLength: 1, maxLength: 300 });

export const ModelFactsByName = t.Record(ModelName, ModelFacts, {
  maxProperties: 1_000,
  description:
    "What is known about models, by name; it takes precedence over Heddle's table of known models.",
});

const words = <const Word extends string>(all: readonly Word[], description = "") =>
  t.Unsafe<Word>(
    t.Union(
      all.map((word) => t.Literal(word)),
      description === "" ? {} : { description },
    ),
  );

export const ProviderId = t.String({
  pattern: "^[a-z0-9][a-z0-9_-]{0,63}$",
  description: "The first part of its models' names: `<id>/<model>`.",
});

const HEADER_VALUE = "^[\\x20-\\x7e\\t]*$";

const common = {
  name: t.Optional(
    t.String({ minLength: 1, maxLength: 200, pattern: NOT_BLANK, description: "The name that people see." }),
  ),
  adapter: words(PROVIDER_ADAPTERS, "The protocol that the endpoint speaks."),
  base_url: t.Optional(
    t.Union([t.String({ minLength: 1, maxLength: 2_000 }), t.Null()], {
      description:
        "The endpoint's address, usually ending with /v1. Its query is part of each request. Null: the vendor's own.",
    }),
  ),
  unsupported: t.Optional(
    t.Record(t.String({ minLength: 1, maxLength: 300 }), t.Array(words(UNSUPPORTED), { uniqueItems: true }), {
      maxProperties: 1_000,
      description:
        "What models do not take or send, by model, `*` for all of them. Heddle adds what an endpoint refuses by itself.",
    }),
  ),
  models: t.Optional(ModelFactsByName),
  default_model: t.Optional(
    t.Union([ModelName, t.Null()], {
      description: "The model of bots that name none, as the endpoint names it.",
    }),
  ),
  is_default: t.Optional(
    t.Boolean({
      description: "Whether models named without a provider belong to it. Only one is the default.",
    }),
  ),
};

/** The fields that an answer has as well. */
export const ProviderFields = t.Object(common);

const secret = {
  api_key: t.Optional(
    t.Union([t.String({ minLength: 1, maxLength: 10_000, pattern: HEADER_VALUE }), t.Null()], {
      description: "Stored encrypted, and shown masked. Null: the endpoint takes none.",
    }),
  ),
  headers: t.Optional(
    t.Record(t.String(), t.String({ maxLength: 10_000, pattern: HEADER_VALUE }), {
      maxProperties: 50,
      description: "Sent with each request. The values are stored encrypted and shown masked.",
    }),
  ),
};

export const NewProvider = t.Object(
  { id: ProviderId, ...common, ...secret },
  { additionalProperties: false },
);
export const ProviderChange = t.Partial(t.Object({ ...common, ...secret }), {
  additionalProperties: false,
  minProperties: 1,
});

export type GivenProvider = typeof NewProvider.static;
export type GivenChange = typeof ProviderChange.static;
