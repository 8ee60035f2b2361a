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

export const hostOf = ({ adapter, base_url }: Pick<Provider, "adapter" | "base_url">): string =>
  base_url === null ? VENDORS[adapter] : new URL(base_url).host;
