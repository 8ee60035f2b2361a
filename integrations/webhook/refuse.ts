// Gives strangers the same answer for every name, so that they learn neither which endpoints exist nor how these verify.

import { verifyWebhook } from "heddle/sdk";
import type { Endpoint } from "./endpoints/endpoint.ts";
import { readSecrets } from "./endpoints/secrets.ts";

const MESSAGE = "There is no such endpoint, or the request does not prove who sent it.";
/** A secret that nobody knows. */
const SECRET = crypto.randomUUID();

/** Takes the same steps as an endpoint, and refuses in the same way as one whose sender is not authenticated. */
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

/** Hides the reason of a refusal from the sender; the inbox shows it to the operator. */
export const withoutReason = (error: unknown): unknown => (isRefusal(error) ? refusal(error) : error);

const refusal = (cause: Error): Error =>
  cause.message === MESSAGE
    ? cause
    : Object.assign(new Error(MESSAGE, { cause }), { name: "HeddleError", code: "invalid_signature" });

const isRefusal = (error: unknown): error is Error =>
  error instanceof Error && "code" in error && error.code === "invalid_signature";
