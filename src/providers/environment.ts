// The provider that the environment names, and MODEL_SETTINGS, which tells what Heddle does not know of its models.

import { Type as t } from "@sinclair/typebox";
import type { ModelFacts, ProviderAdapter } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import { compileOwnSchema } from "../schema/json-schema.ts";
import { ModelFactsByName } from "./fields.ts";
import { ENVIRONMENT, type Provider } from "./provider.ts";

export interface EnvironmentEndpoint {
  protocol: ProviderAdapter;
  apiKey: string | undefined;
  baseUrl: string | undefined;
}

export function environmentProvider(
  { protocol, apiKey, baseUrl }: EnvironmentEndpoint,
  { defaultModel, modelSettings }: { defaultModel: string; modelSettings: string | undefined },
): Provider {
  return {
    id: ENVIRONMENT,
    source: "environment",
    name: "Environment",
    adapter: protocol,
    base_url: baseUrl ?? null,
    api_key: apiKey ?? null,
    headers: {},
    unsupported: {},
    models: modelSettings === undefined ? {} : readModelSettings(modelSettings),
    default_model: defaultModel,
    is_default: false,
    created_at: null,
    updated_at: null,
  };
}

const validate = compileOwnSchema(t.Object({ MODEL_SETTINGS: ModelFactsByName }));

/** Throws `config`. */
function readModelSettings(text: string): Record<string, ModelFacts> {
  const example = `such as {"llama3.2": {"context_window": 8192, "prices": {"input": 0, "output": 0}}}`;
  const wrong = (reason: string) =>
    new HeddleError("config", `MODEL_SETTINGS must be JSON, ${example}; ${reason}.`, {
      field: "MODEL_SETTINGS",
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw wrong(error instanceof Error ? error.message.replace(/\.$/, "") : "it cannot be read");
  }
  const [first] = validate({ MODEL_SETTINGS: value });
  if (first) throw wrong(`${first.field} ${first.message}`);
  return value as Record<string, ModelFacts>;
}
