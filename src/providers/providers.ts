// The providers of this server: those that are stored, kept in memory on every server of the database, and the one that
// the environment names. Finds the endpoint of a model.

import type { AsRead } from "../db/as-read.ts";
import type { Database } from "../db/database.ts";
import { followTable } from "../db/follow-table.ts";
import type { ModelFacts } from "../db/schema.ts";
import { errorMessage, notFound } from "../errors.ts";
import type { Endpoint } from "../llm/endpoint.ts";
import type { FoundModel } from "../llm/fallback.ts";
import type { LlmUsage } from "../llm/llm.ts";
import {
  createKnownQuirks,
  type KnownQuirks,
  namesOf,
  type Quirks,
  quirksOf,
  type Unsupported,
} from "../llm/quirks.ts";
import type { Logger } from "../log.ts";
import type { Vault } from "../secrets/vault.ts";
import type { GivenChange, GivenProvider } from "./fields.ts";
import { type KnownModels, priceOf } from "./known-models.ts";
import { createLearned } from "./learned.ts";
import { doubtIn, modelNamed } from "./names.ts";
import { ENVIRONMENT, hostOf, type Provider } from "./provider.ts";
import { createProviderStore } from "./store.ts";

/** What an endpoint is made of. */
export interface ToConnect {
  provider: Provider;
  quirks: KnownQuirks;
  originOf: (model: string) => string;
  costOf: (model: string, usage: LlmUsage) => number | null;
}

export interface ProvidersOptions {
  db: Database;
  vault: Pick<Vault, "seal" | "open" | "sealConfig" | "openConfig">;
  addSecret: (secret: string) => void;
  /** The provider that the environment names, if any. */
  environment: Provider | undefined;
  known: KnownModels;
  /** Tokens, for models of the environment's provider, and for those of which nothing is known. */
  contextWindow: number | undefined;
  connect: (options: ToConnect) => Endpoint;
  log: Logger;
}

export type Providers = Awaited<ReturnType<typeof openProviders>>;

interface Connected {
  provider: Provider;
  endpoint: Endpoint;
  quirks: KnownQuirks;
}

const CHANNEL = "heddle_providers";
/** Anthropic's protocol asks for no more unless told to. */
const MOST_OUTPUT = 16_384;
/** For models of which nothing is known. */
const CONTEXT_WINDOW_TOKENS = 128_000;
/** Larger contexts are slow, and several vendors charge about twice as much for them; who wants them sets so. */
const MOST_UNASKED = 200_000;

export async function openProviders(options: ProvidersOptions) {
  const { db, vault, addSecret, environment, known, contextWindow, connect, log } = options;
  let connected = new Map<string, Connected>();
  /** The default provider first. */
  let listed: Provider[] = [];
  let writing: Promise<unknown> = Promise.resolve();

  /** Read by the endpoint at each request, so that what is known of a model may change without a new endpoint. */
  const current = (id: string): Provider | undefined => connected.get(id)?.provider;

  function factsOf(provider: Provider, model: string): ModelFacts {
    return { ...known.find(model, hostOf(provider)), ...provider.models[model] };
  }

  function knownQuirks(provider: Provider, model: string): Quirks {
    const { unsupported, models } = provider;
    const set = models[model]?.max_output_tokens;
    const { max_output_tokens: most = Number.POSITIVE_INFINITY, images, pdfs } = factsOf(provider, model);
    return {
      ...(pdfs && { readsPdfs: true as const }),
      ...(images === false && { noImages: true as const }),
      ...quirksOf([...(unsupported["*"] ?? []), ...(unsupported[model] ?? [])]),
      ...(set !== undefined ? { maxTokens: set } : most < MOST_OUTPUT && { maxTokens: most }),
    };
  }

  function costOf(id: string, model: string, usage: LlmUsage): number | null {
    const provider = current(id);
    if (!provider) return null;
    const own = provider.models[model]?.prices;
    if (own) return priceOf(usage, own);
    if (usage.cost_usd !== undefined) return usage.cost_usd;
    const { prices } = factsOf(provider, model);
    return prices ? priceOf(usage, prices) : null;
  }

  function connectTo(provider: Provider): Connected {
    const { id } = provider;
    const quirks = createKnownQuirks({
      known: (model) => knownQuirks(current(id) ?? provider, model),
      onLearn: (model, learned) => keep(id, model, learned),
    });
    const endpoint = connect({
      provider,
      quirks,
      originOf: (model) => (id === ENVIRONMENT ? model : `${id}/${model}`),
      costOf: (model, usage) => costOf(id, model, usage),
    });
    return { provider, endpoint, quirks };
  }

  /** A run must not wait for this, nor fail by it: what was learned is known here already. */
  function keep(id: string, model: string, quirks: Quirks): void {
    const { maxTokens } = quirks;
    const news = { unsupported: namesOf(quirks), ...(maxTokens && { maxOutputTokens: maxTokens }) };
    writing = writing
      .then(async () => {
        if (id !== ENVIRONMENT) return await store.learn(id, model, news);
        await learned?.learn(model, news);
        await follower.refresh(id);
      })
      .catch((error) =>
        log.warning("What {model} of provider {provider} does not take could not be stored: {reason}", {
          model,
          provider: id,
          reason: errorMessage(error),
        }),
      );
  }

  async function read(): Promise<void> {
    const rows = await store.list();
    const all = learned ? [await learned.apply(), ...rows] : rows;
    connected = new Map(all.map((provider) => [provider.id, refreshed(provider)]));
    // Without a choice, the environment's, which is first, else the oldest.
    const usual = all.find(({ is_default }) => is_default) ?? all[0];
    listed = usual ? [usual, ...all.filter((one) => one !== usual)] : [];
  }

  /** Keeps the endpoint, with what it knows of models that failed, unless it leads elsewhere now. */
  function refreshed(provider: Provider): Connected {
    const before = connected.get(provider.id);
    if (!before || placeOf(before.provider) !== placeOf(provider)) return connectTo(provider);
    // Somebody has changed the row: what it says counts, and not what was learned before.
    if (String(before.provider.updated_at) !== String(provider.updated_at)) before.quirks.forget();
    return { ...before, provider };
  }

  const learned = environment && createLearned(db, environment);
  const store = createProviderStore({
    db,
    vault,
    addSecret,
    announce: (tx, id) => follower.announce(tx, id),
  });
  const follower = await followTable({ db, channel: CHANNEL, log, read });

  function get(id: string): Provider {
    const provider = current(id);
    if (!provider) throw notFound("provider", id);
    return provider;
  }

  const changed = async (id: string): Promise<Provider> => {
    await follower.refresh(id);
    return get(id);
  };

  return {
    /** The default provider first. */
    list: (): readonly Provider[] => listed,
    get,
    /** Throws `conflict` or `validation`. The first provider of a server without one becomes the default. */
    async create(given: GivenProvider): Promise<Provider> {
      await store.create({ ...given, is_default: given.is_default ?? connected.size === 0 });
      log.info("Provider {id} was created", { id: given.id });
      return await changed(given.id);
    },
    /** Throws as `create`, and `changed_meanwhile`. */
    async update(id: string, change: GivenChange, asRead?: AsRead): Promise<Provider> {
      await store.update(id, change, asRead);
      log.info("Provider {id} was changed: {fields}", { id, fields: Object.keys(change).join(", ") });
      return await changed(id);
    },
    async delete(id: string): Promise<void> {
      await store.delete(id);
      log.info("Provider {id} was deleted", { id });
      await follower.refresh(id);
    },
    /** Undefined if there is no provider at all. */
    find(name: string): FoundModel | undefined {
      const named = modelNamed(name, listed);
      const to = named && connected.get(named.provider.id);
      return to && { endpoint: to.endpoint, model: named.model, ...(named.note && { note: named.note }) };
    },
    endpointOf(id: string): Endpoint {
      const to = connected.get(id);
      if (!to) throw notFound("provider", id);
      return to.endpoint;
    },
    factsOf,
    /** The model has called a tool: requests bring tools again, if an earlier refusal had ended that. */
    async hasCalled(id: string, model: string): Promise<void> {
      const to = connected.get(id);
      if (!to?.quirks.of(model).noTools) return;
      to.quirks.drop(model, "noTools");
      await writing;
      await (id === ENVIRONMENT ? learned?.unlearn(model, "tools") : store.unlearn(id, model, "tools"));
      await follower.refresh(id);
    },
    /** What a model is known not to take, whether or not it is stored already. */
    unsupportedBy: (id: string, model: string): Unsupported[] => {
      const to = connected.get(id);
      return to ? namesOf(to.quirks.of(model)) : [];
    },
    /** The context window of a model, which is named as bots name it. */
    windowOf(name: string): number {
      const named = modelNamed(name, listed);
      const set = named?.provider.models[named.model]?.context_window;
      if (set !== undefined) return set;
      const known = named && factsOf(named.provider, named.model).context_window;
      const isMeant = known === undefined || named?.provider.id === ENVIRONMENT;
      if (contextWindow !== undefined && isMeant) return contextWindow;
      return Math.min(known ?? CONTEXT_WINDOW_TOKENS, MOST_UNASKED);
    },
    /** Whether a model, named as bots name it, reads PDFs by itself. */
    readsPdfs(name: string): boolean {
      const named = modelNamed(name, listed);
      const quirks = named && connected.get(named.provider.id)?.quirks.of(named.model);
      return quirks?.readsPdfs === true && !quirks.noPdfs;
    },
    doubtIn: (name: string): string | undefined => doubtIn(name, listed),
    async close(): Promise<void> {
      await follower.close();
      await writing;
    },
  };
}

/** What determines where requests go, and as whom. */
const placeOf = ({ adapter, base_url, api_key, headers }: Provider): string =>
  JSON.stringify([adapter, base_url, api_key, headers]);
