import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { output } from "../doctor/look.ts";
import { UserError } from "../lib/errors.ts";
import { LOGS } from "../lib/paths.ts";
import { run } from "../lib/run.ts";

/** Debian packages of the host, by what needs them. */
export const PACKAGES = {
  up: [
    "docker.io",
    "containerd",
    "runc",
    "containernetworking-plugins",
    "etcd-server",
    "docker-registry",
    "mmdebstrap",
    "iptables",
    "ipset",
    "conntrack",
    "iproute2",
    "ca-certificates",
  ],
  test: [
    "docker-registry",
    "postgresql",
    "redis-server",
    "pgbackrest",
    "pgbouncer",
    "nginx",
    "prometheus",
    "prometheus-alertmanager",
    "prometheus-pushgateway",
    "python3-psycopg2",
    // Patroni keeps its state in files in tests, by this library.
    "patroni",
    "python3-pysyncobj",
    "shellcheck",
  ],
  e2e: ["chromium"],
} as const;

/** Installs what is missing. Their services are not started: the cluster runs its own processes, apart from the host's. */
export async function installPackages(group: keyof typeof PACKAGES, report: (line: string) => void): Promise<void> {
  // Where there is no Debian, apt-get's error is the one to read.
  const there = await installed(PACKAGES[group]).catch(() => new Map<string, string>());
  await installDebian(
    PACKAGES[group].filter((name) => !there.has(name)),
    report,
  );
}

/** Installs Debian packages that are known to be missing. */
export async function installDebian(missing: readonly string[], report: (line: string) => void): Promise<void> {
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0) {
    throw new UserError(
      `Debian packages are missing: ${missing.join(" ")}`,
      `as root: apt-get install --no-install-recommends ${missing.join(" ")}`,
    );
  }
  const step = {
    subject: "Debian packages",
    log: `${LOGS}/packages.log`,
    remedy: "mend what the log says (network, apt sources, disk), then run the same again",
  };
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const args = ["-y", "-q", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120"];
  report(`Debian packages: installing ${missing.join(" ")}`);
  await run({ ...step, doing: "reading the lists", command: ["apt-get", "update", "-q"], env }, report);
  await withoutServices(() =>
    run({ ...step, doing: "installing", command: ["apt-get", "install", ...args, ...missing], env }, report),
  );
}

/** Debian asks this script before it starts a newly installed service; 101 says no (invoke-rc.d(8)). */
const POLICY = "/usr/sbin/policy-rc.d";

async function withoutServices(work: () => Promise<void>): Promise<void> {
  if (existsSync(POLICY)) return work();
  await writeFile(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  try {
    await work();
  } finally {
    await rm(POLICY, { force: true });
  }
}

/** Versions of those of the packages that are installed. Debian is asked once for all of them. */
export async function installed(names: readonly string[]): Promise<Map<string, string>> {
  // For names that Debian does not know it ends with 1, so the list is asked for whole and searched here.
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholders.
  const text = await output("dpkg-query", "-W", "-f", "${Package} ${db:Status-Status} ${Version}\\n");
  const rows = text.split("\n").map((line) => line.split(" "));
  return new Map(
    rows.flatMap(([name = "", status, version = ""]) =>
      status === "installed" && names.includes(name) ? [[name, version] as const] : [],
    ),
  );
}
