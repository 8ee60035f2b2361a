// The functions of an author whose value the SDK uses at once, each with a way to have it called as an async one. test/sdk/hover.test.ts
// looks for them in the SDK's types, so that none is forgotten.

import { createLaneKey } from "../../src/dispatch/lane-key.ts";
import { createDispatchers } from "../../src/dispatch/registry.ts";
import type { Logger } from "../../src/log.ts";
import { createSdk } from "../../src/sdk/create.ts";
import { createEnvironmentBackend } from "../../src/sdk/environment.ts";
import { testSeam } from "../../src/sdk/test-seam.ts";

const sdk = createSdk(createEnvironmentBackend({}));
/** What TypeScript would not let pass. A promise that rejects must not count as an uncaught error either. */
const later = (async () => {
  throw new Error("later");
}) as never;

const ACCOUNT = {
  ...{ name: "post", title: "The post", clientIdSetting: "POST_CLIENT" },
  ...{ authorizeUrl: "https://post.example/authorize", tokenUrl: "https://post.example/token" },
};
type AccountOptions = Parameters<typeof sdk.defineOAuth>[0];

function account(options: Partial<AccountOptions>) {
  sdk.defineOAuth({ ...ACCOUNT, ...options });
  const made = testSeam().registered.oauth.pop();
  if (!made) throw new Error("No account was registered.");
  return made;
}

function listener() {
  const made = testSeam().registered.listeners.pop();
  if (!made) throw new Error("No listener was registered.");
  return made;
}

const context = {
  ...{ signal: AbortSignal.timeout(10_000), since: null, silenceSeconds: 1, attempt: 1 },
  ...{ connected: () => {}, alive: () => {}, degraded: () => {} },
};
const clientWith = (options: object) => sdk.http({ baseUrl: "https://post.example", ...options }).get("/");
const request = (): Request => new Request("https://heddle.example", { method: "POST", body: "{}" });
const hmac = { secret: "secret", header: "x-signature" };
const verifier = { scheme: "github", secret: "secret" } as const;

/** The error of the lane, which the server logs: a delivery is written in the transaction of its cause. */
function lane(dispatcher: object): void {
  const dispatchers = createDispatchers({ chat: { deliver: () => {}, ...dispatcher } });
  const log = {
    warn(_: string, { error }: { error: Error }) {
      throw error;
    },
  } as unknown as Logger;
  createLaneKey({ dispatchers, log })("chat", { room: "ops" });
}

/** By the path in the SDK's types. */
export const AT_ONCE: Record<string, () => unknown> = {
  "connectionError.service.isRefused": () =>
    sdk.connectionError(new Error("no"), { name: "The post", isRefused: later }),
  "defineOAuth.options.authorizeUrl": () => account({ authorizeUrl: later }).provider(),
  "defineOAuth.options.clientId": () => {
    const { clientIdSetting: _, ...rest } = ACCOUNT;
    sdk.defineOAuth({ ...rest, clientId: later });
    return testSeam().registered.oauth.pop()?.provider().clientId("https://heddle.example");
  },
  "defineOAuth.options.issuer": () => account({ issuer: later }).provider(),
  "defineOAuth.options.revokeUrl": () => account({ revokeUrl: later }).provider(),
  "defineOAuth.options.scopes": () => account({ scopes: later }).provider(),
  "defineOAuth.options.tokenUrl": () => account({ tokenUrl: later }).provider(),
  "defineOAuth.options.when": () => account({ when: later }).when?.(),
  "http.options.account": () => clientWith({ account: later }),
  "http.options.baseUrl": () => clientWith({ baseUrl: later }),
  "http.options.headers": () => clientWith({ headers: later }),
  "http.options.service": () => clientWith({ service: later }),
  "listen.options.when"() {
    sdk.listen({ name: "post", run: async () => {}, when: later });
    return listener().when?.();
  },
  "patiently.options.secondsOf": () =>
    sdk.patiently(
      () => {
        throw new Error("wait");
      },
      { secondsOf: later },
    ),
  "poll.options.everySeconds"() {
    sdk.poll({ name: "post", run: async () => {}, everySeconds: later });
    return listener().run(context);
  },
  "poll.options.when"() {
    sdk.poll({ name: "post", run: async () => {}, everySeconds: 1, when: later });
    return listener().when?.();
  },
  "registerDispatcher.dispatcher.lane": () => lane({ lane: later }),
  "registerDispatcher.dispatcher.targetOf": () => lane({ targetOf: later }),
  "retryAfterSeconds.now": () =>
    sdk.retryAfterSeconds(new Headers({ "retry-after": "Mon, 30 Nov 2026 10:00:00 GMT" }), later),
  "verifyBearer.options.now": () => sdk.verifyBearer(request(), "secret", { now: later }),
  "verifyGitHub.options.now": () => sdk.verifyGitHub(request(), "secret", { now: later }),
  "verifyGitLab.options.now": () => sdk.verifyGitLab(request(), "secret", { now: later }),
  "verifyHmac.options.now": () => sdk.verifyHmac(request(), { ...hmac, now: later }),
  "verifySlack.options.now": () => sdk.verifySlack(request(), "secret", { now: later }),
  "verifyStandardWebhook.options.now": () => sdk.verifyStandardWebhook(request(), "c2VjcmV0", { now: later }),
  "verifyStripe.options.now": () => sdk.verifyStripe(request(), "secret", { now: later }),
  "verifyToken.options.now": () => sdk.verifyToken(request(), "secret", { header: "x-token", now: later }),
  "verifyWebhook.options.now": () => sdk.verifyWebhook(request(), verifier, { now: later }),
};

/** Those that other tests have. */
export const ELSEWHERE: Record<string, string> = {
  "injectEvent.options.matches": "test/sessions/events.test.ts",
};
