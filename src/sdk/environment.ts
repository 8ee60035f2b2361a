// Chooses the SDK's backend outside the server. A child process has HEDDLE_URL and HEDDLE_API_KEY and uses the REST
// API; an author's test has neither, so it must provide whatever needs a server.

import { HeddleError } from "../errors.ts";
import type { OAuthBackend, SdkBackend } from "./backend.ts";
import type { ControlCalls } from "./controls.ts";
import { ReauthRequired } from "./errors.ts";
import { fetchWithTimeout } from "./fetch.ts";
import { logLine } from "./log-line.ts";
import { CLOCK } from "./rate-limit.ts";
import { createRestServices } from "./rest.ts";
import { testSeam } from "./test-seam.ts";
import type { ConnectionReport, PeopleControls, PublishedEvent, Recording } from "./types.ts";

const nothing = () => {};

export function createEnvironmentBackend(environment: Record<string, string | undefined>): SdkBackend {
  const { HEDDLE_URL: url, HEDDLE_API_KEY: apiKey, HEDDLE_INTEGRATION_ID: integrationId } = environment;
  const facts = () => testSeam().server;
  const services =
    url && apiKey
      ? createRestServices({ url, apiKey, integrationId })
      : {
          getOrCreateSession: standIn("getOrCreateSession"),
          injectMessage: standIn("injectMessage"),
          injectEvent: standIn("injectEvent"),
          ingestDocument: standIn("ingestDocument"),
          searchDocuments: standIn("searchDocuments"),
          store: testSeam().store,
          controls: controlsStandIn,
          people: peopleStandIn,
          askAsCaller: async (...asked: Parameters<SdkBackend["askAsCaller"]>) => {
            const { services } = testSeam();
            if (!services?.askAsCaller) throw needsServer("asCaller()");
            return services.askAsCaller(...asked);
          },
          publish: async (event: PublishedEvent) => publishStandIn(event),
          oauth: oauthStandIn,
          transcribe: async (recording: Recording) =>
            (await testSeam().services?.transcribe?.(recording)) ?? null,
          reportConnection: async (report: ConnectionReport & { name: string }) =>
            testSeam().services?.reportConnection?.(report),
        };
  const { registered } = testSeam();
  return {
    ...services,
    get tables() {
      return testSeam().tables;
    },
    fetch: fetchWithTimeout,
    rateClock: { ...CLOCK, now: () => CLOCK.now() + testSeam().skippedSeconds },
    // A test's facts take precedence, like its settings.
    server: {
      baseUrl: () => facts()?.baseUrl ?? environment.HEDDLE_BASE_URL,
      integrationId: () => facts()?.integrationId ?? integrationId,
      webhookPath: () => facts()?.webhookPath ?? environment.HEDDLE_WEBHOOK_PATH,
    },
    getSetting: (key) => testSeam().settings.get(key) ?? environment[key],
    log: (level, message, fields) => console.error(logLine(level, message, fields)),
    addSecret: nothing,
    registerTool: (tool) => void registered.tools.push(tool),
    registerDispatcher: (type, dispatcher) => void registered.dispatchers.set(type, dispatcher),
    registerIntegration(meta) {
      registered.integration = meta;
    },
    registerHook: (hook) => void registered.hooks.push(hook),
    registerLifecycle: (lifecycle) => void registered.lifecycle.push(lifecycle),
    // `heddle check` reports them.
    misspelt: () => {},
    registerListener: (listener) => void registered.listeners.push(listener),
    registerOAuth: (account) => void registered.oauth.push(account),
    declareSetting: (setting) => void registered.settings.push(setting),
  };
}

/** That of `fakeHeddle`. */
const publishStandIn = async (event: PublishedEvent): Promise<void> => {
  const { services } = testSeam();
  if (!services?.publish) throw needsServer("publish()");
  await services.publish(event);
};

/** Those of `fakeHeddle`, which knows nobody at first. */
const peopleStandIn: PeopleControls = {
  check: (person) => fakePeople().check(person),
  list: () => fakePeople().list(),
};

function fakePeople(): PeopleControls {
  const { services } = testSeam();
  if (services?.people) return services.people;
  throw needsServer("people");
}

/** The tokens that `useTokens` has given. */
const oauthStandIn: OAuthBackend = {
  isSignedIn: (name) => testSeam().tokens.has(name),
  token: async (name) => firstToken(name),
  async refused(name, token) {
    const [first, ...others] = testSeam().tokens.get(name) ?? [];
    if (first === token && others.length > 0) testSeam().tokens.set(name, others);
    else if (first === token) testSeam().tokens.delete(name);
    firstToken(name);
  },
};

function firstToken(name: string): string {
  const token = testSeam().tokens.get(name)?.[0];
  if (token === undefined) throw new ReauthRequired(`Nobody has signed in at "${name}".`);
  return token;
}

/** A test can provide the controls: `fakeHeddle({ controls: … })`. */
const controlsStandIn = new Proxy({} as ControlCalls, {
  get: (_, name) => {
    return async (...args: never[]): Promise<unknown> => {
      const given = testSeam().services?.controls?.[name as keyof ControlCalls] as
        | ((...args: never[]) => Promise<unknown>)
        | undefined;
      if (given) return given(...args);
      throw needsServer(`channels and tasks (${String(name)})`);
    };
  },
});

type Standing = "getOrCreateSession" | "injectMessage" | "injectEvent" | "ingestDocument" | "searchDocuments";

/** Calls what the test provides (`fakeHeddle`); otherwise throws an error that says what is missing. */
function standIn<Name extends Standing>(name: Name): SdkBackend[Name] {
  const call = async (options: never): Promise<unknown> => {
    const given = testSeam().services?.[name] as ((options: never) => Promise<unknown>) | undefined;
    if (given) return given(options);
    throw needsServer(`${name}()`);
  };
  return call as SdkBackend[Name];
}

const needsServer = (what: string): HeddleError =>
  new HeddleError(
    "not_supported",
    `${what} needs a Heddle server: run this inside Heddle, or set HEDDLE_URL and HEDDLE_API_KEY.`,
  );
