import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, openSync, readdirSync } from "node:fs";
import { mkdir, readFile, rm, rmdir, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { execa } from "execa";
import { UserError } from "../lib/errors.ts";
import { eventually } from "../lib/eventually.ts";
import { writeChanged } from "../lib/files.ts";
import { BIN } from "../toolchain/build.ts";
import { ensureEncryption } from "./encryption.ts";
import { containerdFile, files } from "./files.ts";
import type { Layout } from "./layout.ts";
import { pidOf, running } from "./processes.ts";
import { spec, specFile } from "./spec.ts";

const READY_SECONDS = 120;

/** Brings the host's part up (registry, Docker daemon) and the control plane with it; what runs already stays. */
export async function startCluster(layout: Layout): Promise<void> {
  for (const dir of [
    layout.runDir,
    join(layout.runDir, "host"),
    join(layout.runDir, "inside"),
    layout.logDir,
    layout.varDir,
    join(layout.varDir, "tmp"),
  ]) {
    await mkdir(dir, { recursive: true, mode: 0o700 });
  }
  const file = specFile(layout);
  await writeChanged(file, `${JSON.stringify(spec(layout), null, 2)}\n`);
  await execa(join(BIN, "supervisor"), ["pki", file]);
  await ensureEncryption(layout);
  for (const [path, text] of Object.entries(files(layout))) await writeChanged(path, text);
  await rm(join(layout.runDir, "host", "stopping"), { force: true });
  if (isRunning(layout)) return;
  const log = openSync(join(layout.logDir, "supervisor.log"), "a");
  spawn(join(BIN, "supervisor"), ["host", file], { detached: true, stdio: ["ignore", log, log], cwd: "/" }).unref();
}

/** Tells containerd the pause image; until then it has not been started. */
export async function configureContainerd(layout: Layout, pauseImage: string): Promise<void> {
  for (const [path, text] of Object.entries(containerdFile(layout, pauseImage))) await writeChanged(path, text);
}

/** Whether its supervisor runs (it brings back all the rest). */
export function isRunning(layout: Layout): boolean {
  return pidOf(join(layout.runDir, "host", "supervisor.pid")) !== undefined;
}

/** Its processes on the host, by name; those inside are below "init". */
export function processes(layout: Layout): Record<string, number> {
  return running(join(layout.runDir, "host"));
}

/** Waits until the node takes pods. */
export async function waitReady(layout: Layout): Promise<void> {
  await waitFor("the cluster's node", layout, async () => {
    const { stdout } = await kubectl(layout, [
      "get",
      "node",
      layout.name,
      "-o",
      'jsonpath={.status.conditions[?(@.type=="Ready")].status}',
    ]);
    if (stdout !== "True") throw new Error("its node is not ready");
  });
}

/** Waits until images can be built and pushed. */
export async function waitBuilder(layout: Layout): Promise<void> {
  await waitFor("the Docker daemon and the registry", layout, async () => {
    await execa("docker", ["version"], { env: { DOCKER_HOST: `unix://${layout.dockerSocket}` } });
    await tryConnect(layout.registryPort);
  });
}

/** Calls kubectl for this cluster. */
export function kubectl(layout: Layout, args: readonly string[], input = "") {
  return execa(join(BIN, "kubectl"), ["--kubeconfig", layout.kubeconfig, ...args], { input });
}

/** Ends every process at once, as a power cut would: nothing that was acknowledged depends on a farewell. Data stays. */
export async function stopCluster(layout: Layout): Promise<void> {
  const host = join(layout.runDir, "host");
  if (!existsSync(host)) return;
  await writeFile(join(host, "stopping"), "");
  const gentle = ["dockerd", "registry"];
  const alive = () => Object.entries(running(host));
  for (const [name, pid] of alive()) signal(pid, gentle.includes(name) ? "SIGTERM" : "SIGKILL");
  for (let i = 0; i < 80 && alive().length > 0; i++) {
    await sleep(100);
    if (i >= 60) for (const [, pid] of alive()) signal(pid, "SIGKILL");
  }
  await execa("ip", ["link", "delete", layout.link.name], { reject: false });
  await removeCgroups(layout.cgroup);
  await rm(layout.runDir, { recursive: true, force: true });
}

/** Whatever of a stopped cluster is still on the host: none, if all is well. */
export async function residue(layout: Layout): Promise<string[]> {
  const processes = globSync("/proc/[0-9]*/cmdline").map(async (file) => {
    const text = await readFile(file, "utf8").catch(() => "");
    return text.includes(layout.dir)
      ? [`process ${file.split("/")[2]}: ${text.replaceAll("\0", " ").slice(0, 120)}`]
      : [];
  });
  const mounts = (await readFile("/proc/self/mounts", "utf8")).split("\n").filter((line) => line.includes(layout.dir));
  const { stdout } = await execa("ip", ["-o", "link", "show", layout.link.name], { reject: false });
  return [
    ...(await Promise.all(processes)).flat(),
    ...mounts.map((line) => `mount ${line}`),
    ...(stdout ? [`interface ${stdout}`] : []),
    ...cgroups(layout.cgroup).map((dir) => `cgroup ${dir}`),
  ];
}

async function waitFor(what: string, layout: Layout, attempt: () => Promise<void>): Promise<void> {
  await eventually(what, READY_SECONDS, attempt).catch((error: Error) => {
    const message = error.message.split("\n").slice(0, 2).join(" ");
    throw new UserError(message, "read the logs of the cluster's processes: make logs", layout.logDir);
  });
}

async function tryConnect(port: number): Promise<void> {
  const socket = createConnection(port, "127.0.0.1");
  await once(socket, "connect");
  socket.destroy();
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // it has ended meanwhile
  }
}

function cgroups(name: string): string[] {
  const roots = [
    "/sys/fs/cgroup",
    ...readdirSync("/sys/fs/cgroup").map((controller) => join("/sys/fs/cgroup", controller)),
  ];
  return roots.map((root) => join(root, name)).filter((dir) => existsSync(dir));
}

async function removeCgroups(name: string): Promise<void> {
  for (const root of cgroups(name)) {
    const below = globSync("**/", { cwd: root }).map((dir) => join(root, dir));
    for (const dir of [...new Set([root, ...below])].sort((a, b) => b.length - a.length)) {
      for (let i = 0; i < 50; i++) {
        // A cgroup can be removed once the kernel has buried its last process.
        const gone = await rmdir(dir).then(
          () => true,
          (error) => error.code === "ENOENT",
        );
        if (gone) break;
        await sleep(20);
      }
    }
  }
}
