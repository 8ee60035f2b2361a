// A verifier as data, for manifests and for endpoints that people make at run time.

import { HeddleError } from "../../errors.ts";
import { parseJson } from "../../schema/json-text.ts";
import { github } from "./github.ts";
import { gitlab } from "./gitlab.ts";
import { type PlainBearer, type PlainHmac, type PlainWebhook, plainBearer, plainHmac } from "./plain.ts";
import { FORM, formFields, mediaType } from "./request.ts";
import type { Scheme, VerifiedWebhook } from "./scheme.ts";
import { type Secrets, usableSecrets } from "./secrets.ts";
import { slack } from "./slack.ts";
import { standard } from "./standard.ts";
import { stripe } from "./stripe.ts";

/** How the sender of a webhook proves itself. JSON: it may stand in a manifest. */
export type WebhookVerifier =
  | { scheme: "github" | "slack" | "standard" | "gitlab" | "stripe" }
  | ({ scheme: "bearer" } & PlainBearer)
  | ({ scheme: "hmac" } & PlainHmac);

export interface SignWebhook {
  /** For schemes that name the event in a header: "pull_request". */
  event?: string;
  /** For schemes whose headers have an id; default: a new UUID. */
  id?: string;
  /** Default: now. */
  at?: Date;
}

/** The scheme that a descriptor names. Throws "validation" for one that is no descriptor. */
export function schemeOf(verifier: WebhookVerifier): Scheme<VerifiedWebhook> {
  switch (verifier.scheme) {
    case "github":
      return { ...github, read: (received) => ({ ...withoutDelivery(github.read(received)) }) };
    case "slack":
      return slack;
    case "standard":
      return standard;
    case "gitlab":
      return gitlab;
    case "stripe":
      return stripe;
    case "bearer":
      return withPayload(plainBearer(verifier));
    case "hmac":
      return withPayload(plainHmac(verifier));
    default: {
      const never: never = verifier;
      const { scheme } = never as WebhookVerifier;
      throw new HeddleError("validation", `${JSON.stringify(scheme)} is no scheme of webhooks.`, {
        field: "scheme",
      });
    }
  }
}

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

function withoutDelivery({ deliveryId, ...event }: ReturnType<typeof github.read>): VerifiedWebhook {
  return { id: deliveryId, ...event };
}

function withPayload(scheme: Scheme<PlainWebhook>): Scheme<VerifiedWebhook> {
  return {
    ...scheme,
    read(received) {
      const { id, body } = scheme.read(received);
      const type = mediaType(received);
      const isJson = type === null || type === "application/json" || type.endsWith("+json");
      if (body === "") return { id, event: null, payload: null, body };
      const payload = isJson ? parseJson(body) : type === FORM ? formFields(body) : body;
      return { id, event: null, payload, body };
    },
  };
}
