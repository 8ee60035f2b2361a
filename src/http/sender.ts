// Identifies the sender of a request for limits: the other end of the connection, or the address that a trusted proxy
// names.

import ipaddr from "ipaddr.js";
import { senderOf } from "./rate-limit.ts";

export type SenderOf = (address: string, headers: Headers) => string;

/**
 * `trusted` are addresses and networks (CIDR) of proxies that set X-Forwarded-For. Its entries are read from the right
 * as long as the proxy that wrote an entry is trusted; the sender may have forged entries further left.
 */
export function createSenderOf(trusted: readonly string[]): SenderOf {
  if (trusted.length === 0) return senderOf;
  const networks = trusted.map((one) => (one.includes("/") ? ipaddr.parseCIDR(one) : wholeAddress(one)));
  const isTrusted = (address: string): boolean => {
    if (!ipaddr.isValid(address)) return false;
    const parsed = ipaddr.process(address);
    return networks.some(
      ([network, bits]) => network.kind() === parsed.kind() && parsed.match([network, bits] as never),
    );
  };
  return (address, headers) => {
    if (!isTrusted(address)) return senderOf(address);
    const named = (headers.get("x-forwarded-for") ?? "").split(",").map(withoutPort);
    let sender = address;
    while (isTrusted(sender)) {
      const next = named.pop();
      if (next === undefined || !ipaddr.isValid(next)) break;
      sender = next;
    }
    return senderOf(sender);
  };
}

/** Some proxies name the port as well: "192.0.2.1:4711", "[2001:db8::1]:4711". */
function withoutPort(entry: string): string {
  const address = entry.trim();
  const [, inBrackets, plain] =
    /^(?:\[([0-9A-Fa-f:.]{2,45})\]|([0-9.]{7,15}))(?::\d{1,5})?$/.exec(address) ?? [];
  return inBrackets ?? plain ?? address;
}

function wholeAddress(text: string): [ipaddr.IPv4 | ipaddr.IPv6, number] {
  const address = ipaddr.parse(text);
  return [address, address.kind() === "ipv4" ? 32 : 128];
}
