import ipaddr from "ipaddr.js";

/** Groups of 16 bits of an IPv6 network that one customer has all addresses of (RFC 6177: never smaller than a /64). */
const CUSTOMERS = 4;

/** Whom an address stands for where calls are counted: IPv4 for itself, IPv6 for all that its customer can take. */
export function networkOf(address = ""): string {
  if (!ipaddr.isValid(address)) return address;
  // An IPv4 address that came by an IPv6 socket is one.
  const parsed = ipaddr.process(address);
  if (!(parsed instanceof ipaddr.IPv6)) return parsed.toString();
  return `${new ipaddr.IPv6([...parsed.parts.slice(0, CUSTOMERS), 0, 0, 0, 0]).toString()}/${16 * CUSTOMERS}`;
}
