import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { freePorts } from "@media/service/test/programs";
import type { Config } from "../../config/schema.ts";
import type { OpsPage } from "../../lib/ops.ts";
import { app } from "../app.fixtures.ts";
import { nginxConfig } from "./gateway.plan.ts";

/** The gateway's own configuration in a real nginx, before a service and a front end that a test makes up. */
export interface Edge {
  port: number;
  statusPort: number;
  call(path: string, init?: RequestInit): Promise<Response>;
  /** The signal that `nginx -s quit` sends. */
  quit(): void;
  stop(): Promise<void>;
}

/** The responder, which is asked who may, and one program in the place of all behind its sign-in. */
export interface Operations {
  pages: readonly OpsPage[];
  responder: Serve;
  program: Serve;
}

/** `pod` is the number of the pod that is asked, from 0. */
type Serve = (req: IncomingMessage, res: ServerResponse, pod: number) => void;

interface Other {
  /** See the configuration's `gateway`. @default none */
  bandwidth?: Config["gateway"]["bandwidth"];
  /** @default there is no responder */
  ops?: Operations;
  /** A change of nginx.conf, for negative controls. @default none */
  edit?: (text: string) => string;
}

const PODS = 2;

export async function startEdge(
  serve: Serve,
  changes: Partial<Config["app"]> = {},
  web: Serve = (_req, res) => res.end("a page"),
  { bandwidth = {}, ops, edit = (text) => text }: Other = {},
): Promise<Edge> {
  const folder = mkdtempSync(join(tmpdir(), "media-edge-"));
  const pods = Array.from({ length: PODS }, (_, pod) => createServer((req, res) => serve(req, res, pod)));
  const front = createServer((req, res) => web(req, res, 0));
  const [port, statusPort] = await freePorts(2);
  const behind = [ops?.responder, ops?.program].map((one) => createServer((req, res) => one?.(req, res, 0)));
  const [responder = 0, program = 0] = await Promise.all(behind.map(listening));
  const [api, page] = [await Promise.all(pods.map(listening)), await listening(front)];
  const ports = { port, statusPort, api, web: [page], responder, program };
  writeFileSync(join(folder, "nginx.conf"), edit(withoutTls(folder, ports, changes, { bandwidth, ops: ops?.pages })));
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
    quit: () => void nginx.kill("SIGQUIT"),
    async stop() {
      const gone = nginx.exitCode ?? new Promise((resolve) => nginx.once("exit", resolve));
      nginx.kill("SIGTERM");
      await gone;
      for (const server of [...pods, front, ...behind]) {
        server.closeAllConnections();
        server.close();
      }
      rmSync(folder, { recursive: true });
    },
  };
}

/** No limit that a test meets unless it says so, and no trace. */
const APP = { ...app, rateLimitPerSecond: 5_000, traceSampleRatio: 0 };

/** Other ports, no TLS, shorter waits. */
function withoutTls(
  folder: string,
  { port, statusPort, ...upstreams }: Upstreams & { port: number; statusPort: number },
  changes: Partial<Config["app"]>,
  parts: Parameters<typeof nginxConfig>[1],
): string {
  const text = nginxConfig({ ...APP, ...changes }, parts)
    .replace(/^\s*(ssl_.*|http2 on);$/gm, "")
    .replace(/listen 8444 ssl;/, "")
    .replace(/listen 8443 ssl;/, `listen 127.0.0.1:${port};`)
    .replace(/listen 8081;/, `listen 127.0.0.1:${statusPort};`)
    .replace("proxy_read_timeout 15s", "proxy_read_timeout 1s");
  return onThisMachine(text, folder, upstreams);
}

/** Ports of the pods of each workload. */
interface Upstreams {
  api: readonly number[];
  web: readonly number[];
  /** Port of what stands for the responder, and of what stands for all programs behind its sign-in. */
  responder?: number;
  program?: number;
}

/**
 * The gateway's configuration for this machine's nginx: other places, addresses for names, and no njs (its counting has
 * metrics.test.ts); all else stays as it is in a pod.
 */
export function onThisMachine(config: string, folder: string, { api, web, responder, program }: Upstreams): string {
  mkdirSync(join(folder, "cache"));
  const text = config
    .replace(/^\s*(load_module .*|js_.*);$/gm, "")
    .replace("$answered_by", "")
    .replace(/^\s*resolver.*;$/gm, "")
    .replace(/server (api|web)-pods\.@domain@:\d+ resolve (.*;)/g, (_, name, rest) =>
      (name === "api" ? api : web).map((at) => `server 127.0.0.1:${at} ${rest}`).join("\n"),
    )
    .replace(/server [a-z]+\.@domain@:\d+ resolve;/g, `server 127.0.0.1:${program};`)
    .replace(/server responder:\d+;/, `server 127.0.0.1:${responder};`)
    .replaceAll("/tmp/", `${folder}/`)
    .replace("/var/cache/nginx", join(folder, "cache"))
    .replace("/dev/stdout", join(folder, "access.log"))
    .replace("/dev/stderr", join(folder, "error.log"));
  return process.getuid?.() === 0 ? `user root;\n${text}` : text;
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port)));
}
