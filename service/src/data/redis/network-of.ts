import ipaddr from "ipaddr.js";

/** Groups of 16 bits of an IPv6 network that one customer has all addresses of (RFC 6177: never smaller than a /64). */
const CUSTOMERS = 4;

/** The network that an address is counted as: an IPv4 address alone, an IPv6 address as its customer's /64. */
export function networkOf(address = ""): string {
  if (!ipaddr.isValid(address)) return address;
  // An IPv4 address that came by an IPv6 socket is one.
  const parsed = ipaddr.process(address);
  if (!(parsed instanceof ipaddr.IPv6)) return parsed.toString();
  return `${new ipaddr.IPv6([...parsed.parts.slice(0, CUSTOMERS), 0, 0, 0, 0]).toString()}/${16 * CUSTOMERS}`;
}
