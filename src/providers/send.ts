// Sends requests to the endpoints of stored providers. A model server may stand in the local network, as Ollama does, but
// not where clouds give machines their credentials, and a key goes only where it was meant to go.

import { errorMessage } from "../errors.ts";
import { type AddressGuardOptions, createAddressGuard, LOCAL_NETWORKS } from "../guarded-fetch/address.ts";
import { AttemptFailure } from "../llm/attempt.ts";
import type { Fetch } from "../llm/bounded-fetch.ts";
import { Permanent } from "../sdk/errors.ts";

const REDIRECTS = new Set([307, 308]);
const MAX_REDIRECTS = 3;
/** How long an address that was found to be allowed is not looked up again. */
const CHECKED_MS = 60_000;

export interface ProviderSendOptions {
  allowPrivateHosts: readonly string[];
  fetch?: Fetch;
  /** Resolves a name to all its addresses. Default: the system's resolver. */
  resolve?: AddressGuardOptions["resolve"];
  /** Milliseconds, only forward. */
  now?: () => number;
}

export function createProviderSend(options: ProviderSendOptions): Fetch {
  const { allowPrivateHosts, fetch: send = fetch, resolve, now = () => performance.now() } = options;
  const addressesOf = createAddressGuard({
    allowPrivateHosts: [...LOCAL_NETWORKS, ...allowPrivateHosts],
    ...(resolve && { resolve }),
  });
  const checked = new Map<string, number>();

  async function check(url: URL): Promise<void> {
    const until = checked.get(url.hostname);
    if (until !== undefined && until > now()) return;
    await addressesOf(url).catch((cause) => {
      // Asking again would not make the address another one; a name that is not found may be found later.
      const kind = cause instanceof Permanent ? "refused" : "connection";
      throw new AttemptFailure(kind, errorMessage(cause), { cause });
    });
    if (checked.size > 1_000) checked.clear();
    checked.set(url.hostname, now() + CHECKED_MS);
  }

  return async (input, init) => {
    let url = new URL(input instanceof Request ? input.url : input);
    for (let redirects = 0; ; redirects++) {
      await check(url);
      const response = await send(url.href, { ...init, redirect: "manual" });
      const location =
        response.status >= 300 && response.status < 400 ? response.headers.get("location") : null;
      if (location === null) return response;
      await response.body?.cancel();
      const next = new URL(location, url);
      if (!REDIRECTS.has(response.status) || !isSameServer(url, next) || redirects === MAX_REDIRECTS) {
        throw new AttemptFailure(
          "refused",
          `the endpoint redirects to ${next.origin}${next.pathname}; change base_url to it`,
          {
            status: response.status,
          },
        );
      }
      url = next;
    }
  };
}

/** The same host, perhaps by TLS now. */
const isSameServer = (from: URL, to: URL): boolean =>
  from.origin === to.origin ||
  (from.hostname === to.hostname && to.protocol === "https:" && from.protocol === "http:");
