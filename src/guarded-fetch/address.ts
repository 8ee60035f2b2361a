// Which addresses a request may go to: none inside the host's own networks, unless an operator allows it.

import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import ipaddr from "ipaddr.js";
import { Permanent } from "../sdk/errors.ts";

export interface Address {
  address: string;
  family: number;
}

export interface AddressGuardOptions {
  /** Host names, addresses or CIDR ranges inside the private space that may be reached all the same. */
  allowPrivateHosts: readonly string[];
  /** Further origins ("http://192.168.1.5:5000") that may lead there; asked at each request. */
  allowedOrigins?: () => ReadonlySet<string>;
  /** All addresses of a name. Default: the system's resolver. */
  resolve?: (hostname: string) => Promise<Address[]>;
}

/** The addresses behind a URL, one of which the connection has to go to. Throws Permanent for one that is not allowed. */
export type AddressGuard = (url: URL) => Promise<Address[]>;

export function createAddressGuard(options: AddressGuardOptions): AddressGuard {
  const { allowPrivateHosts, allowedOrigins, resolve = resolveName } = options;
  return async (url) => {
    const hostname = url.hostname.replace(/^\[|\]$/g, "");
    const family = isIP(hostname);
    const addresses = family ? [{ address: hostname, family }] : await resolve(hostname);
    if (addresses.length === 0) throw new Error(`${hostname} has no address.`);
    // Every address, not just the first: a name that also leads inside is not to be trusted.
    const isInside = addresses.some(
      ({ address }) => !isPublic(address) && !isListed(hostname, address, allowPrivateHosts),
    );
    if (isInside && !allowedOrigins?.().has(url.origin))
      throw refusal(hostname, allowedOrigins !== undefined);
    return addresses;
  };
}

function refusal(hostname: string, knowsSettings: boolean): Permanent {
  const way = knowsSettings
    ? "Put its URL into a setting of the integration, or add it to ALLOW_PRIVATE_HOSTS, to allow it."
    : "Add it to ALLOW_PRIVATE_HOSTS to allow it.";
  return new Permanent(`${hostname} is a private, loopback, link-local or cloud-internal address. ${way}`);
}

const resolveName = (hostname: string): Promise<Address[]> => lookup(hostname, { all: true });

/** Of IPv6 all that is given out: of the rest some may be taken for IPv4, such as ::127.0.0.1. */
const GIVEN_OUT = ipaddr.IPv6.parseCIDR("2000::/3");

/** Given out once, and taken back. */
const SIXBONE = ipaddr.IPv6.parseCIDR("3ffe::/16");

/**
 * They look public, and lead to the host's own cloud, which tells machines their secrets there: Azure's wire server,
 * Equinix Metal's metadata, and the service networks of IBM Cloud. Those of the other clouds are in ranges of no public use.
 */
const CLOUD = ["168.63.129.16/32", "192.80.8.124/32", "161.26.0.0/16", "166.8.0.0/14"].map((range) =>
  ipaddr.IPv4.parseCIDR(range),
);

function isPublic(address: string): boolean {
  const ip = ipaddr.process(address);
  if (ip.range() !== "unicast") return false;
  if (ip instanceof ipaddr.IPv6) return ip.match(GIVEN_OUT) && !ip.match(SIXBONE);
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
