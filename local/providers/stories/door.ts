import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { type Access, resolveAccess } from "../kubernetes/kubeconfig.ts";

/** A way to the API server on which an answer can get lost. */
export interface Door {
  /** Leads to the API server through the door. */
  readonly kubeconfig: string;
  /** The next answer to a POST of this path gets lost; fulfilled when the server has given it. */
  lose(path: string, how: "kept back" | "connection broken"): Promise<void>;
  close(): void;
}

/** Opens a door in front of a cluster; its kubeconfig comes to stand in `dir`. */
export async function openDoor(dir: string, kubeconfig: string): Promise<Door> {
  const access = resolveAccess({ kubeconfig });
  let lost: { path: string; how: string; done: () => void } | undefined;
  const server = createServer((request, response) => {
    const isLost = request.method === "POST" && request.url?.split("?")[0] === lost?.path;
    const loss = isLost ? lost : undefined;
    if (loss) lost = undefined;
    forward(access, request, response, (answer) => {
      if (!loss) {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        return void answer.pipe(response);
      }
      if (loss.how === "connection broken") request.socket.destroy();
      answer.resume();
      loss.done();
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const file = join(dir, "door.kubeconfig");
  await writeFile(file, JSON.stringify(configOf((server.address() as AddressInfo).port)), { mode: 0o600 });
  return {
    kubeconfig: file,
    lose: (path, how) => new Promise((done) => (lost = { path, how, done })),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function forward(
  { server, ca, cert, key }: Access,
  request: IncomingMessage,
  response: ServerResponse,
  answered: (answer: IncomingMessage) => void,
): void {
  const url = new URL(request.url ?? "", server);
  const { method, headers } = request;
  const onwards = httpsRequest(url, { method, headers: { ...headers, host: url.host }, ca, cert, key }, answered);
  onwards.on("error", () => response.destroy());
  request.pipe(onwards);
}

const configOf = (port: number) => ({
  apiVersion: "v1",
  kind: "Config",
  "current-context": "door",
  clusters: [{ name: "door", cluster: { server: `http://127.0.0.1:${port}` } }],
  contexts: [{ name: "door", context: { cluster: "door", user: "door" } }],
  users: [{ name: "door", user: {} }],
});
