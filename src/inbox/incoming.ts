// The webhook that is being handled: the gateway sets it around an integration's handler, and what the handler calls
// finds it here: verifiers, and inject(), which stores it together with the message that comes of it.

import { AsyncLocalStorage } from "node:async_hooks";
import { Buffer } from "node:buffer";
import type { InjectResult } from "../sdk/types.ts";
import type { Received } from "../sdk/verify/request.ts";
import type { VerifierHost } from "../sdk/verify/verifiers.ts";

/** What is known of a webhook when it comes. */
export interface IncomingFacts {
  /** The request's id, as the log and X-Request-Id have it. */
  readonly id: string;
  readonly integrationId: string;
  readonly method: string;
  /** Below /integrations/<id>, without the query, which may hold a token. */
  readonly path: string;
  readonly headers: Headers;
  /** By performance.now(). */
  readonly arrivedAt: number;
}

export interface Incoming extends IncomingFacts {
  /** Null until it is read; it stays so when the request is refused before. */
  body: Uint8Array | null;
  /** The record that this one repeats. Nothing that a request says can set it. */
  readonly replayOf: string | null;
  /** Whether a verifier has proven the sender: now or, of a replay, when it first came. */
  isVerified: boolean;
  /** Whether the server itself sends it, on behalf of an integration that verifies in its own way. */
  readonly isVouchedFor: boolean;
  /** Names of headers that prove the sender, in small letters; their values are not recorded. */
  readonly proofHeaders: Set<string>;
  /** The messages it made or, as duplicates, had made before: so far. */
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
    isVouchedFor,
    proofHeaders: new Set(),
    outcomes: [],
    idempotencyKey: null,
  };
}

// A fixed object, yet each asynchronous call chain sees its own value: an integration's code stands between
// the gateway and inject() and cannot be asked to pass it on.
const current = new AsyncLocalStorage<Incoming | undefined>();

export function withIncoming<Result>(incoming: Incoming | undefined, handle: () => Result): Result {
  return current.run(incoming, handle);
}

/** What a handler leaves running for longer, such as a timer, is not a part of its webhook any more. */
const LIFETIME_MS = 15 * 60_000;

/** The webhook whose handler is running; undefined outside of one. */
export function currentIncoming(): Incoming | undefined {
  const incoming = current.getStore();
  return incoming && performance.now() - incoming.arrivedAt < LIFETIME_MS ? incoming : undefined;
}

/**
 * What verifiers learn and tell of the webhook whose handler called them. A handler may leave something running that
 * verifies other requests later: only the webhook's own body counts.
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
  sawSender(received) {
    const incoming = currentIncoming();
    if (incoming && isOf(incoming, received)) incoming.isVerified = true;
  },
};

const isOf = ({ body }: Incoming, { bytes }: Received): boolean =>
  body !== null && Buffer.compare(body, bytes) === 0;
