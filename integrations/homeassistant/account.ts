// Signing in at Home Assistant: with a long-lived token, or by a person (https://developers.home-assistant.io/docs/auth_api).

import { defineOAuth, ReauthRequired } from "heddle/sdk";
import { settings } from "./config.ts";

export const baseUrl = (): string => {
  const url = settings.HOMEASSISTANT_URL;
  if (url === "") throw new Error("HOMEASSISTANT_URL must be set.");
  return url.endsWith("/") ? url.slice(0, -1) : url;
};

const hasToken = (): boolean => settings.HOMEASSISTANT_TOKEN !== "";

const home = defineOAuth({
  name: "home",
  title: "Home Assistant",
  authorizeUrl: () => `${baseUrl()}/auth/authorize`,
  tokenUrl: () => `${baseUrl()}/auth/token`,
  revokeUrl: () => `${baseUrl()}/auth/revoke`,
  // Home Assistant identifies a client by the client's own address.
  clientId: (at) => at.baseUrl,
  when: () => settings.HOMEASSISTANT_URL !== "" && !hasToken(),
});

/** The account in whose name requests are made; undefined: the settings have a token. */
export const account = () => (hasToken() ? undefined : home);

export const isSetUp = (): boolean => settings.HOMEASSISTANT_URL !== "" && (hasToken() || home.isSignedIn);

export const token = async (): Promise<string> => (hasToken() ? settings.HOMEASSISTANT_TOKEN : home.token());

/** Throws ReauthRequired if a person has to do something about a token that was refused; otherwise the next one may work. */
export async function refused(given: string): Promise<void> {
  if (hasToken()) throw new ReauthRequired("Home Assistant does not accept HOMEASSISTANT_TOKEN.");
  await home.refused(given);
}
