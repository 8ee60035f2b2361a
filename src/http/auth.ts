// Who makes a request, and whether they may.

import type { ApiKeys } from "../access/api-keys.ts";
import type { Caller } from "../access/caller.ts";
import { covers } from "../access/scopes.ts";
import { HeddleError } from "../errors.ts";
import type { FailedKeys } from "./failed-keys.ts";

export interface Auth {
  /** Remembers from whom a request comes, so that wrong keys are counted. */
  arrived(request: Request, sender: string): void;
  /** Whether a request brings a key of Heddle's, right or wrong, or one that looks like it. */
  bringsKey(request: { headers: Headers }): boolean;
  /** The owner of the request's key. 401 without a valid one. */
  authenticate(request: Request): Promise<Caller>;
  /** The same, and 403 when the key does not cover the scope. */
  authorize(request: Request, scope: string): Promise<Caller>;
  /** Whether the request's key is still what it was: an answer that goes on asks again and again. */
  isStillValid(request: Request): Promise<boolean>;
}

export function createAuth({ verify, isOwn }: Pick<ApiKeys, "verify" | "isOwn">, failed: FailedKeys): Auth {
  // A request is asked about twice: before its body is read, and when its route is known.
  const known = new WeakMap<Request, Promise<Caller>>();
  const senders = new WeakMap<Request, string>();

  const identify = async (request: Request): Promise<Caller> => {
    const caller = await verify(keyOf(request));
    if (caller) return caller;
    failed.note(senders.get(request) ?? "");
    throw new HeddleError("unauthorized", "The API key is unknown, revoked or expired.");
  };

  const authenticate = (request: Request): Promise<Caller> => {
    const asked = known.get(request);
    if (asked) return asked;
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
        // A database that is away revokes nothing.
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
    throw new HeddleError("unauthorized", "An API key is needed: send Authorization: Bearer <key>.");
  }
  const key = BEARER.exec(header.trim())?.[1];
  if (key === undefined) {
    throw new HeddleError("unauthorized", "The Authorization header is not of the form: Bearer <key>.");
  }
  return key;
}
