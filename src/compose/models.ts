// The models that answer: those of the providers, or the offline provider while there is none.

import type { Config } from "../config/config.ts";
import { usualModel } from "../config/model-endpoint.ts";
import type { ProviderAdapter } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import type { Adapter, Connection } from "../llm/adapter.ts";
import { createAnthropicMessages } from "../llm/anthropic/messages.ts";
import { createChatCompletions } from "../llm/chat-completions/chat-completions.ts";
import { createEndpoint } from "../llm/endpoint.ts";
import { createFallbackLlm } from "../llm/fallback.ts";
import type { Llm } from "../llm/llm.ts";
import { createOfflineLlm, type OfflineOptions } from "../llm/offline.ts";
import { createResponses } from "../llm/responses/responses.ts";
import { environmentProvider } from "../providers/environment.ts";
import { createKnownModels, priceOf, type Tokens } from "../providers/known-models.ts";
import { listModels } from "../providers/list-models.ts";
import { probe } from "../providers/probe.ts";
import { hostOf, type Provider } from "../providers/provider.ts";
import { openProviders, type Providers } from "../providers/providers.ts";
import { createProviderSend, type ProviderSendOptions } from "../providers/send.ts";
import { readTree } from "../runtime/assets.ts";
import type { Closers } from "./closers.ts";
import type { Storage } from "./storage.ts";

const ADAPTERS: Record<ProviderAdapter, (connection: Connection) => Adapter> = {
  chat_completions: createChatCompletions,
  responses: createResponses,
  anthropic: createAnthropicMessages,
};

/** The connections of people who wait for a list or a test are cut later than this. */
const LIST_MS = 20_000;
const PROBE_MS = 75_000;

type ModelConfig = Pick<
  Config,
  | "allowPrivateHosts"
  | "contextWindow"
  | "defaultModel"
  | "modelEndpoint"
  | "modelSettings"
  | "modelTimeoutSeconds"
>;

/** Where requests go. Default: to the network. */
type Network = Pick<ProviderSendOptions, "fetch" | "resolve">;

export type Models = Awaited<ReturnType<typeof openModels>>;

export async function openModels(
  config: ModelConfig,
  {
    db,
    vault,
    log: serverLog,
    redactor: { redact, add },
  }: Pick<Storage, "db" | "vault" | "log" | "redactor">,
  search: OfflineOptions["search"],
  closers: Closers,
  network: Network = {},
) {
  const log = serverLog.getChild("llm");
  const timeoutMs = config.modelTimeoutSeconds * 1000;
  const send = createProviderSend({ allowPrivateHosts: config.allowPrivateHosts, ...network });
  /** Whoever starts the server may aim its requests anywhere. */
  const sendOf = ({ source }: Provider) => (source === "stored" ? send : network.fetch);
  const adapterOf = ({ adapter, base_url, api_key, headers }: Provider) =>
    ADAPTERS[adapter]({
      apiKey: api_key ?? undefined,
      baseUrl: base_url ?? undefined,
      headers,
      timeoutMs,
    });
  const known = createKnownModels((await readTree("manifests")).get("models.yaml") ?? "");
  const providers = await openProviders({
    db,
    vault,
    addSecret: add,
    environment: config.modelEndpoint && environmentProvider(config.modelEndpoint, config),
    known,
    contextWindow: config.contextWindow,
    connect: ({ provider, ...options }) =>
      createEndpoint({
        ...options,
        provider: provider.id,
        adapter: adapterOf(provider),
        send: sendOf(provider),
        log,
        redact,
        timeoutMs,
      }),
    log,
  });
  closers.push(providers.close);
  return {
    providers,
    sendOf,
    /** US dollars at an address that belongs to no provider; null: the price is not known. */
    costAt(baseUrl: string | undefined, model: string, usage: Tokens): number | null {
      const host = baseUrl === undefined ? "api.openai.com" : new URL(baseUrl).hostname;
      const prices = known.find(model, host)?.prices;
      const isPriced = prices && (usage.seconds === undefined || prices.minute !== undefined);
      return isPriced ? priceOf(usage, prices) : null;
    },
    llm: createLlm(
      providers,
      createOfflineLlm({ search }),
      createFallbackLlm({ find: finding(providers), log }),
    ),
    /** As bots name it. */
    defaultModel: () => defaultModel(providers, config),
    /** The default model and its host, for people; undefined while there is none. */
    described: () => {
      const [usual] = providers.list();
      return usual && `${defaultModel(providers, config)} at ${hostOf(usual)}`;
    },
    listModels: (provider: Provider) =>
      listModels({
        adapter: adapterOf(provider),
        send: sendOf(provider),
        redact,
        signal: AbortSignal.timeout(LIST_MS),
      }),
    async probe(provider: Provider, model: string) {
      const result = await probe(providers.endpointOf(provider.id), model, AbortSignal.timeout(PROBE_MS));
      if (result.tools) await providers.hasCalled(provider.id, model);
      return result;
    },
  };
}

/** The last provider may be deleted while a run goes on. */
const finding =
  ({ find }: Providers) =>
  (name: string) => {
    const found = find(name);
    if (!found) throw new HeddleError("model_failed", "The provider of this model was deleted.");
    return found;
  };

function createLlm({ list }: Providers, offline: Llm, online: Omit<Llm, "provider">): Llm {
  const now = () => (list().length === 0 ? offline : online);
  return {
    get provider() {
      return list()[0]?.id ?? offline.provider;
    },
    stream: (request) => now().stream(request),
    firstModel: (request) =>
      now().firstModel?.(request) ?? { provider: offline.provider, model: offline.provider },
  };
}

/** The environment's variable is for its own provider, and for a default provider that has no model of its own. */
function defaultModel({ list }: Providers, config: ModelConfig): string {
  const [usual] = list();
  if (!usual || usual.source === "environment") return config.defaultModel;
  const { id, adapter, base_url, default_model } = usual;
  if (default_model !== null) return `${id}/${default_model}`;
  if (base_url !== null) return config.defaultModel;
  return `${id}/${usualModel({ protocol: adapter, apiKey: undefined, baseUrl: undefined })}`;
}
