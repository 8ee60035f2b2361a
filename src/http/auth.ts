// Who makes a request, and whether they may.

import { HeddleError } from "../errors.ts";
import { covers } from "../scopes.ts";
import type { ApiKeys, Caller } from "./api-keys.ts";

export interface Auth {
  /** The owner of the request's key. 401 without a valid one. */
  authenticate(request: Request): Promise<Caller>;
  /** The same, and 403 when the key does not cover the scope. */
  authorize(request: Request, scope: string): Promise<Caller>;
}

export function createAuth({ verify }: Pick<ApiKeys, "verify">): Auth {
  // A request is asked about twice: before its body is read, and when its route is known.
  const known = new WeakMap<Request, Promise<Caller>>();

  const authenticate = (request: Request): Promise<Caller> => {
    const asked = known.get(request);
    if (asked) return asked;
    const answer = identify(request, verify);
    known.set(request, answer);
    return answer;
  };

  return {
    authenticate,
    async authorize(request, scope) {
      const caller = await authenticate(request);
      if (!covers(caller.scopes, scope)) {
        throw new HeddleError("forbidden", `The API key does not have the scope ${scope}.`);
      }
      return caller;
    },
  };
}

async function identify(request: Request, verify: ApiKeys["verify"]): Promise<Caller> {
  const header = request.headers.get("authorization");
  if (header === null) {
    throw new HeddleError("unauthorized", "An API key is needed: send Authorization: Bearer <key>.");
  }
  const key = /^Bearer +(\S+)$/i.exec(header.trim())?.[1];
  if (key === undefined) {
    throw new HeddleError("unauthorized", "The Authorization header is not of the form: Bearer <key>.");
  }
  const caller = await verify(key);
  if (!caller) throw new HeddleError("unauthorized", "The API key is unknown, revoked or expired.");
  return caller;
}
