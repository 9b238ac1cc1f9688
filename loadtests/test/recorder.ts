import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export interface Recorded {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface Recorder {
  readonly url: string;
  readonly requests: Recorded[];
  close(): Promise<void>;
}

export interface Behaviour {
  /** Milliseconds before the answer. @default none */
  readonly delayMs?: (request: Recorded, index: number) => number;
  /** Status and problem code of a failure. @default all is well */
  readonly fails?: (request: Recorded) => { status: number; code: string } | undefined;
  /** Key and certificate, PEM. @default plain HTTP */
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** A target on 127.0.0.1 that answers as the API does and keeps what it was sent. A made request gets the title's id as its own. */
export async function startRecorder({ delayMs, fails, tls }: Behaviour = {}): Promise<Recorder> {
  const requests: Recorded[] = [];
  const listener: RequestListener = async (request, response) => {
    const body = await textOf(request);
    const recorded = { method: request.method ?? "", url: request.url ?? "", headers: request.headers, body };
    const index = requests.push(recorded) - 1;
    const delay = delayMs?.(recorded, index) ?? 0;
    if (delay > 0) await sleep(delay);
    const failure = fails?.(recorded);
    const status = failure?.status ?? (recorded.method === "POST" ? 201 : 200);
    const answer = failure
      ? { type: `/problems/${failure.code}`, status }
      : { id: `id-of-${(JSON.parse(body || "{}") as { tmdbId?: number }).tmdbId ?? "nothing"}`, items: [] };
    response.writeHead(status, { "content-type": "application/json", "x-trace-id": "0".repeat(31) + (index % 10) });
    response.end(JSON.stringify(answer));
  };
  const server = tls ? createSecureServer(tls, listener) : createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `${tls ? "https" : "http"}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks = await request.toArray();
  return Buffer.concat(chunks as Buffer[]).toString();
}
