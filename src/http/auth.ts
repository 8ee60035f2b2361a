// Authenticates and authorises requests: by the API key in the header Authorization, or else by the cookie of a browser
// that is signed in.

import type { ApiKeys } from "../access/api-keys.ts";
import type { Caller } from "../access/caller.ts";
import type { Revocations } from "../access/revocations.ts";
import { covers } from "../access/scopes.ts";
import type { SignIns } from "../access/sign-ins.ts";
import { HeddleError } from "../errors.ts";
import { isCookieOf, signInCookies } from "./cookie.ts";
import type { FailedKeys } from "./failed-keys.ts";
import { refuseOtherOrigins } from "./same-origin.ts";

/** What the edge knows about a request. */
export interface Arrived {
  /** What counts as one sender, for limits. */
  sender: string;
  /** The header Host, in lower case. */
  host: string;
}

export interface Auth {
  /** Remembers what the edge knows about a request, so that wrong keys are counted per sender. */
  arrived(request: Request, facts: Arrived): void;
  factsOf(request: Request): Arrived;
  /** Whether a request has an API key of Heddle, valid or not, or something that looks like one. */
  bringsKey(request: { headers: Headers }): boolean;
  /** Returns the caller that the request's key or cookie belongs to. Throws "unauthorized" without a valid one. */
  authenticate(request: Request): Promise<Caller>;
  /** Like `authenticate`; also throws "forbidden" if the caller does not have the scope. */
  authorize(request: Request, scope: string): Promise<Caller>;
  /** Throws "sign_in_again" for a browser whose sign-in is too old for what makes or ends credentials, or runs code. */
  refuseOldSignIn(request: Request): Promise<void>;
  /** Counts a wrong key or link. Throws "rate_limited" if the sender has tried too many. */
  failed(request: Request): void;
  /** Whether what let the request in still holds, for answers that go on. */
  validityOf(request: Request): Validity;
}

export interface Validity {
  holds(): Promise<boolean>;
  /** Calls the listener when it may no longer hold, at once; returns a function that ends this. */
  onDoubt(listener: () => void): () => void;
}

export interface AuthOptions {
  apiKeys: Pick<ApiKeys, "verify" | "isOwn">;
  signIns: Pick<SignIns, "verify">;
  revocations: Pick<Revocations, "watch">;
  failed: FailedKeys;
  /** How long after signing in a browser may make keys and approve code. */
  freshMs: number;
  now?: () => number;
}

export function createAuth(options: AuthOptions): Auth {
  const { apiKeys, signIns, revocations, failed, freshMs, now = Date.now } = options;
  // A request is authenticated twice: before its body is read, and when its route is known.
  const known = new WeakMap<Request, Promise<Caller>>();
  const arrivals = new WeakMap<Request, Arrived>();

  const factsOf = (request: Request): Arrived => arrivals.get(request) ?? { sender: "", host: "" };
  const fail = (request: Request): void => failed.count(factsOf(request).sender);

  const identify = async (request: Request): Promise<Caller> => {
    if (!request.headers.has("authorization")) {
      const cookies = signInCookies(request.headers, factsOf(request).host);
      if (cookies.length > 0) return identifyBrowser(request, cookies);
    }
    const caller = await apiKeys.verify(keyOf(request));
    if (caller) return caller;
    fail(request);
    throw new HeddleError("unauthorized", "The API key is unknown, revoked or expired.");
  };

  const identifyBrowser = async (request: Request, cookies: Cookies): Promise<Caller> => {
    const caller = await browserOf(cookies, true);
    if (!caller?.signIn) {
      throw new HeddleError("unauthorized", "The browser is not signed in, or no longer: sign in again.");
    }
    refuseOtherOrigins(request, factsOf(request).host, caller.signIn);
    return caller;
  };

  const browserOf = async (cookies: Cookies, isUse: boolean): Promise<Caller | undefined> => {
    const found: Caller[] = [];
    for (const { name, value } of cookies) {
      const caller = await signIns.verify(value, isUse);
      if (caller?.signIn && isCookieOf(caller.signIn, name)) found.push(caller);
    }
    // With two of them, somebody else may have added one, so that the person acts under the wrong name.
    return found.length === 1 ? found[0] : undefined;
  };

  const authenticate = (request: Request): Promise<Caller> => {
    const pending = known.get(request);
    if (pending) return pending;
    const answer = identify(request);
    known.set(request, answer);
    return answer;
  };

  const verifyAgain = (request: Request): Promise<Caller | undefined> =>
    request.headers.has("authorization")
      ? apiKeys.verify(keyOf(request))
      : browserOf(signInCookies(request.headers, factsOf(request).host), false);

  return {
    arrived: (request, facts) => void arrivals.set(request, facts),
    factsOf,
    bringsKey({ headers }) {
      const key = BEARER.exec(headers.get("authorization")?.trim() ?? "")?.[1];
      return key !== undefined && apiKeys.isOwn(key);
    },
    authenticate,
    async authorize(request, scope) {
      const caller = await authenticate(request);
      if (!covers(caller.scopes, scope)) {
        const who = caller.signIn ? "sign-in" : "API key";
        throw new HeddleError("forbidden", `The ${who} does not have the scope ${scope}.`);
      }
      return caller;
    },
    async refuseOldSignIn(request) {
      const { signIn } = await authenticate(request);
      if (signIn && now() - signIn.created_at.getTime() > freshMs) {
        throw new HeddleError(
          "sign_in_again",
          `This needs a sign-in of the last ${Math.round(freshMs / 60_000)} minutes: sign in again, and repeat it.`,
        );
      }
    },
    failed: fail,
    validityOf: (request) => ({
      holds: () =>
        verifyAgain(request).then(
          (caller) => caller !== undefined,
          // An unreachable database is no reason to treat the key as revoked.
          () => true,
        ),
      onDoubt(listener) {
        let unwatch: (() => void) | undefined;
        let isOver = false;
        void authenticate(request).then(
          ({ id, signIn }) => {
            const ids = [id, signIn?.id].filter((one) => typeof one === "string");
            if (!isOver) unwatch = revocations.watch(ids, listener);
          },
          () => undefined,
        );
        return () => {
          isOver = true;
          unwatch?.();
        };
      },
    }),
  };
}

/** What counts as one sender among those that have been let in. */
export const senderName = ({ id, signIn, name }: Caller): string => signIn?.id ?? id ?? name;

type Cookies = ReturnType<typeof signInCookies>;

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
