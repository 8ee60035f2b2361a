import { HeddleError } from "../../../errors.ts";
import type { JsonObject } from "../../json.ts";
import {
  bodyText,
  eventHeader,
  FORM,
  formFields,
  idHeader,
  jsonObject,
  mediaType,
  proofHeader,
} from "../request.ts";
import type { Scheme, SchemeKind } from "../scheme.ts";
import { hmac, sameText, sha256 } from "../secrets.ts";

/** An event from GitHub. */
export interface GitHubEvent {
  /** The value of X-GitHub-Event: "pull_request". */
  event: string;
  /** The value of X-GitHub-Delivery; if it is missing, an id derived from the body, so that a copy has the same id. */
  deliveryId: string;
  /** The parsed body. */
  payload: JsonObject;
  /** The body exactly as it was signed. */
  body: string;
}

const EVENT = "x-github-event";
const SIGNATURE = "x-hub-signature-256";

/** https://docs.github.com/webhooks/using-webhooks/validating-webhook-deliveries; neither id nor event is signed. */
const signature: Scheme<GitHubEvent> = {
  proofHeaders: [SIGNATURE, "x-hub-signature"],
  eventHeader: EVENT,
  prove(received, { secrets }) {
    const given = proofHeader(received, SIGNATURE);
    return secrets.some((secret) => sameText(given, signatureOf(received.bytes, secret)));
  },
  read(received) {
    const type = mediaType(received);
    if (type !== "application/json" && type !== FORM) {
      throw new HeddleError(
        "unsupported_media_type",
        `The content type must be application/json or ${FORM}.`,
      );
    }
    const body = bodyText(received);
    return {
      event: eventHeader(received, EVENT),
      deliveryId:
        idHeader(received, "x-github-delivery", { smallLetters: true }) ??
        `sha256:${sha256(received.bytes).toString("hex")}`,
      payload: jsonObject(type === FORM ? String(formFields(body).payload ?? "") : body),
      body,
    };
  },
  sign: (body, { secret, id, event }) => ({
    [EVENT]: event ?? "ping",
    "x-github-delivery": id,
    [SIGNATURE]: signatureOf(body, secret),
  }),
};

export const github: SchemeKind<Record<never, never>, GitHubEvent> = {
  description: "GitHub signs the body.",
  options: {},
  required: [],
  create: () => signature,
  general: ({ deliveryId, ...event }) => ({ id: deliveryId, ...event }),
};

const signatureOf = (body: string | Uint8Array, secret: string): string =>
  `sha256=${hmac("sha256", secret, body).toString("hex")}`;
