// The one way out for requests whose address a user or a model may choose: the name is resolved once, the
// address is checked, and the connection goes to that very address. Redirects are not followed.

import { lookup as resolveName } from "node:dns/promises";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import { Permanent } from "./sdk/errors.ts";

export interface GuardedPostOptions {
  /** Host names, addresses or CIDR ranges inside the private space that may be reached all the same. */
  allowPrivateHosts: readonly string[];
}

export type GuardedPost = (
  url: string,
  request: { body: string; headers: Record<string, string>; signal: AbortSignal },
) => Promise<{ status: number }>;

/** Throws Permanent for an address that is not allowed; network failures as they come. */
export function createGuardedPost({ allowPrivateHosts }: GuardedPostOptions): GuardedPost {
  return async (text, { body, headers, signal }) => {
    const url = new URL(text);
    const hostname = url.hostname.replace(/^\[|\]$/g, "");
    const addresses = isIP(hostname)
      ? [{ address: hostname, family: isIP(hostname) }]
      : await resolveName(hostname, { all: true });
    // Every address, not just the first: a name that also leads inside is not to be trusted.
    for (const { address } of addresses) {
      if (!isPublic(address) && !isAllowed(hostname, address, allowPrivateHosts)) {
        throw new Permanent(
          `${hostname} is a private, loopback or link-local address. Add it to ALLOW_PRIVATE_HOSTS to allow it.`,
        );
      }
    }
    const [target] = addresses;
    if (!target) throw new Error(`${hostname} has no address.`);
    return send(url, target, { body, headers, signal });
  };
}

function isPublic(address: string): boolean {
  return ipaddr.process(address).range() === "unicast";
}

function isAllowed(hostname: string, address: string, allowed: readonly string[]): boolean {
  const ip = ipaddr.process(address);
  return allowed.some((entry) => {
    if (entry.toLowerCase() === hostname.toLowerCase()) return true;
    if (ipaddr.isValidCIDR(entry)) {
      const [range, bits] = ipaddr.parseCIDR(entry);
      return range.kind() === ip.kind() && ip.match(range, bits);
    }
    return ipaddr.isValid(entry) && ipaddr.process(entry).toString() === ip.toString();
  });
}

function send(
  url: URL,
  target: { address: string; family: number },
  { body, headers, signal }: { body: string; headers: Record<string, string>; signal: AbortSignal },
): Promise<{ status: number }> {
  const request = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const outgoing = request(
      url,
      {
        method: "POST",
        signal,
        headers: { ...headers, "content-length": String(Buffer.byteLength(body)) },
        // The name stays in Host and in the TLS handshake; only the look-up is answered here.
        lookup: (_name, options, done) => {
          if (options.all) done(null, [target]);
          else done(null, target.address, target.family);
        },
      },
      (response) => {
        response.resume();
        response.on("end", () => resolve({ status: response.statusCode ?? 0 }));
        response.on("error", reject);
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}
