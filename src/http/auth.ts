// Authenticates and authorises requests.

import type { ApiKeys } from "../access/api-keys.ts";
import type { Caller } from "../access/caller.ts";
import { covers } from "../access/scopes.ts";
import { HeddleError } from "../errors.ts";
import type { FailedKeys } from "./failed-keys.ts";

export interface Auth {
  /** Remembers the sender of a request, so that wrong keys are counted per sender. */
  arrived(request: Request, sender: string): void;
  /** Whether a request has an API key of Heddle, valid or not, or something that looks like one. */
  bringsKey(request: { headers: Headers }): boolean;
  /** Returns the caller that the request's key belongs to. Throws "unauthorized" without a valid key. */
  authenticate(request: Request): Promise<Caller>;
  /** Like `authenticate`; also throws "forbidden" if the key does not cover the scope. */
  authorize(request: Request, scope: string): Promise<Caller>;
  /** Whether the request's key is still valid. Streamed answers check this repeatedly. */
  isStillValid(request: Request): Promise<boolean>;
}

export function createAuth({ verify, isOwn }: Pick<ApiKeys, "verify" | "isOwn">, failed: FailedKeys): Auth {
  // A request is authenticated twice: before its body is read, and when its route is known.
  const known = new WeakMap<Request, Promise<Caller>>();
  const senders = new WeakMap<Request, string>();

  const identify = async (request: Request): Promise<Caller> => {
    const caller = await verify(keyOf(request));
    if (caller) return caller;
    failed.count(senders.get(request) ?? "");
    throw new HeddleError("unauthorized", "The API key is unknown, revoked or expired.");
  };

  const authenticate = (request: Request): Promise<Caller> => {
    const pending = known.get(request);
    if (pending) return pending;
    const answer = identify(request);
    known.set(request, answer);
    return answer;
  };

  return {
    arrived: (request, sender) => void senders.set(request, sender),
    bringsKey({ headers }) {
      const key = BEARER.exec(headers.get("authorization")?.trim() ?? "")?.[1];
      return key !== undefined && isOwn(key);
    },
    authenticate,
    isStillValid: (request) =>
      verify(keyOf(request)).then(
        (caller) => caller !== undefined,
        // An unreachable database is no reason to treat the key as revoked.
        () => true,
      ),
    async authorize(request, scope) {
      const caller = await authenticate(request);
      if (!covers(caller.scopes, scope)) {
        throw new HeddleError("forbidden", `The API key does not have the scope ${scope}.`);
      }
      return caller;
    },
  };
}

const BEARER = /^Bearer +(\S+)$/i;

function keyOf(request: Request): string {
  const header = request.headers.get("authorization");
  if (header === null) {
    throw new HeddleError("unauthorized", "The API key is missing; send it as Authorization: Bearer <key>.");
  }
  const key = BEARER.exec(header.trim())?.[1];
  if (key === undefined) {
    throw new HeddleError("unauthorized", "The Authorization header must have the form: Bearer <key>.");
  }
  return key;
}
