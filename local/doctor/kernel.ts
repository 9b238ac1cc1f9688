import { accessSync, constants, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Check, Finding } from "./check.ts";
import { output } from "./look.ts";

export const OWN_CLUSTER = "or set kubernetes.context to a cluster of your own (README)";

/** Each is tried in namespaces of its own, which end with the command: nothing of it is left. */
const FEATURES = [
  {
    name: "namespaces",
    wanted: "pid, mount, network and ipc allowed",
    args: ["--pid", "--fork", "--mount", "--net", "--ipc"],
    script: "true",
  },
  {
    name: "overlayfs",
    wanted: "can be mounted",
    args: ["--mount"],
    script:
      "mount -t tmpfs none /tmp && mkdir /tmp/a /tmp/b /tmp/c /tmp/d && mount -t overlay -o lowerdir=/tmp/a,upperdir=/tmp/b,workdir=/tmp/c none /tmp/d",
  },
  {
    name: "veth and bridge",
    wanted: "can be made",
    args: ["--net"],
    script: "ip link add veth-a type veth peer name veth-b && ip link add bridge-a type bridge",
  },
] as const;

/** What the cluster needs of the kernel. */
export function kernel(): Check[] {
  const features = FEATURES.map(({ name, wanted, args, script }) => ({
    name: `kernel: ${name}`,
    wanted,
    run: async () => {
      await output("unshare", ...args, "sh", "-c", script);
      return { found: "works", ok: true };
    },
    fix: `take a machine (or a container with more rights) whose kernel has it, ${OWN_CLUSTER}`,
  }));
  const cgroups = {
    name: "kernel: cgroups",
    wanted: "v1 or v2 with cpu, cpuset, memory, pids; writable",
    run: async () => cgroupsOf("/sys/fs/cgroup"),
  };
  return [...features, { ...cgroups, fix: `mount the controllers at /sys/fs/cgroup, writable, ${OWN_CLUSTER}` }];
}

const CONTROLLERS = ["cpu", "cpuset", "memory", "pids"];

export function cgroupsOf(folder: string): Finding {
  const list = join(folder, "cgroup.controllers");
  const isUnified = existsSync(list);
  const present = isUnified ? readFileSync(list, "utf8").trim().split(" ") : readdirSync(folder);
  const missing = CONTROLLERS.filter((name) => !present.includes(name));
  const version = isUnified ? "v2" : "v1";
  if (missing.length > 0) return { found: `${version} without ${missing.join(", ")}`, ok: false };
  for (const dir of isUnified ? [folder] : CONTROLLERS.map((name) => join(folder, name)))
    accessSync(dir, constants.W_OK);
  return { found: version, ok: true };
}
