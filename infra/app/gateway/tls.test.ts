import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectTcp, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect, type PeerCertificate, type TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { freePorts } from "@media/service/test/programs";
import { authorityPem, leafPem, leafValidity } from "../../lib/certificates.ts";
import { app } from "../app.fixtures.ts";
import { onThisMachine } from "./edge.fixtures.ts";
import { nginxConfig } from "./gateway.plan.ts";

/** The gateway's own TLS, and renew.sh, with a real nginx; a client that checks the name as browsers do. */

const SEED = Buffer.alloc(32, 7).toString("base64");
const PATIENCE_MS = 20_000;
const dayBefore = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
const validity = { notBefore: dayBefore(365), notAfter: dayBefore(-3650) };
const ca = authorityPem(SEED, "authority", validity);
const pairOf = (asOf: string) =>
  leafPem(SEED, "authority", "gateway", ["media.example.com", "gateway-inside"], leafValidity({ ...validity, asOf }));

const folder = mkdtempSync(join(tmpdir(), "media-tls-"));
const log = join(folder, "access.log");
let ports: { https: number; inside: number };
const programs: ChildProcess[] = [];

beforeAll(async () => {
  const [https, inside, status] = await freePorts(3);
  ports = { https, inside };
  write(pairOf(dayBefore(100)));
  const text = nginxConfig(app, { proxyProtocolFrom: ["127.0.0.0/8"] })
    .replace(/^\s*http2 on;$/gm, "")
    .replace("listen 8443", `listen 127.0.0.1:${ports.https}`)
    .replace("listen 8444", `listen 127.0.0.1:${ports.inside}`)
    .replace("listen 8081", `listen 127.0.0.1:${status}`);
  const config = join(folder, "nginx.conf");
  // No pod answers: what is looked at is the gateway's own.
  const here = onThisMachine(text, folder, { api: [9], web: [9] });
  writeFileSync(config, here.replaceAll("/run/secrets/gateway", folder));
  const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
  programs.push(spawn("nginx", ["-c", config, "-g", "daemon off;"], { env, stdio: "ignore" }));
  const renew = {
    TLS_FOLDER: folder,
    NGINX_CONFIG: config,
    NGINX_PID: join(folder, "nginx.pid"),
    EVERY_SECONDS: "0.2",
  };
  await until(async () => (await shown(ports.inside)) !== undefined);
  programs.push(spawn("sh", [join(import.meta.dirname, "renew.sh")], { env: { ...env, ...renew }, stdio: "ignore" }));
}, 60_000);

afterAll(async () => {
  for (const program of programs.reverse()) {
    const gone = program.exitCode ?? new Promise((resolve) => program.once("exit", resolve));
    program.kill("SIGTERM");
    await gone;
  }
  rmSync(folder, { recursive: true });
});

function write({ certPem, keyPem }: { certPem: string; keyPem: string }): void {
  writeFileSync(join(folder, "tls.crt"), certPem);
  writeFileSync(join(folder, "tls.key"), keyPem);
}

async function until(check: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; !(await check().catch(() => false)); await sleep(50))
    if (Date.now() > end) throw new Error(`not within ${PATIENCE_MS} ms`);
}

/** Shakes hands; a header goes before. What fails is told. */
function handshake(port: number, { header = "", servername = "media.example.com" } = {}): Promise<TLSSocket> {
  const tcp: Socket = connectTcp(port, "127.0.0.1");
  if (header) tcp.write(header);
  return new Promise((resolve, reject) => {
    const socket = connect({ socket: tcp, servername, ca }, () => resolve(socket));
    socket.once("error", reject);
    tcp.once("error", reject);
    tcp.once("close", () => reject(new Error("closed")));
  });
}

async function shown(port: number): Promise<PeerCertificate> {
  const socket = await handshake(port);
  const certificate = socket.getPeerCertificate();
  socket.destroy();
  return certificate;
}

const HEADER = "PROXY TCP4 203.0.113.7 192.0.2.1 50000 443\r\n";

describe("the PROXY protocol", () => {
  test("names the client to the gateway", async () => {
    const socket = await handshake(ports.https, { header: HEADER });
    socket.write("GET /nowhere HTTP/1.1\r\nHost: media.example.com\r\nConnection: close\r\n\r\n");
    await until(async () => readFileSync(log, "utf8").includes('"client":"203.0.113.7"'));
    socket.destroy();
  });

  test("is needed at the public port, and not inside", async () => {
    await expect(handshake(ports.https)).rejects.toThrow();
    expect((await shown(ports.inside)).subject.CN).toBe("gateway");
  });
});

describe("the certificate", () => {
  test("is known under the public name, and refused under another", async () => {
    await expect(handshake(ports.inside, { servername: "elsewhere.example.com" })).rejects.toThrow(/does not match/);
    await expect(handshake(ports.inside)).resolves.toBeDefined();
  });

  test("passes openssl's check of name, chain and purpose", () => {
    writeFileSync(join(folder, "ca.pem"), ca);
    const args = ["verify", "-CAfile", join(folder, "ca.pem"), "-purpose", "sslserver"];
    const check = (name: string) =>
      execFileSync("openssl", [...args, "-verify_hostname", name, join(folder, "tls.crt")], {
        encoding: "utf8",
        stdio: "pipe",
      });
    expect(check("media.example.com")).toContain("OK");
    expect(() => check("elsewhere.example.com")).toThrow(/hostname mismatch/i);
  });

  test("is taken over when its files change, without a restart; a half-written pair is not", async () => {
    const before = await shown(ports.inside);
    const next = pairOf(dayBefore(0));
    writeFileSync(join(folder, "tls.crt"), "half of it");
    await sleep(1_000);
    expect((await shown(ports.inside)).serialNumber).toBe(before.serialNumber);
    write(next);
    const { serialNumber } = new X509Certificate(next.certPem);
    await until(async () => (await shown(ports.inside)).serialNumber === serialNumber);
    expect(serialNumber).not.toBe(before.serialNumber);
    expect(programs[0]?.exitCode).toBeNull();
  }, 60_000);
});
