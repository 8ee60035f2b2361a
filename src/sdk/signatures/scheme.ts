// The common interface of all verification schemes: prove, read, sign.

import type { Received } from "./request.ts";

/** A verified request. */
export interface VerifiedWebhook {
  /** The sender's id of the event, the same for each attempt; use it as `idempotencyKey`. Null if there is none. */
  id: string | null;
  /** The sender's name for what happened; null if it gives none. */
  event: string | null;
  /** The parsed body. */
  payload: unknown;
  /** The body exactly as it was signed. */
  body: string;
}

export interface Proof {
  /** At least one secret; none of them is blank. */
  secrets: string[];
  /** The current time in milliseconds. */
  now: number;
  toleranceSeconds: number;
  /** Reports why verification failed, for the operator and never for the sender. */
  report(reason: string): void;
  /** Reports how many seconds ago the request was signed, as far as the sender says. */
  sawAge(seconds: number): void;
}

export interface Signing {
  secret: string;
  id: string;
  event: string | undefined;
  /** The time of the signature in seconds. */
  timestamp: number;
}

export interface Scheme<Event> {
  /** Headers whose values authenticate the sender; they must not be stored. */
  proofHeaders: readonly string[];
  /** The header that names the event, if there is one. */
  eventHeader?: string;
  /** Whether one of the secrets was used to sign. May also throw "invalid_signature". */
  prove(received: Received, proof: Proof): boolean;
  /** Reads the event; called only for a verified request. */
  read(received: Received): Event;
  /** Returns the headers that the sender would add to the body. */
  sign(body: string, signing: Signing): Record<string, string>;
}

const SECONDS = /^[1-9]\d{0,11}$/;

/** Whether a decimal number of seconds is within the tolerance around now. */
export function isTimely(timestamp: string, { now, toleranceSeconds, report, sawAge }: Proof): boolean {
  if (!SECONDS.test(timestamp)) return false;
  sawAge(Math.round(now / 1000 - Number(timestamp)));
  const ahead = Math.round(Number(timestamp) - now / 1000);
  if (Math.abs(now / 1000 - Number(timestamp)) <= toleranceSeconds) return true;
  // Without this report, a wrong clock looks like a wrong secret.
  report(
    `The timestamp is ${seconds(Math.abs(ahead))} ${ahead > 0 ? "ahead of" : "behind"} this server's clock, and only ${seconds(toleranceSeconds)} are allowed: compare this machine's clock with the sender's.`,
  );
  return false;
}

const seconds = (count: number): string => `${count.toLocaleString("en")} s`;

/** JSON Schema of one field of a descriptor in the manifest. */
export interface FieldSchema {
  type: "string";
  description: string;
  enum?: readonly string[];
  pattern?: string;
}

/** An entry of the table of schemes; `Options` are the fields of its descriptor. */
export interface SchemeKind<Options, Event> {
  /** What the sender does, for authors of manifests. */
  description: string;
  /** The schema of each option. */
  options: { readonly [Name in keyof Options]-?: FieldSchema };
  /** The options that a descriptor must have. */
  required: readonly (keyof Options & string)[];
  /** Creates the scheme. Throws "validation" for invalid options, which may come from a manifest or a form. */
  create(options: Options): Scheme<Event>;
  /** Returns the event in the common shape of all schemes. */
  general(event: Event, received: Received): VerifiedWebhook;
}

/** Creates a vendor's scheme, which has no options and whose events already have the common shape. */
export const vendorScheme = <Event extends VerifiedWebhook>(
  description: string,
  scheme: Scheme<Event>,
): SchemeKind<Record<never, never>, Event> => ({
  description,
  options: {},
  required: [],
  create: () => scheme,
  general: (event) => event,
});
