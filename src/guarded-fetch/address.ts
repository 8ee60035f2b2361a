// Decides which addresses a request may go to: none inside the host's own networks, unless an operator allows it.

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import { Permanent } from "../sdk/errors.ts";

export interface Address {
  address: string;
  family: number;
}

/** Loopback, and the networks of RFC 1918, 6598 and 4193; never the link-local one, where clouds give machines their credentials. */
export const LOCAL_NETWORKS = [
  "127.0.0.0/8",
  "::1",
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "100.64.0.0/10",
  "fd00::/8",
];

export interface AddressGuardOptions {
  /** Private host names, addresses or CIDR ranges that may be reached nevertheless. */
  allowPrivateHosts: readonly string[];
  /** More origins, such as "http://192.168.1.5:5000", that may be private; read for each request. */
  allowedOrigins?: () => ReadonlySet<string>;
  /** What a person may do to have a private address allowed, as a sentence. Default: what the other options offer. */
  remedy?: string;
  /** Resolves a name to all its addresses. Default: the system's resolver. */
  resolve?: (hostname: string) => Promise<Address[]>;
}

/**
 * Returns the addresses of a URL; the connection must go to one of them. Throws Permanent if an address is not allowed.
 */
export type AddressGuard = (url: URL) => Promise<Address[]>;

export function createAddressGuard(options: AddressGuardOptions): AddressGuard {
  const { allowPrivateHosts, allowedOrigins, remedy = remedyFor(options), resolve = resolveName } = options;
  return async (url) => {
    const hostname = url.hostname.replace(/^\[|\]$/g, "");
    const family = isIP(hostname);
    const addresses = family ? [{ address: hostname, family }] : await resolve(hostname);
    if (addresses.length === 0) throw new Error(`${hostname} has no address.`);
    // Check every address, not just the first: a name that also resolves to a private address is not trustworthy.
    const isInside = addresses.some(
      ({ address }) => !isPublic(address) && !isListed(hostname, address, allowPrivateHosts),
    );
    if (isInside && !allowedOrigins?.().has(url.origin))
      throw new Permanent(
        `${hostname} is a private, loopback, link-local or cloud-internal address. ${remedy}`,
      );
    return addresses;
  };
}

const remedyFor = ({ allowedOrigins }: AddressGuardOptions): string =>
  allowedOrigins
    ? "To allow it, put its URL into a setting of the integration (a default does not count), or add it to ALLOW_PRIVATE_HOSTS."
    : "To allow it, add it to ALLOW_PRIVATE_HOSTS.";

const resolveName = (hostname: string): Promise<Address[]> => lookup(hostname, { all: true });

/** All allocated global unicast IPv6. Some of the rest may be interpreted as IPv4, such as ::127.0.0.1. */
const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR("2000::/3");

/** Allocated once, since returned. */
const SIXBONE = ipaddr.IPv6.parseCIDR("3ffe::/16");

/**
 * Addresses that look public but lead into the host's own cloud, where machines can read their secrets: Azure's wire
 * server, Equinix Metal's metadata service, and the service networks of IBM Cloud. Other clouds use ranges that are not
 * public.
 */
const CLOUD = ["168.63.129.16/32", "192.80.8.124/32", "161.26.0.0/16", "166.8.0.0/14"].map((range) =>
  ipaddr.IPv4.parseCIDR(range),
);

function isPublic(address: string): boolean {
  const ip = ipaddr.process(address);
  if (ip.range() !== "unicast") return false;
  if (ip instanceof ipaddr.IPv6) return ip.match(GLOBAL_UNICAST) && !ip.match(SIXBONE);
  return !CLOUD.some((range) => ip.match(range));
}

function isListed(hostname: string, address: string, allowed: readonly string[]): boolean {
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
