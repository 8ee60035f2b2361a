// What is checked about a provider beyond its schema.

import { HeddleError } from "../errors.ts";
import { MASK, urlSecrets } from "../secrets/urls.ts";
import type { GivenChange } from "./fields.ts";
import { ENVIRONMENT, type Provider } from "./provider.ts";

const invalid = (field: string, rule: string) =>
  new HeddleError("validation", `${field} must ${rule}.`, { field });

/** RFC 9110, 5.6.2. */
const HEADER_NAME = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;
/** Headers that Heddle or the connection itself sets. */
const OWN_HEADERS = /^(host|connection|content-length|content-type|transfer-encoding|accept-encoding)$/i;

/** Throws `validation` for a value that cannot work, with its field. */
export function checkGiven({ base_url, api_key, headers = {} }: GivenChange): void {
  if (typeof base_url === "string") checkAddress(base_url);
  if (api_key?.startsWith(MASK)) throw invalid("api_key", "be the key itself; got its mask");
  for (const [name, value] of Object.entries(headers)) {
    if (!HEADER_NAME.test(name))
      throw invalid("headers", `have names of HTTP headers; got "${name.slice(0, 100)}"`);
    if (OWN_HEADERS.test(name))
      throw invalid(`headers.${name}`, "be left out; Heddle sets this header itself");
    if (value.startsWith(MASK)) throw invalid(`headers.${name}`, "be the value itself; got its mask");
  }
}

function checkAddress(text: string): void {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw invalid(
      "base_url",
      `be an address that starts with http:// or https://; got "${text.slice(0, 200)}"`,
    );
  }
  if (url.hash !== "") throw invalid("base_url", 'have no "#…"');
  if (urlSecrets(text).length > 0) {
    throw invalid("base_url", "contain no secret, because it is shown; use api_key or headers");
  }
  const [route] = /\/(?:chat\/completions|responses|messages|models)\/?$/.exec(url.pathname) ?? [];
  if (route !== undefined) throw invalid("base_url", `end before "${route}", which Heddle adds itself`);
}

/**
 * Throws `validation` when a key would be sent to another server than the one that it was given for: whoever may change
 * an address must not learn a key that is only shown masked.
 */
export function checkMove(before: Provider, change: GivenChange): void {
  const { base_url = before.base_url, adapter = before.adapter } = change;
  if (originOf({ base_url, adapter }) === originOf(before)) return;
  if (before.api_key !== null && change.api_key === undefined) {
    throw invalid("api_key", "be given again (or be null) when the provider moves to another server");
  }
  if (Object.keys(before.headers).length > 0 && change.headers === undefined) {
    throw invalid("headers", "be given again (or be {}) when the provider moves to another server");
  }
}

const originOf = ({ base_url, adapter }: Pick<Provider, "base_url" | "adapter">): string =>
  base_url === null ? `the vendor of ${adapter}` : new URL(base_url).origin;

/** Bots that name no model need one. The vendors' own addresses have a usual one. */
export function checkDefault({ is_default, default_model, base_url }: Provider): void {
  if (!is_default || default_model !== null || base_url === null) return;
  throw invalid("default_model", "name a model, because bots without one use the default provider's");
}

/** Throws `conflict` for the provider that only the environment can change. */
export function checkStored(id: string): void {
  if (id !== ENVIRONMENT) return;
  throw new HeddleError(
    "conflict",
    `The provider "${ENVIRONMENT}" comes from the environment: change OPENAI_… or ANTHROPIC_… and restart, or create another provider.`,
    { field: "id" },
  );
}
