// Verifiers as data, for manifests and for endpoints that people create at run time.

import { HeddleError } from "../../errors.ts";
import { checkArgument, shown } from "../arguments.ts";
import { checkOptions } from "../options.ts";
import type { Received } from "./request.ts";
import type { Scheme, SchemeKind, VerifiedWebhook } from "./scheme.ts";
import { SCHEMES, type SchemeName } from "./schemes.ts";
import { type Secrets, usableSecrets } from "./secrets.ts";

type OptionsOf<Name extends SchemeName> = Parameters<(typeof SCHEMES)[Name]["create"]>[0];

/** What a scheme verifies with. */
export interface WithSecret {
  /** The secret, or several of which any may have been used. */
  secret: Secrets;
}

/** How the sender of a webhook is authenticated, as JSON for a manifest. */
export type WebhookVerifier = {
  [Name in SchemeName]: {
    /** How the sender is authenticated. */
    scheme: Name;
  } & OptionsOf<Name>;
}[SchemeName];

/** What `signWebhook` adds to the headers besides the signature. */
export interface SignWebhook {
  /** The event's name, for schemes with a header for it: "pull_request". */
  event?: string;
  /** The delivery's id, for schemes with a header for it; default: a new UUID. */
  id?: string;
  /** The time of the signature; default: now. */
  at?: Date;
}

/** Returns the scheme that a descriptor names. Throws "validation" for an invalid descriptor. */
export function schemeOf(verifier: WebhookVerifier): Scheme<VerifiedWebhook> {
  checkArgument("A webhook's verifier", verifier, "an object");
  const { scheme: name, ...options } = verifier;
  if (!isSchemeName(name)) {
    const known = Object.keys(SCHEMES).join(", ");
    throw new HeddleError(
      "validation",
      `The scheme of a webhook must be one of ${known}; got ${shown(name)}.`,
      { field: "scheme" },
    );
  }
  // The descriptor's type ties options to schemes; the scheme itself checks them at run time.
  const kind = SCHEMES[name] as unknown as SchemeKind<object, unknown>;
  const scheme = kind.create(options);
  return { ...scheme, read: (received: Received) => kind.general(scheme.read(received), received) };
}

const isSchemeName = (name: unknown): name is SchemeName =>
  typeof name === "string" && Object.hasOwn(SCHEMES, name);

/**
 * Returns the headers that a sender with this scheme would add to the body, signed with the first of the secrets: for
 * tests, and for trying an integration out. Throws "invalid_signature" if there is no secret.
 */
export function signWebhook(
  body: string,
  verifier: WebhookVerifier & WithSecret,
  signing: SignWebhook = {},
): Record<string, string> {
  checkArgument("The first argument of signWebhook()", body, "a text");
  checkArgument("The second argument of signWebhook()", verifier, "an object");
  checkOptions("signWebhook", signing, ["event", "id", "at"]);
  const { event, id = crypto.randomUUID(), at = new Date() } = signing;
  const [secret = ""] = usableSecrets(verifier.secret);
  const timestamp = Math.floor(at.getTime() / 1000);
  return {
    "content-type": "application/json",
    ...schemeOf(verifier).sign(body, { secret, id, event, timestamp }),
  };
}
