import { kubectl } from "../lib/stack.ts";
import { diskFull } from "./disk-full.ts";
import { deletedByForce } from "./pod-deleted.ts";
import { frozen, ownerFor, uidOf } from "./pod-signalled.ts";
import type { PrimaryFault } from "./primary-fault.ts";
import { rollingRestart } from "./rolling-restart.ts";
import { switchOver } from "./switchover.ts";

const DATA = "/var/lib/postgresql/data/pgdata";

/** Faults of PostgreSQL's primary. */
export const POSTGRES_FAULTS: Readonly<Record<string, PrimaryFault>> = {
  failover: {
    summary: "the primary's pod is deleted by force",
    inject: deletedByForce,
  },
  switchover: {
    summary: "the primary hands over, as in a rolling restart,",
    inject: async ({ stack }) => {
      await switchOver(stack);
      return undefined;
    },
  },
  "rolling-restart": {
    summary: "all members of PostgreSQL are restarted one after the other",
    inject: async ({ stack }) => {
      await rollingRestart(stack, ["statefulset/postgres"]);
      return undefined;
    },
  },
  "postmaster-killed": {
    summary: "the primary's postmaster is killed with -9",
    inject: async ({ stack }, primary) => {
      const kill = `kill -9 "$(head -n 1 ${DATA}/postmaster.pid)"`;
      await kubectl(stack, ["exec", primary, "-c", "postgres", "--", "sh", "-c", kill]);
      return undefined;
    },
  },
  "primary-frozen": {
    summary: "every process of the primary's pod is frozen (embedded cluster only)",
    needsOwner: true,
    inject: frozen,
  },
  "primary-cut-off": {
    summary: "the primary's pod loses its network until another is primary (embedded cluster only)",
    needsOwner: true,
    inject: async (context, primary) =>
      ownerFor("cutting a pod off", context).cutNetwork(await uidOf(context.stack, primary)),
  },
  "volume-lost": {
    summary: "the primary's pod and its volume are deleted",
    inject: async (context, primary) => {
      await kubectl(context.stack, ["delete", primary.replace("pod/", "pvc/data-"), "--wait=false"]);
      return deletedByForce(context, primary);
    },
  },
  "kubelet-killed": {
    summary: "the node's kubelet is killed with -9 (embedded cluster only)",
    needsOwner: true,
    inject: (context) => ownerFor("killing the kubelet", context).killDaemon("kubelet"),
  },
  "containerd-killed": {
    summary: "the node's containerd is killed with -9 (embedded cluster only)",
    needsOwner: true,
    inject: (context) => ownerFor("killing containerd", context).killDaemon("containerd"),
  },
  "disk-full": {
    summary: "the primary's volume is filled to the last byte",
    inject: diskFull,
  },
};
