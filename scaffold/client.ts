import { fetch } from "heddle/sdk";
import { settings } from "./config.ts";

/** Sends a request to Acme's API; `path` is like "rooms/ops". It is given up after 30 seconds. */
export function askAcme(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${settings.ACME_TOKEN}`);
  return fetch(`${settings.ACME_URL}/${path}`, { ...init, headers });
}
