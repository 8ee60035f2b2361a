// The lines that tell a person what to do next after the server has started.

import { join } from "node:path";
import type { Config } from "../config/config.ts";
import { loopbackUrl } from "../config/own-url.ts";
import { ownCommand } from "../runtime/own-command.ts";

export interface StartedServer {
  url: string;
  /** Where others reach it; undefined if only the operator could know. */
  baseUrl: string | undefined;
  model: string | undefined;
}

/** Returns no lines if the log is JSON, since programs read that. */
export function firstSteps(
  config: Pick<Config, "home" | "isHomeGiven" | "logFormat">,
  { url, baseUrl, model }: StartedServer,
): string[] {
  if (config.logFormat === "json") return [];
  const heddle = ownCommand();
  const home = config.isHomeGiven ? ` --home ${shellWord(config.home)}` : "";
  return [
    modelLine(config.home, model, heddle),
    ...(baseUrl === undefined ? [addressLine(config.home)] : []),
    `Next: ${heddle} ask${home} "Hello", or the API at ${loopbackUrl(url)}/swagger`,
  ];
}

const addressLine = (home: string): string =>
  "It listens on all addresses, so it does not know which one services are to call: set BASE_URL, such as " +
  `https://heddle.example.com, in ${join(home, ".env")} and restart, or in the admin UI under Settings.`;

const shellWord = (text: string): string =>
  /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;

function modelLine(home: string, model: string | undefined, heddle: string): string {
  if (model !== undefined) return `Answers come from ${model}.`;
  return (
    "No model is configured, so the offline provider answers: set OPENAI_API_KEY or ANTHROPIC_API_KEY, or OPENAI_BASE_URL for " +
    `another endpoint, and DEFAULT_MODEL in ${join(home, ".env")}, then restart; or add a provider: ${heddle} providers add --help`
  );
}
