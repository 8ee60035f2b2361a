// One shape for every way in which senders prove themselves: prove, read, sign.

import type { Received } from "./request.ts";

/** What a verified request says. */
export interface VerifiedWebhook {
  /** The sender's id of the event, the same for each attempt: an `idempotencyKey`. Null when it has none. */
  id: string | null;
  /** What happened, in the sender's words; null when it does not say. */
  event: string | null;
  /** The parsed body. */
  payload: unknown;
  /** As it was signed. */
  body: string;
}

export interface Proof {
  /** At least one, none of them blank. */
  secrets: string[];
  /** Milliseconds. */
  now: number;
  toleranceSeconds: number;
  /** Takes what the operator, and never the sender, is to know of why nothing is proven. */
  tell(reason: string): void;
}

export interface Signing {
  secret: string;
  id: string;
  event: string | undefined;
  /** Seconds. */
  timestamp: number;
}

export interface Scheme<Event> {
  /** Headers whose values prove the sender; nobody may store them. */
  proofHeaders: readonly string[];
  /** The header that names the event, where there is one. */
  eventHeader?: string;
  /** Whether one of the secrets made the proof. May also throw "invalid_signature". */
  prove(received: Received, proof: Proof): boolean;
  /** Called for a proven request only. */
  read(received: Received): Event;
  /** The headers that its sender would put to the body. */
  sign(body: string, signing: Signing): Record<string, string>;
}

const SECONDS = /^[1-9]\d{0,11}$/;

/** Whether a decimal number of seconds is near enough to now, before or after. */
export function isTimely(timestamp: string, { now, toleranceSeconds, tell }: Proof): boolean {
  if (!SECONDS.test(timestamp)) return false;
  const ahead = Math.round(Number(timestamp) - now / 1000);
  if (Math.abs(now / 1000 - Number(timestamp)) <= toleranceSeconds) return true;
  // Without this a clock that is wrong looks like a secret that is wrong.
  tell(
    `The timestamp is ${seconds(Math.abs(ahead))} ${ahead > 0 ? "ahead of" : "behind"} this server's clock, and only ${seconds(toleranceSeconds)} are allowed: compare this machine's clock with the sender's.`,
  );
  return false;
}

const seconds = (count: number): string => `${count.toLocaleString("en")} s`;

/** JSON Schema of one field of a descriptor, as the manifest has it. */
export interface FieldSchema {
  type: "string";
  description: string;
  enum?: readonly string[];
  pattern?: string;
}

/** One way in which senders prove themselves, as the table of schemes has it: `Options` stand in the descriptor. */
export interface SchemeKind<Options, Event> {
  /** What its sender does, for whoever writes a manifest. */
  description: string;
  /** Of each of the options. */
  options: { readonly [Name in keyof Options]-?: FieldSchema };
  /** The options that a descriptor must have. */
  required: readonly (keyof Options & string)[];
  /** Throws "validation" for options that are none: they may come from a manifest, or from somebody's form. */
  create(options: Options): Scheme<Event>;
  /** The event in the shape that all schemes have in common. */
  general(event: Event, received: Received): VerifiedWebhook;
}

/** A scheme of one vendor, which has no options and whose events have the common shape already. */
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
