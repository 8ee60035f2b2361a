// The lines that tell a person what to do next after the server has started.

import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { hostOf } from "../config/model-endpoint.ts";
import { entryOfSource } from "../runtime/assets.ts";

/** Returns no lines if the log is JSON, since programs read that. */
export function firstSteps(
  config: Pick<Config, "home" | "logFormat" | "defaultModel" | "modelEndpoint">,
  url: string,
): string[] {
  if (config.logFormat === "json") return [];
  const heddle = entryOfSource() === undefined ? "heddle" : "bun src/main.ts";
  return [modelLine(config), `Next: ${heddle} ask "Hello", or the API at ${url}/swagger`];
}

function modelLine({ home, defaultModel, modelEndpoint }: Parameters<typeof firstSteps>[0]): string {
  if (!modelEndpoint) {
    return (
      "No model is configured, so the offline provider answers: set OPENAI_API_KEY or ANTHROPIC_API_KEY, or OPENAI_BASE_URL for " +
      `another endpoint, and DEFAULT_MODEL in ${join(home, ".env")}, then restart.`
    );
  }
  return `Answers come from ${defaultModel} at ${hostOf(modelEndpoint)}.`;
}
