// A verifier as data, for manifests and for endpoints that people make at run time.

import { HeddleError } from "../../errors.ts";
import type { Received } from "./request.ts";
import type { Scheme, SchemeKind, VerifiedWebhook } from "./scheme.ts";
import { SCHEMES, type SchemeName } from "./schemes.ts";
import { type Secrets, usableSecrets } from "./secrets.ts";

type OptionsOf<Name extends SchemeName> = Parameters<(typeof SCHEMES)[Name]["create"]>[0];

/** How the sender of a webhook proves itself. JSON: it may stand in a manifest. */
export type WebhookVerifier = {
  [Name in SchemeName]: {
    /** The way in which the sender proves itself. */
    scheme: Name;
  } & OptionsOf<Name>;
}[SchemeName];

/** What `signWebhook` puts into the headers besides the signature. */
export interface SignWebhook {
  /** For schemes that name the event in a header: "pull_request". */
  event?: string;
  /** For schemes whose headers have an id; default: a new UUID. */
  id?: string;
  /** Default: now. */
  at?: Date;
}

/** The scheme that a descriptor names. Throws "validation" for one that is no descriptor. */
export function schemeOf({ scheme: name, ...options }: WebhookVerifier): Scheme<VerifiedWebhook> {
  if (!isSchemeName(name)) {
    const known = Object.keys(SCHEMES).join(", ");
    throw new HeddleError(
      "validation",
      `The scheme of a webhook must be one of ${known}; got ${JSON.stringify(name)}.`,
      { field: "scheme" },
    );
  }
  // Which options belong to which scheme the type of the descriptor says; the scheme itself checks them.
  const kind = SCHEMES[name] as unknown as SchemeKind<object, unknown>;
  const scheme = kind.create(options);
  return { ...scheme, read: (received: Received) => kind.general(scheme.read(received), received) };
}

const isSchemeName = (name: unknown): name is SchemeName =>
  typeof name === "string" && Object.hasOwn(SCHEMES, name);

/**
 * The headers that the scheme's sender would put to the body, made with the first of the secrets: for tests, and for
 * trying an integration out. Throws "invalid_signature" when there is no secret.
 */
export function signWebhook(
  body: string,
  verifier: WebhookVerifier & { secret: Secrets },
  { event, id = crypto.randomUUID(), at = new Date() }: SignWebhook = {},
): Record<string, string> {
  const [secret = ""] = usableSecrets(verifier.secret);
  const timestamp = Math.floor(at.getTime() / 1000);
  return {
    "content-type": "application/json",
    ...schemeOf(verifier).sign(body, { secret, id, event, timestamp }),
  };
}
