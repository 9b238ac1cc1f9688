import { chownSync, existsSync, mkdirSync, readdirSync, statfsSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

/** Debian packages that hold the servers below. */
const PACKAGES = "postgresql redis-server pgbouncer prometheus-pushgateway";
/** PostgreSQL and PgBouncer refuse to run as root: then they run as this user (Debian's `nobody`). */
const UNPRIVILEGED = 65_534;

/** Debian keeps PostgreSQL's programs off PATH, one folder per version; the newest comes first. */
export function postgresFolders(): string[] {
  const root = "/usr/lib/postgresql";
  if (!existsSync(root)) return [];
  const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a));
  return versions.map((version) => join(root, version, "bin"));
}

export function find(program: string, first: string[] = []): string {
  const folders = [...first, ...(process.env.PATH ?? "").split(delimiter), "/usr/sbin"];
  const found = folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
  if (!found)
    throw new Error(`${program} is not installed; these tests need real servers: apt-get install ${PACKAGES}`);
  return found;
}

export function unprivileged(command: string[], options: string[] = []): string[] {
  const user = isRoot() ? [`--reuid=${UNPRIVILEGED}`, `--regid=${UNPRIVILEGED}`, "--clear-groups"] : [];
  return [find("setpriv"), ...user, ...options, "--", ...command];
}

/** Enough for several tests' servers at once. */
const MEMORY_BYTES = 2 ** 31;

/** Where servers keep what is not needed after the test: in memory where there is room, which is ten times as quick. */
export function quickFolder(): string {
  const memory = "/dev/shm";
  if (!existsSync(memory)) return tmpdir();
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize > MEMORY_BYTES ? memory : tmpdir();
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

export function ownFolder(folder: string, name: string): string {
  const own = join(folder, name);
  mkdirSync(own, { mode: 0o700 });
  giveAway(own);
  return own;
}

export function giveAway(path: string): void {
  if (isRoot()) chownSync(path, UNPRIVILEGED, UNPRIVILEGED);
}

export async function freePorts(count: number): Promise<[number, number, number, number, number, number]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports as [number, number, number, number, number, number];
}
