// An account of an integration at the authorization server of the tests.

import type { RegisteredOAuth } from "../../src/sdk/backend.ts";
import { fetchWithTimeout } from "../../src/sdk/fetch.ts";
import { createDefineOAuth } from "../../src/sdk/oauth.ts";
import type { OAuthOptions } from "../../src/sdk/types.ts";

export const BASE = "http://localhost:8000";
export const CLIENT = { id: "heddle", secret: "secret-of-the-client" };
export const CLIENTS = {
  [CLIENT.id]: { secret: CLIENT.secret, redirects: [`${BASE}/admin/integrations/oauth/callback`] },
};

/** What `defineOAuth` registers, with these settings. */
export function registeredAt(
  issuer: string,
  settings: Record<string, string> = { CLIENT_ID: CLIENT.id, CLIENT_SECRET: CLIENT.secret },
  options: Partial<OAuthOptions> = {},
  fetch: RegisteredOAuth["fetch"] = fetchWithTimeout,
): RegisteredOAuth {
  let found: RegisteredOAuth | undefined;
  createDefineOAuth({
    registerOAuth: (account) => {
      found = account;
    },
    misspelt: () => undefined,
    getSetting: (key) => settings[key],
    fetch,
  })({
    ...{ name: "post", title: "The post", authorizeUrl: `${issuer}/authorize`, tokenUrl: `${issuer}/token` },
    ...{ revokeUrl: `${issuer}/revoke`, scopes: ["mail", "send"], issuer },
    ...{ clientIdSetting: "CLIENT_ID", clientSecretSetting: "CLIENT_SECRET" },
    authorizeParameters: { access_type: "offline" },
    ...options,
  });
  if (!found) throw new Error("Nothing was registered.");
  return found;
}

/** What the browser brings back from the page to which it was sent. */
export async function consent(url: string) {
  const answer = await fetch(url, { redirect: "manual" });
  const back = new URL(answer.headers.get("location") ?? "http://refused/");
  return {
    back,
    returned: Object.fromEntries(back.searchParams) as { state: string; code?: string; iss?: string },
  };
}
