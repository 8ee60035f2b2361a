import type { JsonObject } from "../../json.ts";
import { bodyText, eventHeader, idHeader, jsonObject, proofHeader } from "../request.ts";
import { type VerifiedWebhook, vendorScheme } from "../scheme.ts";
import { sameText } from "../secrets.ts";
import { proveStandard, standardSignature as standard } from "./standard.ts";

/** An event from GitLab. */
export interface GitLabEvent extends VerifiedWebhook {
  /** The value of X-Gitlab-Event: "Push Hook". */
  event: string;
  /** The parsed body. */
  payload: JsonObject;
}

const EVENT = "x-gitlab-event";
const TOKEN = "x-gitlab-token";
const SIGNING_TOKEN = /^whsec_/;

/**
 * https://docs.gitlab.com/user/project/integrations/webhooks/: a secret that begins with "whsec_" is a signing token,
 * whose requests are signed as standard webhooks; any other is a secret token, which is sent in a header. Each is
 * accepted only as its own kind, so that a signing token cannot be downgraded to a plain one.
 */
export const gitlab = vendorScheme<GitLabEvent>(
  "GitLab sends a secret token, or signs with a signing token.",
  {
    proofHeaders: [TOKEN, ...standard.proofHeaders],
    eventHeader: EVENT,
    prove(received, proof) {
      const signing = proof.secrets.filter((secret) => SIGNING_TOKEN.test(secret));
      const plain = proof.secrets.filter((secret) => !SIGNING_TOKEN.test(secret));
      if (signing.length > 0 && received.headers.has("webhook-signature")) {
        if (proveStandard(received, { ...proof, secrets: signing })) return true;
      }
      if (plain.length === 0) return false;
      const given = proofHeader(received, TOKEN);
      return plain.some((secret) => sameText(given, secret));
    },
    read(received) {
      const body = bodyText(received);
      return {
        id: ["webhook-id", "idempotency-key", "x-gitlab-event-uuid"].reduce<string | null>(
          (found, name) => found ?? idHeader(received, name, { smallLetters: true }),
          null,
        ),
        event: eventHeader(received, EVENT),
        payload: jsonObject(body),
        body,
      };
    },
    sign: (body, signing) => ({
      [EVENT]: signing.event ?? "Push Hook",
      "idempotency-key": signing.id,
      ...(SIGNING_TOKEN.test(signing.secret) ? standard.sign(body, signing) : { [TOKEN]: signing.secret }),
    }),
  },
);
