import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { SIGNATURE_HEADER, signatureHeader } from "../src/domain/payments/signature.ts";
import { CONTRACT } from "../src/http/contract/contract.ts";

const { path: WEBHOOK } = CONTRACT.receivePayment;
/** As Node.js names it. */
const SIGNATURE = SIGNATURE_HEADER.toLowerCase();

/**
 * Passes everything on to an api as it came, but that it puts a right signature in the place of a made-up one. Calls of
 * the webhook without any stay as they are: they must be refused.
 */
export async function startSigning(apiPort: number, key: string): Promise<{ port: number; close(): void }> {
  const server = createServer(async (req, res) => {
    const body = Buffer.concat(await req.toArray());
    const isSigned = req.url?.split("?")[0] === WEBHOOK && SIGNATURE in req.headers;
    const headers = {
      ...req.headers,
      ...(isSigned && { [SIGNATURE]: signatureHeader(key, body) }),
    };
    const onward = request(
      { port: apiPort, host: "127.0.0.1", method: req.method, path: req.url, headers },
      (answer) => {
        res.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
        answer.pipe(res);
      },
    );
    // An answer that breaks off must not look like one that came.
    onward.on("error", () => res.destroy()).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
