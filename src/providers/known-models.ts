// The table of well-known models that Heddle ships with: manifests/models.yaml.

import { readYaml } from "../content/yaml-text.ts";
import type { ModelFacts, ModelPrices } from "../db/schema.ts";
import { memo } from "../memo.ts";

export interface KnownModels {
  /** `host` is that of the endpoint: prices and forms of files hold only at the vendor's own. */
  find(model: string, host: string): ModelFacts | undefined;
}

interface Vendor {
  /** Where the prices apply; "*.example.com" includes every name below. */
  hosts: string[];
  models: Record<string, ModelFacts>;
}

/** More names than anybody uses at a time. */
const MOST_ASKED = 500;

/**
 * Reads the text at the first question, because that takes longer than the rest of a start. Its form is checked by a
 * test, since it is part of the program.
 */
export function createKnownModels(text: string): KnownModels {
  let table: ReturnType<typeof read> | undefined;
  const find: KnownModels["find"] = (model, host) => {
    table ??= read(text);
    const found = table.get(plainName(model));
    const own = found?.find(({ hosts }) => hosts.some((pattern) => isAt(pattern, host)));
    if (own) return own.facts;
    const { prices: _elsewhere, pdfs: _perhaps, ...facts } = found?.[0]?.facts ?? {};
    return found && facts;
  };
  // Every model call asks several times. A host has no spaces.
  const found = memo(MOST_ASKED, (question) => {
    const [host = "", ...model] = question.split(" ");
    return find(model.join(" "), host);
  });
  return { find: (model, host) => found(`${host} ${model}`) };
}

function read(text: string): Map<string, { facts: ModelFacts; hosts: string[] }[]> {
  const yaml = readYaml(text);
  if (!yaml.ok) throw new Error(`manifests/models.yaml: ${yaml.problem.reason}`);
  const { vendors } = yaml.value as { vendors: Record<string, Vendor> };
  const known = new Map<string, { facts: ModelFacts; hosts: string[] }[]>();
  for (const { hosts, models } of Object.values(vendors)) {
    for (const [name, facts] of Object.entries(models)) {
      const key = plainName(name);
      known.set(key, [...(known.get(key) ?? []), { facts, hosts }]);
    }
  }
  return known;
}

const isAt = (pattern: string, host: string): boolean =>
  pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) : host === pattern;

/** The end of a name that tells only which edition of the model it is. */
const EDITION = /[-@](?:\d{8}|\d{4}-\d{2}-\d{2}|latest)$|:(?:free|nitro|floor|beta)$/;

/** The same model has a vendor's prefix, dots for dashes or a date in other places: "anthropic/claude-haiku-4.5". */
function plainName(model: string): string {
  const name = model.slice(model.lastIndexOf("/") + 1, model.lastIndexOf("/") + 200).toLowerCase();
  return name.replace(EDITION, "").replaceAll(".", "-");
}

const MILLION = 1_000_000;

export interface Tokens {
  prompt_tokens: number;
  completion_tokens: number;
  cached_input_tokens?: number;
  cache_write_tokens?: number;
  /** Of sound, where these are counted instead. */
  seconds?: number;
}

/** US dollars. */
export function priceOf(
  tokens: Tokens,
  { input, output, cached_input, cache_write, minute = 0 }: ModelPrices,
): number {
  const {
    prompt_tokens,
    completion_tokens,
    cached_input_tokens: cached = 0,
    cache_write_tokens: written = 0,
    seconds = 0,
  } = tokens;
  const read = (prompt_tokens - cached - written) * input;
  const fromCache = cached * (cached_input ?? input);
  const toCache = written * (cache_write ?? input);
  return (read + fromCache + toCache + completion_tokens * output) / MILLION + (seconds / 60) * minute;
}
