import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { HeddleError } from "../../errors.ts";

/** One secret, or several of which any may have been used. Empty ones are ignored. */
export type Secrets = string | readonly string[] | null | undefined;

export type HmacAlgorithm = "sha1" | "sha256" | "sha512";

/**
 * Returns the secrets that are not blank. Throws "invalid_signature" if there are none, so that nothing is accepted.
 */
export function usableSecrets(secrets: Secrets): string[] {
  const list = typeof secrets === "string" ? [secrets] : [...(secrets ?? [])];
  const found = list.filter((secret) => typeof secret === "string" && secret.trim() !== "");
  if (found.length === 0) {
    throw new HeddleError("invalid_signature", "No webhook secret is set, so no webhook can be accepted.");
  }
  return found;
}

export function hmac(
  algorithm: HmacAlgorithm,
  key: string | Uint8Array,
  ...parts: (string | Uint8Array)[]
): Buffer {
  const sum = createHmac(algorithm, key);
  for (const part of parts) sum.update(part);
  return sum.digest();
}

/**
 * Compares in constant time. Signatures are compared as text and never decoded, so that of the many spellings of the
 * same bytes only the sender's own is accepted.
 */
export const sameText = (a: string, b: string): boolean => timingSafeEqual(sha256(a), sha256(b));

export const sha256 = (content: string | Uint8Array): Buffer => createHash("sha256").update(content).digest();

/** `cause` is for the operator; the sender gets only the message. */
export const refused = (message = "The signature does not match the body.", cause?: Error): HeddleError =>
  new HeddleError("invalid_signature", message, { cause });
