// `heddle providers`: lists, adds, tests and removes the providers of a running server.

import { text } from "node:stream/consumers";
import { HeddleError } from "../../errors.ts";
import type { Connection } from "./connect.ts";
import { rowsOf } from "./rows.ts";

export interface ProviderToAdd {
  id: string;
  adapter: string;
  baseUrl: string | undefined;
  /** "-": read from standard input. */
  key: string | undefined;
  model: string | undefined;
  isDefault: boolean;
  /** Each is "name: value". */
  headers: [name: string, value: string][];
}

/** The printed part of the server's answers. */
interface Provider {
  id: string;
  source: string;
  adapter: string;
  base_url: string | null;
  default_model: string | null;
  is_default: boolean;
}

interface Tested {
  ok: boolean;
  model: string;
  text: boolean;
  streaming: boolean | null;
  tools: boolean | null;
  usage: { prompt_tokens: number; completion_tokens: number } | null;
  cost_usd: number | null;
  unsupported: string[];
  error: string | null;
  hint: string | null;
  duration_ms: number;
}

type Print = (line: string) => void;

const PROVIDERS = "/api/v1/admin/providers";
const at = (id: string) => `${PROVIDERS}/${encodeURIComponent(id)}`;

export async function listProviders(server: Connection, print: Print): Promise<void> {
  const { providers } = (await server.get(PROVIDERS)) as { providers: Provider[] };
  if (providers.length === 0) {
    print("There is no provider, so the offline provider answers. Add one: heddle providers add --help");
  }
  for (const { id, source, adapter, base_url, default_model, is_default } of providers) {
    const facts = [
      adapter,
      base_url ?? "the vendor's own address",
      ...(default_model === null ? [] : [default_model]),
      ...(source === "environment" ? ["from the environment"] : []),
      ...(is_default ? ["default"] : []),
    ];
    print(`${id}  ${facts.join(", ")}`);
  }
}

export async function addProvider(server: Connection, added: ProviderToAdd, print: Print): Promise<void> {
  const { id, adapter, baseUrl, key, model, isDefault, headers } = added;
  const apiKey = key === "-" ? (await text(process.stdin)).trim() : key;
  if (apiKey === "") throw new HeddleError("config", "--key - needs the key on standard input; got nothing.");
  const made = (await server.post(PROVIDERS, {
    id,
    adapter,
    ...(baseUrl !== undefined && { base_url: baseUrl }),
    ...(apiKey !== undefined && { api_key: apiKey }),
    ...(model !== undefined && { default_model: model }),
    ...(isDefault && { is_default: true }),
    ...(headers.length > 0 && { headers: Object.fromEntries(headers) }),
  })) as Provider;
  const name = made.is_default ? "the default provider" : `a provider; its models are named ${id}/<model>`;
  print(`${id} is ${name} now. Next: heddle providers test ${id}`);
}

/** Throws if the model does not answer, so that a script sees a failing exit code. */
export async function testProvider(
  server: Connection,
  { id, model }: { id: string; model: string | undefined },
  print: Print,
): Promise<void> {
  const tested = (await server.post(`${at(id)}/test`, model === undefined ? {} : { model })) as Tested;
  const { ok, usage, cost_usd, unsupported, error, hint } = tested;
  if (!ok) {
    throw new HeddleError(
      "upstream",
      [
        `${tested.model} does not answer: ${ended(error ?? "it does not say why")}`,
        ...(hint === null ? [] : [hint]),
      ].join(" "),
    );
  }
  const seconds = Math.round(tested.duration_ms / 100) / 10;
  print(`${tested.model} answers (the test took ${seconds} s).`);
  print(`text: ${yes(tested.text)}, streaming: ${yes(tested.streaming)}, tools: ${yes(tested.tools)}`);
  print(
    usage === null
      ? "usage: not reported"
      : `usage: ${usage.prompt_tokens} tokens read, ${usage.completion_tokens} written, ${cost_usd === null ? "price not known" : `${cost_usd.toFixed(6)} US dollars`}`,
  );
  if (unsupported.length > 0) print(`not taken by this model: ${unsupported.join(", ")}`);
  if (error !== null) print(error);
}

/** As a sentence, which another one may follow. */
const ended = (words: string): string => (/[.!?]$/.test(words) ? words : `${words}.`);

const yes = (works: boolean | null): string => (works === null ? "not known" : works ? "yes" : "no");

export async function listModels(server: Connection, id: string, print: Print): Promise<void> {
  const models = rowsOf<{ name: string; context_window: number | null }>(
    server,
    `${at(id)}/models`,
    "models",
  );
  for await (const { name, context_window } of models) {
    print(context_window === null ? name : `${name}  ${context_window.toLocaleString("en")} tokens`);
  }
}

export async function removeProvider(server: Connection, id: string, print: Print): Promise<void> {
  await server.delete(at(id));
  print(`${id} is removed.`);
}
