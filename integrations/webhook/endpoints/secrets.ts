// The secrets of endpoints: those that senders sign with, and those within a dispatch_config.

import { randomBytes } from "node:crypto";
import { type DispatchConfig, signWebhook, store, type WebhookVerifier } from "heddle/sdk";

/** What is kept sealed of one endpoint. */
export interface Sealed {
  /** By the secret's id. */
  signing: Record<string, string>;
  /** By the field's path: "/token". */
  dispatch: Record<string, string>;
}

const keyOf = (endpointId: string): string => `secrets/${endpointId}`;
const NOTHING: Sealed = { signing: {}, dispatch: {} };

export const readSecrets = async (endpointId: string): Promise<Sealed> =>
  (await store.get<Sealed>(keyOf(endpointId))) ?? NOTHING;

export const changeSecrets = (endpointId: string, change: (sealed: Sealed) => Sealed): Promise<unknown> =>
  store.update<Sealed>(keyOf(endpointId), (sealed = NOTHING) => change(sealed), { secret: true });

export const deleteSecrets = (endpointId: string): Promise<boolean> => store.delete(keyOf(endpointId));

export function newSecret({ scheme }: WebhookVerifier): string {
  return scheme === "standard"
    ? `whsec_${randomBytes(32).toString("base64")}`
    : randomBytes(32).toString("hex");
}

/** Undefined when the verifier can use the secret, else why not. */
export function faultInSecret(verifier: WebhookVerifier, secret: string): string | undefined {
  try {
    signWebhook("{}", { ...verifier, secret });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The same names that Heddle seals in every dispatch_config. */
const SECRET_FIELD = /(token|secret|password|passwd|api_?key|authorization|credential|private_?key)s?$/i;

/** Takes the secret texts out of a dispatch_config. */
export function withoutSecrets(config: DispatchConfig): {
  config: DispatchConfig;
  secrets: Sealed["dispatch"];
} {
  const secrets: Record<string, string> = {};
  const walk = (value: unknown, path: string, field: string): unknown => {
    if (typeof value === "string" && SECRET_FIELD.test(field)) {
      secrets[path] = value;
      return "";
    }
    if (Array.isArray(value)) return value.map((item, at) => walk(item, `${path}/${at}`, field));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, walk(inner, `${path}/${name}`, name)]),
    );
  };
  return { config: walk(config, "", "") as DispatchConfig, secrets };
}

/** Puts them back. */
export function withSecrets(config: DispatchConfig, secrets: Sealed["dispatch"]): DispatchConfig {
  const walk = (value: unknown, path: string): unknown => {
    if (typeof value === "string") return secrets[path] ?? value;
    if (Array.isArray(value)) return value.map((item, at) => walk(item, `${path}/${at}`));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, walk(inner, `${path}/${name}`)]),
    );
  };
  return walk(config, "") as DispatchConfig;
}
