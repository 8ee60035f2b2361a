// A test event: signed with the endpoint's own secret, verified and passed on like one of its sender.

import { signWebhook } from "heddle/sdk";
import { receive } from "../receive.ts";
import type { Endpoint } from "./endpoint.ts";
import { readSecrets } from "./secrets.ts";

/** What came of it, or why the endpoint would refuse every sender. */
export type Tested = { is: "sent"; answer: object } | { is: "refused"; message: string };

/** Throws what `receive` throws. The inbox does not have it, since no sender has sent it. */
export async function sendTestEvent(
  endpoint: Endpoint,
  { body, event }: { body?: unknown; event?: string },
): Promise<Tested> {
  if (!endpoint.enabled) {
    return {
      is: "refused",
      message: "The endpoint must be switched on; it refuses everything at the moment.",
    };
  }
  const { signing } = await readSecrets(endpoint.id);
  const secret = Object.values(signing).at(-1);
  if (secret === undefined) {
    return { is: "refused", message: "The endpoint must have a secret; it refuses everything without one." };
  }
  const text = typeof body === "string" ? body : JSON.stringify(body ?? {});
  const headers = signWebhook(text, { ...endpoint.verifier, secret }, event === undefined ? {} : { event });
  const request = new Request(`http://localhost/${endpoint.name}`, { method: "POST", headers, body: text });
  return { is: "sent", answer: await receive(endpoint, request) };
}
