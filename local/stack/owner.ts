import { UserError } from "@media/drills/errors";
import { eventually } from "@media/drills/eventually";
import type { ClusterOwner } from "@media/drills/owner";
import { execa } from "execa";
import { processes } from "../cluster/cluster.ts";
import type { Layout } from "../cluster/layout.ts";
import { cgroupOf, family, programOf, sendSignal } from "../cluster/processes.ts";

/** The supervisor starts a daemon again at once. */
const DAEMON_SECONDS = 30;

/** Runs in the network of the process that is named next. */
const NETWORK = ["--net", "--target"];

const linksOf = async (pid: number): Promise<string> =>
  (await execa("nsenter", [...NETWORK, String(pid), "ip", "-o", "link"])).stdout;

/** The embedded cluster's owner is this machine: every process of the node is a process of the host. */
export function owner(layout: Layout): ClusterOwner {
  const init = () => {
    const pid = processes(layout).init;
    if (pid) return pid;
    throw new UserError(`cluster ${layout.name} is not running`, `start it: make up NAME=${layout.name}`);
  };
  const inPodOf = (uid: string) => (pid: number) => cgroupOf(pid).includes(`pod${uid}`);
  const pidsOf = (uid: string) => {
    const pids = family([init()]).filter(inPodOf(uid));
    if (pids.length === 0) throw new Error(`no process on the node belongs to the pod with uid ${uid}`);
    return pids;
  };
  return {
    async processesOf(uid) {
      const pids = pidsOf(uid);
      const inPod = inPodOf(uid);
      return (signal) => {
        // The kubelet may have ended a process meanwhile, and its number may belong to another process.
        for (const pid of pids.filter(inPod)) sendSignal(pid, signal);
      };
    },
    async cutNetwork(uid) {
      const inPod = await linksOf(pidsOf(uid)[0] as number);
      const peer = /: eth0@if(\d+):/.exec(inPod)?.[1];
      const name = new RegExp(`^${peer}: ([^@:]+)`, "m").exec(await linksOf(init()))?.[1];
      if (!name) throw new Error(`the node has no end of the network of the pod with uid ${uid}`);
      const set = (state: "up" | "down") =>
        execa("nsenter", [...NETWORK, String(init()), "ip", "link", "set", name, state]);
      await set("down");
      // The end goes with its pod.
      return () =>
        set("up").then(
          () => {},
          () => {},
        );
    },
    async killDaemon(name) {
      const find = () => family([init()]).find((pid) => programOf(pid) === name);
      const before = find();
      if (!before) throw new Error(`no ${name} runs on the node`);
      process.kill(before, "SIGKILL");
      return () =>
        eventually(`${name} to run again`, DAEMON_SECONDS, async () => {
          const now = find();
          if (!now || now === before) throw new Error(`still ${now}`);
        });
    },
    async cutPower() {
      // Process 1 of the namespaces: the kernel ends all others with it. The supervisor starts it again.
      process.kill(init(), "SIGKILL");
    },
  };
}
