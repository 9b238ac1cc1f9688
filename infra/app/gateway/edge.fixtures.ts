import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Config } from "../../config/schema.ts";
import { nginxConfig } from "./gateway.plan.ts";

/** The gateway's own configuration in a real nginx, before a service that a test makes up. */
export interface Edge {
  port: number;
  statusPort: number;
  call(path: string, init?: RequestInit): Promise<Response>;
  stop(): Promise<void>;
}

export async function startEdge(
  serve: (req: IncomingMessage, res: ServerResponse) => void,
  changes: Partial<Config["app"]> = {},
): Promise<Edge> {
  const folder = mkdtempSync(join(tmpdir(), "media-edge-"));
  const service = createServer(serve);
  const [port, statusPort] = [await freePort(), await freePort()];
  const ports = { port, statusPort, apiPort: await listening(service) };
  writeFileSync(join(folder, "nginx.conf"), onThisMachine(folder, ports, changes));
  const nginx = spawn("nginx", ["-c", join(folder, "nginx.conf"), "-g", "daemon off;"], {
    env: { PATH: `${process.env.PATH}:/usr/sbin` },
    stdio: "ignore",
  });
  const call = (path: string, init?: RequestInit) => fetch(`http://127.0.0.1:${port}${path}`, init);
  for (let n = 0; n < 100 && !(await call("/").catch(() => undefined)); n++) await sleep(50);
  return {
    port,
    statusPort,
    call,
    async stop() {
      const gone = nginx.exitCode ?? new Promise((resolve) => nginx.once("exit", resolve));
      nginx.kill("SIGTERM");
      await gone;
      service.closeAllConnections();
      service.close();
      rmSync(folder, { recursive: true });
    },
  };
}

const APP = {
  upstreams: { tmdb: {}, plex: {}, youtube: {}, overseerr: {} },
  doubles: true,
  devToken: true,
  rateLimitPerSecond: 5_000,
  rateLimitPerMinute: 600,
  visitorRateLimitPerMinute: 60,
  loginRateLimitPerMinute: 10,
  traceSampleRatio: 0,
  logLevel: "info",
} as const;

/**
 * Other places, other ports, shorter waits, no TLS and no njs (its counting has metrics.test.ts); all else stays as it
 * is in a pod.
 */
function onThisMachine(
  folder: string,
  { port, statusPort, apiPort }: { port: number; statusPort: number; apiPort: number },
  changes: Partial<Config["app"]>,
): string {
  mkdirSync(join(folder, "cache"));
  const text = nginxConfig({ ...APP, ...changes })
    .replace(/^\s*(ssl_.*|http2 on|load_module .*|js_.*);$/gm, "")
    .replace("$answered_by", "")
    .replace(/listen 8443 ssl;/, `listen 127.0.0.1:${port};`)
    .replace(/listen 8081;/, `listen 127.0.0.1:${statusPort};`)
    .replace("server api:8080", `server 127.0.0.1:${apiPort}`)
    .replace("proxy_read_timeout 15s", "proxy_read_timeout 1s")
    .replaceAll("/tmp/", `${folder}/`)
    .replace("/var/cache/nginx", join(folder, "cache"))
    .replace("/dev/stdout", join(folder, "access.log"))
    .replace("/dev/stderr", join(folder, "error.log"));
  return process.getuid?.() === 0 ? `user root;\n${text}` : text;
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)));
}

async function freePort(): Promise<number> {
  const server = createServer();
  const free = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return free;
}
