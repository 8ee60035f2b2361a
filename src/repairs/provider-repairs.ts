// Repairs of providers: models that are asked without tools because their endpoint has refused a request with some. Often the model
// could, and only its server has to be told.

import type { Repair } from "./repair.ts";

export interface ProviderSeen {
  id: string;
  name: string;
  /** What each model is known not to take; `*`: what the operator says of all. */
  unsupported: Record<string, string[]>;
}

const WHAT_HELPS =
  "The endpoint refused a request with tools. If the model can call them, tell its server: vLLM needs --enable-auto-tool-choice and " +
  "--tool-call-parser, llama.cpp needs --jinja. Then test the provider, which tries tools again.";
const MOST_NAMES = 5;

export function providerRepairs(providers: readonly ProviderSeen[]): Repair[] {
  return providers.flatMap(({ id, name, unsupported }): Repair[] => {
    const models = Object.keys(unsupported).filter(
      (model) => model !== "*" && unsupported[model]?.includes("tools"),
    );
    if (models.length === 0) return [];
    const more = models.length > MOST_NAMES ? ` and ${models.length - MOST_NAMES} more` : "";
    return [
      {
        id: `tools_refused/${id}`,
        kind: "tools_refused",
        severity: "info",
        title: `${models.slice(0, MOST_NAMES).join(", ")}${more} of ${name} ${models.length === 1 ? "is" : "are"} asked without tools.`,
        detail: WHAT_HELPS,
        blocks: "Bots that use it cannot call tools.",
        since: null,
        count: models.length,
        integration_id: null,
        provider_id: id,
        action: "check_provider",
        scope: "providers:read",
      },
    ];
  });
}
