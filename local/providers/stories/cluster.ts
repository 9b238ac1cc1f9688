import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { Client } from "../kubernetes/client.ts";
import { resolveAccess } from "../kubernetes/kubeconfig.ts";

/** A control plane for tests: etcd, API server and controllers as child processes; no kubelet, so stories write pod status themselves. */
export interface Cluster {
  readonly kubeconfig: string;
  readonly client: Client;
  /** Kills the API server: connections break, new ones are refused. */
  killApi(): Promise<void>;
  /** Starts it again at the same address. */
  startApi(): Promise<void>;
  stop(): Promise<void>;
}

const SERVICE_IP = "10.255.0.1";
const READY_SECONDS = 120;

/** Starts a cluster that keeps everything it writes in `dir`. */
export async function startCluster(dir: string): Promise<Cluster> {
  const pki = join(dir, "pki");
  const [etcdPort, peerPort, apiPort, managerPort] = (await freePorts(4)) as [number, number, number, number];
  const server = `https://127.0.0.1:${apiPort}`;
  await makeCertificates(dir, pki);
  const kubeconfig = await writeKubeconfig(dir, pki, server, "admin");
  const controllerConfig = await writeKubeconfig(dir, pki, server, "controller-manager");
  const running = new Map<string, ChildProcess>();
  const start = (name: string, argv: string[]) => running.set(name, run(dir, name, argv));
  const apiArgs = apiServer(pki, etcdPort, apiPort);
  const client = new Client(resolveAccess({ kubeconfig }));
  const startApi = async () => {
    start("kube-apiserver", apiArgs);
    await ready(client, dir);
  };
  const stopOne = async (name: string) => {
    const child = running.get(name);
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  };

  // A test run that is broken off must not leave a cluster behind.
  process.once("exit", () => {
    for (const child of running.values()) child.kill("SIGKILL");
  });
  start("etcd", etcd(dir, etcdPort, peerPort));
  await startApi();
  start("kube-controller-manager", controllers(pki, controllerConfig, managerPort));
  return {
    kubeconfig,
    client,
    killApi: () => stopOne("kube-apiserver"),
    startApi,
    stop: async () => {
      for (const name of ["kube-controller-manager", "kube-apiserver", "etcd"]) await stopOne(name);
    },
  };
}

const etcd = (dir: string, port: number, peer: number): string[] => [
  "etcd",
  `--data-dir=${join(dir, "etcd")}`,
  `--listen-client-urls=http://127.0.0.1:${port}`,
  `--advertise-client-urls=http://127.0.0.1:${port}`,
  `--listen-peer-urls=http://127.0.0.1:${peer}`,
  `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
  `--initial-cluster=default=http://127.0.0.1:${peer}`,
  "--unsafe-no-fsync",
  "--logger=zap",
  "--log-level=warn",
];

function apiServer(pki: string, etcdPort: number, port: number): string[] {
  const file = (name: string) => join(pki, name);
  return [
    "kube-apiserver",
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    // The kubernetes Service may not point to loopback, and nothing here needs it.
    "--endpoint-reconciler-type=none",
    `--secure-port=${port}`,
    "--service-cluster-ip-range=10.255.0.0/16",
    "--authorization-mode=RBAC",
    "--allow-privileged=true",
    `--client-ca-file=${file("ca.crt")}`,
    `--tls-cert-file=${file("apiserver.crt")}`,
    `--tls-private-key-file=${file("apiserver.key")}`,
    `--service-account-key-file=${file("service-account.pub")}`,
    `--service-account-signing-key-file=${file("service-account.key")}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    "--profiling=false",
  ];
}

function controllers(pki: string, kubeconfig: string, port: number): string[] {
  const file = (name: string) => join(pki, name);
  return [
    "kube-controller-manager",
    `--kubeconfig=${kubeconfig}`,
    "--use-service-account-credentials",
    `--service-account-private-key-file=${file("service-account.key")}`,
    `--root-ca-file=${file("ca.crt")}`,
    "--leader-elect=false",
    "--bind-address=127.0.0.1",
    `--secure-port=${port}`,
    `--cluster-signing-cert-file=${file("ca.crt")}`,
    `--cluster-signing-key-file=${file("ca.key")}`,
    "--profiling=false",
  ];
}

/** The cluster's own supervisor makes the certificates; one way to make them is enough. */
async function makeCertificates(dir: string, pki: string): Promise<void> {
  const spec = join(dir, "spec.json");
  const link = { inside: "127.0.0.1" };
  await writeFile(spec, JSON.stringify({ name: "stories", pkiDir: pki, serviceIp: SERVICE_IP, link }));
  await promisify(execFile)("supervisor", ["pki", spec]);
}

async function writeKubeconfig(dir: string, pki: string, server: string, user: string): Promise<string> {
  const file = join(dir, `${user}.kubeconfig`);
  const certificate = { "client-certificate": join(pki, `${user}.crt`), "client-key": join(pki, `${user}.key`) };
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "stories",
    clusters: [{ name: "stories", cluster: { server, "certificate-authority": join(pki, "ca.crt") } }],
    contexts: [{ name: "stories", context: { cluster: "stories", user } }],
    users: [{ name: user, user: certificate }],
  };
  await writeFile(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}

function run(dir: string, name: string, [program = "", ...args]: string[]): ChildProcess {
  const log = createWriteStream(join(dir, `${name}.log`), { flags: "a" });
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], cwd: dir });
  child.stdout?.pipe(log, { end: false });
  child.stderr?.pipe(log, { end: false });
  child.on("error", (error) => log.write(`cannot start ${program}: ${error.message}\n`));
  return child;
}

async function ready(client: Client, dir: string): Promise<void> {
  let last = "";
  for (const end = Date.now() + READY_SECONDS * 1000; Date.now() < end; await sleep(200)) {
    try {
      await client.text("GET", "/readyz");
      return;
    } catch (error) {
      last = (error as Error).message;
    }
  }
  const log = await readFile(join(dir, "kube-apiserver.log"), "utf8").catch(() => "(no log)");
  throw new Error(`the API server is not ready after ${READY_SECONDS} s: ${last}\n${log.slice(-2000)}`);
}

/** Ports that nothing listens on now; all are held until the last is known, so that none comes twice. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}

/** An empty folder for a cluster, below the one for temporary files. */
export async function clusterFolder(root: string): Promise<string> {
  const dir = join(root, "cluster");
  await mkdir(dir, { recursive: true, mode: 0o700 });
  return dir;
}
