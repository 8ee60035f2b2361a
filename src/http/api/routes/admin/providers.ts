import { Elysia, t } from "elysia";
import { ADMIN } from "../../../../access/scopes.ts";
import { HeddleError } from "../../../../errors.ts";
import type { LlmUsage } from "../../../../llm/llm.ts";
import { NewProvider, ProviderChange, ProviderFields, ProviderId } from "../../../../providers/fields.ts";
import type { ProbeResult } from "../../../../providers/probe.ts";
import type { Provider } from "../../../../providers/provider.ts";
import type { Providers } from "../../../../providers/providers.ts";
import { named } from "../../../../schema/openapi-schema.ts";
import { mask } from "../../../../secrets/mask.ts";
import { MASK } from "../../../../secrets/urls.ts";
import { answered } from "../../answered.ts";
import { asRead, IF_MATCH } from "../../if-match.ts";
import { listRoute, pageOfItems, SETUP } from "../../list.ts";
import { bodyFailures, failures, type RouteOptions } from "../../route-options.ts";
import { Instant, instantOrNull, nullable, oneOf } from "../../schemas.ts";

const tag = "Providers";

const ProviderAnswer = named(
  "Provider",
  t.Object({
    id: t.String({ description: "The first part of its models' names. `env` is the environment's." }),
    source: oneOf(["stored", "environment"], "An `environment` provider cannot be changed here."),
    ...answered(ProviderFields.properties),
    api_key: nullable(t.String(), "Masked: at most the last four characters; null if there is none."),
    headers: t.Record(t.String(), t.String(), {
      description: "The names of its headers; values are masked.",
    }),
    created_at: nullable(Instant, "When it was created."),
    updated_at: nullable(Instant, "When somebody last changed it."),
  }),
);

const TestAnswer = named(
  "ProviderTest",
  t.Object({
    ok: t.Boolean({ description: "Whether the model answered." }),
    model: t.String({ description: "The model that was asked." }),
    text: t.Boolean({ description: "Whether it answered with text." }),
    streaming: nullable(t.Boolean(), "Whether the text came in pieces; null: it came in one."),
    tools: nullable(t.Boolean(), "Whether it called a tool when asked to; null: not tried."),
    usage: nullable(
      t.Object({
        prompt_tokens: t.Integer({ description: "All that it read." }),
        completion_tokens: t.Integer({ description: "All that it wrote." }),
        cached_input_tokens: t.Optional(t.Integer({ description: "Read from its cache." })),
        cache_write_tokens: t.Optional(t.Integer({ description: "Written to its cache." })),
      }),
      "Null if the endpoint does not report it.",
    ),
    cost_usd: nullable(t.Number(), "Of the first request; null: the price is not known."),
    unsupported: t.Array(t.String(), { description: "What this model is known not to take." }),
    error: nullable(t.String(), "What does not work, in the endpoint's words."),
    hint: nullable(t.String(), "What to do about it."),
    duration_ms: t.Integer({ description: "How long the test took." }),
  }),
);

const ModelAnswer = named(
  "Model",
  t.Object({
    id: t.String({ description: "As the endpoint names it." }),
    name: t.String({ description: "As bots name it: `<provider>/<model>`." }),
    context_window: nullable(t.Integer(), "Tokens; null: not known."),
    max_output_tokens: nullable(t.Integer(), "Tokens; null: not known."),
    images: nullable(t.Boolean(), "Whether it sees images; null: not known."),
    pdfs: nullable(t.Boolean(), "Whether it gets PDFs themselves; null: not known, and it gets their text."),
    prices: nullable(t.Record(t.String(), t.Number()), "US dollars per million tokens; null: not known."),
  }),
);

const Params = t.Object({ id: ProviderId });

export interface ProviderRoutes {
  providers: Pick<Providers, "list" | "get" | "create" | "update" | "delete" | "factsOf" | "unsupportedBy">;
  probe: (provider: Provider, model: string) => Promise<ProbeResult>;
  listModels: (provider: Provider) => Promise<string[]>;
  route: RouteOptions;
}

export function providerRoutes({ route, ...parts }: ProviderRoutes) {
  return new Elysia({ normalize: false })
    .use(storedProviders({ route, ...parts }))
    .use(askedProviders({ route, ...parts }));
}

function storedProviders({ providers, route }: ProviderRoutes) {
  const present = presenting(providers);
  return new Elysia({ prefix: "/api/v1/admin/providers", normalize: false })
    .get(
      "",
      ({ query }) => {
        const all = [...providers.list()].sort((one, other) => (one.id < other.id ? -1 : 1));
        return pageOfItems("providers", query, all.map(present), ({ id }) => id);
      },
      listRoute(route, {
        scope: "providers:read",
        tag,
        summary: "List providers",
        description: "Sorted by id.",
        key: "providers",
        Item: ProviderAnswer,
        query: SETUP,
      }),
    )
    .post("", async ({ body, status }) => status(201, present(await providers.create(body))), {
      ...route.json({
        scope: ADMIN,
        tag,
        summary: "Create a provider",
        example: {
          id: "ollama",
          adapter: "chat_completions",
          base_url: "http://localhost:11434/v1",
          default_model: "llama3.2",
        },
        description: "The first provider of a server without one becomes the default.",
      }),
      body: named("NewProvider", NewProvider),
      response: { 201: ProviderAnswer, ...failures(...bodyFailures, 409) },
    })
    .get("/:id", ({ params }) => present(providers.get(params.id)), {
      ...route.plain({ scope: "providers:read", tag, summary: "Fetch a provider" }),
      params: Params,
      response: { 200: ProviderAnswer, ...failures(403, 404, 422) },
    })
    .patch(
      "/:id",
      async ({ params, body, headers }) => present(await providers.update(params.id, body, asRead(headers))),
      {
        ...route.json({
          scope: ADMIN,
          tag,
          summary: "Change a provider",
          example: { models: { "llama3.2": { context_window: 8192, prices: { input: 0, output: 0 } } } },
          description:
            "Fields that are left out are not changed; objects are replaced as a whole. When `base_url` moves to another server, `api_key` and `headers` must be given again.",
        }),
        ...IF_MATCH,
        params: Params,
        body: named("ProviderChange", ProviderChange),
        response: { 200: ProviderAnswer, ...failures(...bodyFailures, 404, 409, 412) },
      },
    )
    .delete(
      "/:id",
      async ({ params, status }) => {
        await providers.delete(params.id);
        return status(204, undefined);
      },
      {
        ...route.plain({
          scope: ADMIN,
          tag,
          summary: "Delete a provider",
          description: "Bots that name its models ask the default provider for this whole name then.",
        }),
        params: Params,
        response: { 204: t.Void({ description: "Deleted." }), ...failures(403, 404, 409, 422) },
      },
    );
}

function askedProviders({ providers, probe, listModels, route }: ProviderRoutes) {
  return new Elysia({ prefix: "/api/v1/admin/providers/:id", normalize: false })
    .post(
      "/test",
      async ({ params, body }) => {
        const provider = providers.get(params.id);
        const model = body.model ?? provider.default_model;
        if (model === null) {
          const message = "model must be given: this provider has no default_model.";
          throw new HeddleError("validation", message, { field: "model" });
        }
        const { usage, ...result } = await probe(provider, model);
        return {
          ...result,
          usage: usage && tokensOf(usage),
          unsupported: providers.unsupportedBy(provider.id, model),
        };
      },
      {
        ...route.json({
          scope: ADMIN,
          tag,
          summary: "Test a provider",
          example: { model: "llama3.2" },
          description:
            "Sends the model two short requests, one of them with a tool. A failure is an answer too, with `ok: false`.",
        }),
        params: Params,
        body: named(
          "ProviderToTest",
          t.Object(
            {
              model: t.Optional(
                t.String({ minLength: 1, maxLength: 300, description: "Default: `default_model`." }),
              ),
            },
            { additionalProperties: false },
          ),
        ),
        response: { 200: TestAnswer, ...failures(...bodyFailures, 404) },
      },
    )
    .get(
      "/models",
      async ({ params, query }) => {
        const provider = providers.get(params.id);
        const ids = await listModels(provider);
        return pageOfItems(
          "models",
          query,
          ids.map((id) => presentModel(providers, provider, id)),
          ({ id }) => id,
        );
      },
      {
        ...listRoute(route, {
          scope: "providers:read",
          tag,
          summary: "List the models of a provider",
          description: "As its endpoint lists them, sorted, with what Heddle knows of them.",
          key: "models",
          Item: ModelAnswer,
          query: SETUP,
          fails: [404, 502],
        }),
        params: Params,
      },
    );
}

const tokensOf = ({ cost_usd: _reported, ...tokens }: LlmUsage) => tokens;

const presenting =
  ({ list }: Pick<Providers, "list">) =>
  (provider: Provider) => ({
    ...provider,
    api_key: provider.api_key === null ? null : mask(provider.api_key),
    headers: Object.fromEntries(Object.keys(provider.headers).map((name) => [name, MASK])),
    // Without a choice, one of them is the default nevertheless.
    is_default: list()[0]?.id === provider.id,
    unsupported: provider.unsupported as Record<string, never[]>,
    created_at: instantOrNull(provider.created_at),
    updated_at: instantOrNull(provider.updated_at),
  });

function presentModel({ factsOf }: Pick<Providers, "factsOf">, provider: Provider, id: string) {
  const {
    context_window = null,
    max_output_tokens = null,
    images = null,
    pdfs = null,
    prices = null,
  } = factsOf(provider, id);
  return {
    id,
    name: `${provider.id}/${id}`,
    context_window,
    max_output_tokens,
    images,
    pdfs,
    prices: prices && { ...prices },
  };
}
