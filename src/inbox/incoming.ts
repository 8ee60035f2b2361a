// The webhook that is being handled. The gateway sets it around an integration's handler; the functions that the
// handler calls find it here: verifiers, and inject(), which stores it together with the message that it causes.

import { AsyncLocalStorage } from "node:async_hooks";
import { Buffer } from "node:buffer";
import type { SignatureCheck } from "../db/schema.ts";
import type { Received } from "../sdk/signatures/request.ts";
import type { VerifierHost } from "../sdk/signatures/verifiers.ts";
import type { InjectResult } from "../sdk/types.ts";

/** The facts of a webhook that are known on arrival. */
export interface IncomingFacts {
  /** The request's id, which the log and X-Request-Id have too. */
  readonly id: string;
  readonly integrationId: string;
  readonly method: string;
  /** The path below /integrations/<id>, without the query, which may contain a token. */
  readonly path: string;
  readonly headers: Headers;
  /** A time of performance.now(). */
  readonly arrivedAt: number;
}

export interface Incoming extends IncomingFacts {
  /** Null until the body is read, and if the request is refused before that. */
  body: Uint8Array | null;
  /** The id of the record that this one replays. A request cannot set it. */
  readonly replayOf: string | null;
  /** Whether a verifier has authenticated the sender: now or, for a replay, when it first arrived. */
  isVerified: boolean;
  /** How the SDK's verifier checked the sender, if one was called. */
  signature: SignatureCheck | null;
  /** Whether the server itself sent it, for an integration with a verifier of its own. */
  readonly isVouchedFor: boolean;
  /** Lower-case names of headers that authenticate the sender; their values are not recorded. */
  readonly proofHeaders: Set<string>;
  /** The messages that it has caused so far, including duplicates of earlier messages. */
  readonly outcomes: InjectResult[];
  idempotencyKey: string | null;
}

export function createIncoming(
  facts: IncomingFacts,
  {
    replay = null,
    isVouchedFor = false,
  }: { replay?: { of: string; isVerified: boolean } | null; isVouchedFor?: boolean } = {},
): Incoming {
  return {
    ...facts,
    body: null,
    replayOf: replay?.of ?? null,
    isVerified: replay?.isVerified ?? false,
    signature: null,
    isVouchedFor,
    proofHeaders: new Set(),
    outcomes: [],
    idempotencyKey: null,
  };
}

// An AsyncLocalStorage, so that each asynchronous call chain sees its own value: the integration's code between the
// gateway and inject() cannot be asked to pass it on.
const current = new AsyncLocalStorage<Incoming | undefined>();

export function withIncoming<Result>(incoming: Incoming | undefined, handle: () => Result): Result {
  return current.run(incoming, handle);
}

/** Work that a handler leaves running for longer, such as a timer, no longer counts as part of its webhook. */
const LIFETIME_MS = 15 * 60_000;

/** Returns the webhook whose handler is running; undefined outside of a handler. */
export function currentIncoming(): Incoming | undefined {
  const incoming = current.getStore();
  return incoming && performance.now() - incoming.arrivedAt < LIFETIME_MS ? incoming : undefined;
}

/**
 * What verifiers read and report about the webhook whose handler called them. A handler may leave something running
 * that verifies other requests later, so only calls with the webhook's own body count.
 */
export const incomingVerifierHost: VerifierHost = {
  isProven(received) {
    const incoming = currentIncoming();
    return (
      incoming !== undefined && incoming.replayOf !== null && incoming.isVerified && isOf(incoming, received)
    );
  },
  isVouchedFor(received) {
    const incoming = currentIncoming();
    return incoming?.isVouchedFor === true && isOf(incoming, received);
  },
  sawProof(headers) {
    for (const name of headers) currentIncoming()?.proofHeaders.add(name.toLowerCase());
  },
  sawCheck(received, check) {
    const incoming = currentIncoming();
    if (incoming && isOf(incoming, received)) incoming.signature = check;
  },
  sawSender(received) {
    const incoming = currentIncoming();
    if (incoming && isOf(incoming, received)) incoming.isVerified = true;
  },
};

const isOf = ({ body }: Incoming, { bytes }: Received): boolean =>
  body !== null && Buffer.compare(body, bytes) === 0;
