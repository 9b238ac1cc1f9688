import { once } from "node:events";
import { connect } from "node:tls";

/** Silence after which there is no answer. */
const CONNECT_MS = 5_000;

/** When the certificate ends that a server shows, in seconds since 1970. Who signed it is not asked: an old one is looked at too. */
export async function certificateExpiry(address: URL): Promise<number> {
  const { hostname, port } = address;
  const socket = connect({
    host: hostname,
    port: Number(port || 443),
    servername: hostname,
    rejectUnauthorized: false,
    timeout: CONNECT_MS,
  });
  socket.once("timeout", () => socket.destroy(new Error(`no answer within ${CONNECT_MS} ms`)));
  try {
    await once(socket, "secureConnect");
    return Date.parse(socket.getPeerCertificate().valid_to) / 1_000;
  } finally {
    socket.destroy();
  }
}
