// What a stranger hears is the same for every name: which endpoints there are, and how they verify, is for those who can sign.

import { verifyWebhook } from "heddle/sdk";
import type { Endpoint } from "./endpoints/endpoint.ts";
import { readSecrets } from "./endpoints/secrets.ts";

const MESSAGE = "There is no such endpoint, or the request does not prove who sent it.";
/** Nobody knows it. */
const SECRET = crypto.randomUUID();

/** Takes the steps that an endpoint takes, and refuses as one that knows its sender. */
export async function refuse(request: Request, endpoint: Endpoint | undefined): Promise<never> {
  await readSecrets(endpoint?.id ?? "none");
  const reason = endpoint ? "The endpoint is disabled" : "There is no endpoint of this name";
  try {
    await verifyWebhook(request, { scheme: "hmac", header: "x-signature", secret: SECRET });
  } catch (error) {
    if (!isRefusal(error)) throw error;
  }
  throw refusal(new Error(reason));
}

/** The inbox tells the operator the reason, which the sender does not hear. */
export const withoutReason = (error: unknown): unknown => (isRefusal(error) ? refusal(error) : error);

const refusal = (cause: Error): Error =>
  cause.message === MESSAGE
    ? cause
    : Object.assign(new Error(MESSAGE, { cause }), { name: "HeddleError", code: "invalid_signature" });

const isRefusal = (error: unknown): error is Error =>
  error instanceof Error && "code" in error && error.code === "invalid_signature";
