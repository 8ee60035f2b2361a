import { HeddleError } from "../../../errors.ts";
import type { JsonObject } from "../../json.ts";
import { bodyText, jsonObject, proofHeader } from "../request.ts";
import { isTimely, type VerifiedWebhook, vendorScheme } from "../scheme.ts";
import { hmac, sameText } from "../secrets.ts";

/** An event from Stripe. */
export interface StripeEvent extends VerifiedWebhook {
  /** "evt_…" */
  id: string;
  /** "invoice.paid" */
  event: string;
  /** The parsed body. */
  payload: JsonObject;
}

const SIGNATURE = "stripe-signature";

/** "t=…", then signatures; only those of scheme v1 count. */
const PARTS = /^t=(?<timestamp>\d+)(?<signatures>(,v\d+=[0-9a-f]+){1,16})$/;

/** https://docs.stripe.com/webhooks/signature */
export const stripe = vendorScheme<StripeEvent>("Stripe signs the body and a timestamp.", {
  proofHeaders: [SIGNATURE],
  prove(received, proof) {
    const parts = PARTS.exec(proofHeader(received, SIGNATURE))?.groups;
    if (!parts?.timestamp || !parts.signatures || !isTimely(parts.timestamp, proof)) return false;
    const { timestamp, signatures } = parts;
    const given = signatures.split(",");
    return proof.secrets.some((secret) => {
      const expected = signatureOf(timestamp, received.bytes, secret);
      return given.filter((one) => sameText(one, expected)).length > 0;
    });
  },
  read(received) {
    const body = bodyText(received);
    const payload = jsonObject(body);
    const { id, type } = payload;
    if (typeof id !== "string" || id === "" || typeof type !== "string") {
      throw new HeddleError("bad_request", "The body must be an event of Stripe with id and type.");
    }
    return { id, event: type, payload, body };
  },
  sign: (body, { secret, timestamp }) => ({
    [SIGNATURE]: `t=${timestamp},${signatureOf(String(timestamp), body, secret)}`,
  }),
});

const signatureOf = (timestamp: string, body: string | Uint8Array, secret: string): string =>
  `v1=${hmac("sha256", secret, `${timestamp}.`, body).toString("hex")}`;
