// The services that have presets, as each sends webhooks: signed its way, again when nobody hears it, and with what it takes for being heard. Each
// waits less between its attempts than the real one, in proportion.
//   Alertmanager, and Grafana, whose notifications are made by the same code: again after 5xx and without an answer, and after nothing else.
//   Sentry, to a published integration: waits a second, then again three times after 5xx or no answer, each time with a new Request-ID.
//   Linear: waits five seconds for exactly 200, then again three times.
//   Stripe: again for days after anything but 2xx, each time with a new time in its signature.

import { signWebhook, type WebhookVerifier } from "heddle/sdk";
import { PAYLOADS } from "../webhook/preset-payloads.ts";

export interface WebhookSender {
  preset: string;
  /** The secret that the service makes; otherwise the endpoint's is entered there. */
  makes?: string;
  /** Sends an event that has this text; resolves when it was heard, or is given up. */
  send(text: string, to: { url: string; secret: string }): Promise<void>;
}

interface Attempt {
  body: string;
  headers: Record<string, string>;
}

interface Manner {
  /** Milliseconds until it hangs up. */
  patience: number;
  /** Milliseconds before each further attempt. */
  pauses: number[];
  isHeard(status: number): boolean;
  /** What comes to the same as no answer. */
  isAway(status: number): boolean;
}

const is2xx = (status: number): boolean => status >= 200 && status < 300;
const is5xx = (status: number): boolean => status >= 500;
const ALERTS: Manner = {
  ...{ patience: 10_000, pauses: Array.from({ length: 60 }, () => 1_500) },
  ...{ isHeard: is2xx, isAway: is5xx },
};
const SENTRY: Manner = {
  ...{ patience: 1_000, pauses: [20_000, 40_000, 80_000] },
  ...{ isHeard: is2xx, isAway: is5xx },
};
const LINEAR: Manner = {
  ...{ patience: 5_000, pauses: [5_000, 15_000, 40_000] },
  ...{ isHeard: (status) => status === 200, isAway: () => true },
};
const STRIPE: Manner = {
  ...{ patience: 20_000, pauses: Array.from({ length: 30 }, () => 3_000) },
  ...{ isHeard: is2xx, isAway: () => true },
};

/** `made` makes each attempt anew: of its signature, time and id there may be others each time. */
async function sendLike(manner: Manner, url: string, made: () => Attempt): Promise<void> {
  const attempt = () => {
    const { body, headers } = made();
    const signal = AbortSignal.timeout(manner.patience);
    // A redirect is no answer to any of them.
    return fetch(url, { method: "POST", redirect: "manual", headers, body, signal }).then(
      ({ status }) => status,
      () => undefined,
    );
  };
  for (const pause of [0, ...manner.pauses]) {
    if (pause > 0) await Bun.sleep(pause);
    const status = await attempt();
    if (status !== undefined && manner.isHeard(status)) {
      // Once more, as if the answer had been lost.
      await attempt();
      return;
    }
    if (status !== undefined && !manner.isAway(status)) throw new Error(`It gave up after ${status}.`);
  }
  throw new Error("It gave up, since nobody heard it.");
}

/** The documented event, with another text and of another issue, group or customer. */
function eventOf(preset: string, from: string, text: string, ids: [from: string, to: string][]): string {
  let body = JSON.stringify(PAYLOADS[preset]?.first);
  const inJson = (value: string) => JSON.stringify(value).slice(1, -1);
  for (const [was, becomes] of [[from, text] as const, ...ids]) {
    if (!body.includes(inJson(was))) throw new Error(`No event of ${preset} has ${was}`);
    body = body.replaceAll(inJson(was), inJson(becomes));
  }
  return body;
}

const signed = (
  body: string,
  verifier: WebhookVerifier,
  secret: string,
  id: string,
): Record<string, string> => signWebhook(body, { ...verifier, secret } as never, { id });

const alerts = (preset: "alertmanager" | "grafana"): WebhookSender => ({
  preset,
  async send(text, { url, secret }) {
    const group = crypto.randomUUID();
    const body = eventOf(preset, "The disk of db-1 is full", text, [["DiskFull", `Disk-${group}`]]);
    const headers = { "content-type": "application/json", authorization: `Bearer ${secret}` };
    await sendLike(ALERTS, url, () => ({ body, headers }));
  },
});

const sentry: WebhookSender = {
  ...{ preset: "sentry", makes: "client-secret-that-sentry-has-made" },
  async send(text, { url, secret }) {
    const body = eventOf("sentry", "TypeError: total is undefined", text, [
      ["1117540176", crypto.randomUUID()],
    ]);
    await sendLike(SENTRY, url, () => ({
      body,
      headers: {
        ...signed(body, { scheme: "hmac", header: "sentry-hook-signature" }, secret, ""),
        ...{
          "sentry-hook-resource": "issue",
          "sentry-hook-timestamp": String(Math.floor(Date.now() / 1000)),
        },
        "request-id": crypto.randomUUID().replaceAll("-", ""),
      },
    }));
  },
};

const linear: WebhookSender = {
  ...{ preset: "linear", makes: "lin_wh_that_linear_has_made_for_it" },
  async send(text, { url, secret }) {
    const [id, delivery] = [crypto.randomUUID(), crypto.randomUUID()];
    const issue = "2174add1-f7c8-44e3-bbf3-2d60b5ea8bc9";
    const body = eventOf("linear", "The backup failed", text, [[issue, id]]);
    const headers = signed(
      body,
      { scheme: "hmac", header: "linear-signature", id: "linear-delivery" },
      secret,
      delivery,
    );
    await sendLike(LINEAR, url, () => ({ body, headers: { ...headers, "linear-event": "Issue" } }));
  },
};

const stripe: WebhookSender = {
  ...{ preset: "stripe", makes: "whsec_dGhhdCBzdHJpcGUgaGFzIG1hZGU" },
  async send(text, { url, secret }) {
    const id = crypto.randomUUID();
    const body = eventOf("stripe", "in_1", text, [
      ["cus_1", `cus_${id}`],
      ["evt_1", `evt_${id}`],
    ]);
    await sendLike(STRIPE, url, () => ({ body, headers: signed(body, { scheme: "stripe" }, secret, "") }));
  },
};

export const WEBHOOK_SENDERS: WebhookSender[] = [
  sentry,
  alerts("alertmanager"),
  alerts("grafana"),
  linear,
  stripe,
];
