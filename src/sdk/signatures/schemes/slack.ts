import type { JsonObject } from "../../json.ts";
import { bodyText, FORM, formFields, jsonObject, mediaType, proofHeader, type Received } from "../request.ts";
import { isTimely, type VerifiedWebhook, vendorScheme } from "../scheme.ts";
import { hmac, sameText } from "../secrets.ts";

/** An event from Slack. */
export interface SlackEvent extends VerifiedWebhook {
  /** The parsed body; for an interaction, the JSON in its field `payload`; for a slash command, the form's fields. */
  payload: JsonObject;
}

const SIGNATURE = "x-slack-signature";
const TIMESTAMP = "x-slack-request-timestamp";

/** https://docs.slack.dev/authentication/verifying-requests-from-slack */
export const slack = vendorScheme<SlackEvent>("Slack signs the body and a timestamp.", {
  proofHeaders: [SIGNATURE],
  prove(received, proof) {
    const given = proofHeader(received, SIGNATURE);
    const timestamp = proofHeader(received, TIMESTAMP);
    if (!isTimely(timestamp, proof)) return false;
    return proof.secrets.some((secret) => sameText(given, signatureOf(timestamp, received.bytes, secret)));
  },
  read(received) {
    const body = bodyText(received);
    const payload = payloadOf(received, body);
    const { event_id, trigger_id, event, type, command } = payload;
    const inner = typeof event === "object" && event !== null && "type" in event ? event.type : type;
    return {
      id: text(event_id) ?? text(trigger_id),
      event: text(inner) ?? (command === undefined ? null : "slash_command"),
      payload,
      body,
    };
  },
  sign: (body, { secret, timestamp }) => ({
    [TIMESTAMP]: String(timestamp),
    [SIGNATURE]: signatureOf(String(timestamp), body, secret),
  }),
});

function payloadOf(received: Received, body: string): JsonObject {
  if (mediaType(received) !== FORM) return jsonObject(body);
  const fields = formFields(body);
  return typeof fields.payload === "string" ? jsonObject(fields.payload) : fields;
}

const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

const signatureOf = (timestamp: string, body: string | Uint8Array, secret: string): string =>
  `v0=${hmac("sha256", secret, `v0:${timestamp}:`, body).toString("hex")}`;
