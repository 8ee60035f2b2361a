// A provider: an endpoint with models, its key, and what is known about them.

import type { ModelFacts, ProviderAdapter, providers } from "../db/schema.ts";

export interface Provider {
  id: string;
  /** The environment's cannot be changed over the API. */
  source: "stored" | "environment";
  name: string;
  adapter: ProviderAdapter;
  /** Null: the address of the adapter's own vendor. */
  base_url: string | null;
  api_key: string | null;
  headers: Record<string, string>;
  unsupported: Record<string, string[]>;
  models: Record<string, ModelFacts>;
  default_model: string | null;
  is_default: boolean;
  created_at: Date | null;
  updated_at: Date | null;
}

export type ProviderRow = typeof providers.$inferSelect;

/** The id of the provider that the environment names. */
export const ENVIRONMENT = "env";

const VENDORS: Record<ProviderAdapter, string> = {
  chat_completions: "api.openai.com",
  responses: "api.openai.com",
  anthropic: "api.anthropic.com",
};

type Endpoint = Pick<Provider, "adapter" | "base_url">;

/** Every model call asks several times. */
const hosts = new WeakMap<Endpoint, string>();

export function hostOf(provider: Endpoint): string {
  const { adapter, base_url } = provider;
  if (base_url === null) return VENDORS[adapter];
  const known = hosts.get(provider);
  if (known !== undefined) return known;
  const { host } = new URL(base_url);
  hosts.set(provider, host);
  return host;
}
