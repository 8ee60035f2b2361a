// The secrets of endpoints: those that senders sign with, and those in a dispatch_config.

import { randomBytes } from "node:crypto";
import { type DispatchConfig, mayBeSecret, signWebhook, store, type WebhookVerifier } from "heddle/sdk";

/** The encrypted values of one endpoint. */
export interface Sealed {
  /** Keyed by the secret's id. */
  signing: Record<string, string>;
  /** Of a dispatch_config that an earlier version stored: keyed by the field's path, "/token". */
  dispatch: Fields;
  /** Of each dispatch_config, keyed by its `dispatch_id`. */
  dispatches?: Record<string, Fields>;
}

type Fields = Record<string, string | number>;

const keyOf = (endpointId: string): string => `secrets/${endpointId}`;
const NOTHING: Sealed = { signing: {}, dispatch: {} };

export const readSecrets = async (endpointId: string): Promise<Sealed> =>
  (await store.get<Sealed>(keyOf(endpointId))) ?? NOTHING;

export const changeSecrets = (endpointId: string, change: (sealed: Sealed) => Sealed): Promise<unknown> =>
  store.update<Sealed>(keyOf(endpointId), (sealed = NOTHING) => change(sealed), { secret: true });

/** Forgets the secrets of a dispatch_config; without an id, those that an earlier version stored. */
export const forgetDispatch = (endpointId: string, dispatchId: string | undefined): Promise<unknown> =>
  store.update<Sealed>(
    keyOf(endpointId),
    (sealed) => {
      if (!sealed || dispatchId === undefined) return sealed && { ...sealed, dispatch: {} };
      const { [dispatchId]: _unused, ...dispatches } = sealed.dispatches ?? {};
      return { ...sealed, dispatches };
    },
    { secret: true },
  );

export const deleteSecrets = (endpointId: string): Promise<boolean> => store.delete(keyOf(endpointId));

export function newSecret({ scheme }: WebhookVerifier): string {
  return scheme === "standard"
    ? `whsec_${randomBytes(32).toString("base64")}`
    : randomBytes(32).toString("hex");
}

/** Returns why the verifier cannot use the secret; undefined if it can. */
export function faultInSecret(verifier: WebhookVerifier, secret: string): string | undefined {
  try {
    signWebhook("{}", { ...verifier, secret });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Removes from a dispatch_config what may be secret. Only its dispatcher knows which fields are declared as what. */
export function withoutSecrets(config: DispatchConfig): {
  config: DispatchConfig;
  secrets: Fields;
} {
  const secrets: Fields = {};
  const walk = (value: unknown, path: string, field: string): unknown => {
    if (typeof value === "string" && path !== "/type" && (mayBeSecret(field) || hasSecret(value))) {
      secrets[path] = value;
      return "";
    }
    if (typeof value === "number" && mayBeSecret(field)) {
      secrets[path] = value;
      return null;
    }
    if (Array.isArray(value)) return value.map((item, at) => walk(item, `${path}/${at}`, field));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, walk(inner, `${path}/${name}`, name)]),
    );
  };
  return { config: walk(config, "", "") as DispatchConfig, secrets };
}

/** Whether the text is a URL with a password, a query or a fragment. */
function hasSecret(text: string): boolean {
  const url = URL.parse(text);
  return url !== null && url.username + url.password + url.search + url.hash !== "";
}

/** Puts the secrets back. */
export function withSecrets(config: DispatchConfig, secrets: Fields): DispatchConfig {
  const walk = (value: unknown, path: string): unknown => {
    if (typeof value === "string" || value === null) return secrets[path] ?? value;
    if (Array.isArray(value)) return value.map((item, at) => walk(item, `${path}/${at}`));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, walk(inner, `${path}/${name}`)]),
    );
  };
  return walk(config, "") as DispatchConfig;
}
