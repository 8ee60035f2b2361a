// `connectionError`: what a client of a service has thrown, in words that say what a person can do about it.

import { atOnce, checkArgument } from "./arguments.ts";
import { isPermanent, isReauthRequired, isRetryable, ReauthRequired, Retryable } from "./errors.ts";
import { networkFailure, wrapped } from "./network-words.ts";
import { checkOptions } from "./options.ts";
import type { ServiceFacts } from "./types.ts";

const FACTS = ["name", "address", "settings", "credentials", "hint", "isRefused"];

/** See the export of heddle/sdk. */
export function connectionError(error: unknown, service: ServiceFacts): unknown {
  checkOptions("connectionError", service, FACTS);
  checkArgument("The name of a service", service.name, "a text");
  // Such as the refusal of a private address, which a library has wrapped.
  const said = wrapped(error).find((one) => isPermanent(one) || isRetryable(one) || isReauthRequired(one));
  if (said) return said;
  if (atOnce("The isRefused of connectionError()", service.isRefused?.(error)))
    return refusal(service, error);
  const failure = networkFailure(error, placeOf(service.address));
  if (!failure) return error;
  const { clause, code, advice } = failure;
  const { name, settings = [] } = service;
  const change = settings.length > 0 ? ` Otherwise change ${listed(settings, "or")}.` : "";
  return new Retryable(`${name} cannot be reached: ${clause} (${code}). ${advice}${change}`, {
    cause: error,
  });
}

/** What is thrown for credentials that a service does not accept. */
export function refusal({ name, credentials = [], hint }: ServiceFacts, cause?: unknown): ReauthRequired {
  const what = credentials.length > 0 ? listed(credentials, "and") : "the credentials";
  return new ReauthRequired(`${name} does not accept ${what}.${hint ? ` ${hint}` : ""}`, { cause });
}

function listed(words: readonly string[], link: "and" | "or"): string {
  const [last = "", ...others] = words.toReversed();
  return others.length > 0 ? `${others.toReversed().join(", ")} ${link} ${last}` : last;
}

/** Host and port of an address, never a password in it: "user:password@broker:1883" is no URL with a host, and a wrong port makes none. */
function placeOf(address: string | undefined): string | undefined {
  if (address === undefined || address === "") return undefined;
  const host = URL.parse(address)?.host;
  return host ? host : address.slice(address.lastIndexOf("@") + 1);
}
