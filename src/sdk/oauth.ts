// `defineOAuth`: accounts at a service in which a person signs Heddle in. The server sends people there, keeps the tokens and exchanges
// them in time (src/oauth).

import { HeddleError } from "../errors.ts";
import { atOnce, checkArgument, shown } from "./arguments.ts";
import type { OAuthBackend, RegisteredOAuth, SdkBackend } from "./backend.ts";
import { misspellings } from "./misspelt.ts";
import type { OAuthAccount, OAuthOptions } from "./types.ts";

const NAME = /^[a-z0-9][a-z0-9_-]{0,63}$/;

const FIELDS: Record<keyof OAuthOptions, true> = {
  name: true,
  title: true,
  authorizeUrl: true,
  tokenUrl: true,
  revokeUrl: true,
  scopes: true,
  clientIdSetting: true,
  clientId: true,
  clientSecretSetting: true,
  clientAuthentication: true,
  authorizeParameters: true,
  issuer: true,
  when: true,
};

type Backend = Pick<SdkBackend, "registerOAuth" | "oauth" | "misspelt" | "fetch" | "getSetting">;

export const createDefineOAuth =
  (backend: Backend) =>
  (options: OAuthOptions): OAuthAccount => {
    checkArgument("The argument of defineOAuth()", options, "an object");
    check(options);
    const { name, title, when } = options;
    backend.registerOAuth({
      ...{ name, title },
      when: when && (() => atOnce(`The when of defineOAuth("${name}")`, when())),
      provider: () => providerOf(options, backend),
      fetch: (input, init) => backend.fetch(input, init),
    });
    backend.misspelt(misspellings(`defineOAuth("${name}")`, options, Object.keys(FIELDS)));
    return {
      get isSignedIn() {
        return backend.oauth?.isSignedIn(name) ?? false;
      },
      token: async () => tokensOf(backend).token(name),
      refused: async (token) => tokensOf(backend).refused(name, token),
    };
  };

function tokensOf({ oauth }: Backend): OAuthBackend {
  if (oauth) return oauth;
  throw new HeddleError(
    "not_supported",
    "Accounts of defineOAuth are used in the server, not in a process: make such requests in a tool, a hook, a listener or a route.",
  );
}

function providerOf(
  options: OAuthOptions,
  { getSetting }: Pick<Backend, "getSetting">,
): ReturnType<RegisteredOAuth["provider"]> {
  const { clientIdSetting, clientId, clientSecretSetting, clientAuthentication = "post" } = options;
  const settings = [clientIdSetting, clientSecretSetting].filter((key) => key !== undefined);
  const setting = (key: string | undefined) => (key === undefined ? undefined : getSetting(key)?.trim());
  const revokeUrl = lookedUp(options, "revokeUrl");
  return {
    authorizeUrl: address(options, "authorizeUrl"),
    tokenUrl: address(options, "tokenUrl"),
    ...(revokeUrl && { revokeUrl }),
    scope: scopeOf(options),
    missing: settings.filter((key) => !setting(key)),
    clientId: (baseUrl) =>
      clientId && baseUrl !== undefined
        ? atOnce(`The clientId of defineOAuth("${options.name}")`, clientId({ baseUrl }))
        : setting(clientIdSetting),
    clientSecret: setting(clientSecretSetting) || undefined,
    clientAuthentication,
    authorizeParameters: options.authorizeParameters ?? {},
    issuer: lookedUp(options, "issuer"),
  };
}

type LookedUp = "authorizeUrl" | "tokenUrl" | "revokeUrl" | "scopes" | "issuer";

/** The value of an option that may be a function. */
function lookedUp<Field extends LookedUp>(options: OAuthOptions, field: Field) {
  const given = options[field];
  const value = typeof given === "function" ? given() : given;
  return atOnce(`The ${field} of defineOAuth("${options.name}")`, value) as
    | Exclude<OAuthOptions[Field], (...given: never[]) => unknown>
    | undefined;
}

function scopeOf(options: OAuthOptions): string {
  const scopes: unknown = lookedUp(options, "scopes") ?? [];
  if (Array.isArray(scopes)) return scopes.join(" ");
  throw invalid(`The scopes of defineOAuth("${options.name}") must be a list; got ${shown(scopes)}.`);
}

function address(options: OAuthOptions, field: "authorizeUrl" | "tokenUrl"): string {
  const given = lookedUp(options, field);
  const url = URL.parse(given ?? "");
  if (url && (url.protocol === "https:" || url.protocol === "http:")) return url.href;
  throw invalid(
    `The ${field} of defineOAuth("${options.name}") must be an http(s) URL; got ${shown(given)}.`,
  );
}

function check(options: OAuthOptions): void {
  const { name, title, authorizeUrl, tokenUrl, clientIdSetting, clientId, when } = options;
  if (typeof name !== "string" || !NAME.test(name)) {
    throw invalid(
      `The name of defineOAuth() must be 1 to 64 of a-z 0-9 _ -, such as "google"; got ${shown(name)}.`,
    );
  }
  const of = `defineOAuth("${name}")`;
  if (typeof title !== "string" || title === "") throw invalid(`The title of ${of} must be a text.`);
  for (const [field, value] of Object.entries({ authorizeUrl, tokenUrl })) {
    if (typeof value === "function") continue;
    if (typeof value !== "string")
      throw invalid(`The ${field} of ${of} must be a URL, or a function that returns one.`);
    address(options, field as "authorizeUrl" | "tokenUrl");
  }
  if ((clientIdSetting === undefined) === (clientId === undefined)) {
    throw invalid(`${of} must have either clientIdSetting or clientId.`);
  }
  if (when !== undefined && typeof when !== "function")
    throw invalid(`The when of ${of} must be a function.`);
}

const invalid = (message: string): HeddleError => new HeddleError("validation", message);
