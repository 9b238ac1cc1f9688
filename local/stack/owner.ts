import { UserError } from "@media/drills/errors";
import type { ClusterOwner } from "@media/drills/owner";
import { processes } from "../cluster/cluster.ts";
import type { Layout } from "../cluster/layout.ts";
import { cgroupOf, family } from "../cluster/processes.ts";

/** The embedded cluster's owner is this machine: every process of the node is a process of the host. */
export function owner(layout: Layout): ClusterOwner {
  const init = () => {
    const pid = processes(layout).init;
    if (pid) return pid;
    throw new UserError(`cluster ${layout.name} is not running`, `start it: make up NAME=${layout.name}`);
  };
  return {
    async processesOf(uid) {
      const inPod = (pid: number) => cgroupOf(pid).includes(`pod${uid}`);
      const pids = family([init()]).filter(inPod);
      if (pids.length === 0) throw new Error(`no process on the node belongs to the pod with uid ${uid}`);
      return (signal) => {
        // The kubelet may have ended a process meanwhile, and its number may belong to another process.
        for (const pid of pids.filter(inPod)) process.kill(pid, signal);
      };
    },
    async cutPower() {
      // Process 1 of the namespaces: the kernel ends all others with it. The supervisor starts it again.
      process.kill(init(), "SIGKILL");
    },
  };
}
