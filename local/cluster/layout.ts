import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../lib/errors.ts";
import { DATA } from "../lib/paths.ts";

/** Where one cluster keeps what, and which addresses it uses. Derived from its name and number alone. */
export interface Layout {
  readonly name: string;
  readonly dir: string;
  readonly runDir: string;
  readonly logDir: string;
  readonly varDir: string;
  readonly pkiDir: string;
  readonly etcDir: string;
  readonly kubeconfig: string;
  /** Unix socket of its Docker daemon. */
  readonly dockerSocket: string;
  /** Port of its image registry on 127.0.0.1. */
  readonly registryPort: number;
  /** veth pair; the address range is the one RFC 2544 keeps for benchmarks, which no real network uses. */
  readonly link: { readonly name: string; readonly host: string; readonly inside: string };
  readonly apiServer: string;
  readonly podCidr: string;
  readonly serviceCidr: string;
  readonly serviceIp: string;
  readonly dnsIp: string;
  /** First and last node port: they are offered on the host too, so two clusters must not share any. */
  readonly nodePorts: readonly [number, number];
  readonly cgroup: string;
}

const CLUSTERS = join(DATA, "clusters");
const MAX_CLUSTERS = 8;
const PORTS_EACH = 300;

/** The layout of a cluster; its number is taken when it is first asked for and kept. */
export function layoutOf(name: string): Layout {
  if (!/^[a-z][a-z0-9-]{0,19}$/.test(name)) {
    throw new UserError(
      `"${name}" cannot name a cluster`,
      "use at most 20 small letters, digits and hyphens: NAME=second",
    );
  }
  const dir = join(CLUSTERS, name);
  const number = numberOf(dir);
  const inside = `198.19.255.${4 * number + 2}`;
  return {
    name,
    dir,
    runDir: join(dir, "run"),
    logDir: join(dir, "logs"),
    varDir: join(dir, "var"),
    pkiDir: join(dir, "pki"),
    etcDir: join(dir, "etc"),
    kubeconfig: join(dir, "kubeconfig"),
    dockerSocket: join(dir, "run", "docker.sock"),
    link: { name: `media-${number}`, host: `198.19.255.${4 * number + 1}`, inside },
    apiServer: `https://${inside}:6443`,
    podCidr: "198.18.0.0/16",
    serviceCidr: "198.19.0.0/17",
    serviceIp: "198.19.0.1",
    dnsIp: "198.19.0.10",
    ...portsOf(number),
    cgroup: `media-platform-${name}`,
  };
}

export type Ports = Pick<Layout, "registryPort" | "nodePorts">;

function portsOf(number: number): Ports {
  const first = 30_000 + number * PORTS_EACH;
  return { registryPort: 5800 + number, nodePorts: [first, first + PORTS_EACH - 1] };
}

/** The ports that a cluster has, or would take if it were made now; nothing is taken. */
export function portsFor(name: string): Ports {
  // With all numbers taken it cannot be made, and layoutOf says so: any ports are as good.
  return portsOf(readNumber(join(CLUSTERS, name)) ?? firstFree(takenNumbers()) ?? MAX_CLUSTERS);
}

/** Whether the cluster has been made. */
export const isMade = (name: string) => readNumber(join(CLUSTERS, name)) !== undefined;

/** Names of all clusters that have data here. */
export function clusterNames(): string[] {
  return existsSync(CLUSTERS) ? readdirSync(CLUSTERS).sort() : [];
}

function readNumber(dir: string): number | undefined {
  const file = join(dir, "number");
  return existsSync(file) ? Number(readFileSync(file, "utf8")) : undefined;
}

function takenNumbers(): number[] {
  return clusterNames().flatMap((name) => readNumber(join(CLUSTERS, name)) ?? []);
}

function firstFree(taken: readonly number[]): number | undefined {
  return Array.from({ length: MAX_CLUSTERS }, (_, number) => number).find((number) => !taken.includes(number));
}

function numberOf(dir: string): number {
  const known = readNumber(dir);
  if (known !== undefined) return known;
  const free = firstFree(takenNumbers());
  if (free === undefined) {
    throw new UserError(
      `${MAX_CLUSTERS} clusters exist already`,
      `remove one: make down PURGE=1 NAME=<one of ${clusterNames().join(", ")}>`,
    );
  }
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  writeFileSync(join(dir, "number"), String(free));
  return free;
}
