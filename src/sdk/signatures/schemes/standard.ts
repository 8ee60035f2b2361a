import { Buffer } from "node:buffer";
import type { JsonObject } from "../../json.ts";
import { bodyText, jsonObject, proofHeader, type Received } from "../request.ts";
import { isTimely, type Proof, type Scheme, type VerifiedWebhook, vendorScheme } from "../scheme.ts";
import { hmac, refused, sameText } from "../secrets.ts";

/** An event from a sender of Standard Webhooks. */
export interface StandardWebhook extends VerifiedWebhook {
  /** The value of webhook-id, which is the same for each attempt of one event. */
  id: string;
  /** The parsed body. */
  payload: JsonObject;
}

const ID = "webhook-id";
const TIMESTAMP = "webhook-timestamp";
const SIGNATURE = "webhook-signature";

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, symmetric signatures. */
export const standardSignature: Scheme<StandardWebhook> = {
  proofHeaders: [SIGNATURE],
  prove: proveStandard,
  read(received) {
    const body = bodyText(received);
    const payload = jsonObject(body);
    return {
      id: proofHeader(received, ID),
      event: typeof payload.type === "string" ? payload.type : null,
      payload,
      body,
    };
  },
  sign(body, { secret, id, timestamp }) {
    const key = keyOf(secret);
    if (!key)
      throw refused("The secret of a standard webhook must be base64, with or without the prefix whsec_.");
    return {
      [ID]: id,
      [TIMESTAMP]: String(timestamp),
      [SIGNATURE]: signatureOf(id, String(timestamp), body, key),
    };
  },
};

export const standard = vendorScheme<StandardWebhook>(
  "The sender signs id, timestamp and body as standardwebhooks.com says.",
  standardSignature,
);

/** "v1,…" and signatures of other versions, separated by single spaces. */
const SIGNATURES = /^v\d+[a-z]*,[A-Za-z0-9+/]+={0,2}( v\d+[a-z]*,[A-Za-z0-9+/]+={0,2}){0,15}$/;

export function proveStandard(received: Received, proof: Proof): boolean {
  const id = proofHeader(received, ID);
  const timestamp = proofHeader(received, TIMESTAMP);
  const given = proofHeader(received, SIGNATURE);
  if (!SIGNATURES.test(given) || !isTimely(timestamp, proof)) return false;
  return proof.secrets.some((secret) => {
    const key = keyOf(secret);
    if (!key) return false;
    const expected = signatureOf(id, timestamp, received.bytes, key);
    return given.split(" ").filter((one) => sameText(one, expected)).length > 0;
  });
}

/** Returns undefined unless the secret is base64 of at least one byte: anybody could sign with an empty key. */
function keyOf(secret: string): Buffer | undefined {
  const encoded = secret.replace(/^whsec_/, "");
  const key = Buffer.from(encoded, "base64");
  const isBase64 = key.toString("base64").replace(/={1,2}$/, "") === encoded.replace(/={0,2}$/, "");
  return isBase64 && key.length > 0 ? key : undefined;
}

const signatureOf = (id: string, timestamp: string, body: string | Uint8Array, key: Buffer): string =>
  `v1,${hmac("sha256", key, `${id}.${timestamp}.`, body).toString("base64")}`;
