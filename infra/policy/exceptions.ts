/** A workload that a policy lets pass, in every stack that has it. */
export interface Exception {
  policy: string;
  /** Label app.kubernetes.io/name of the workload; "namespace-node" is the namespace of the node's agents. */
  workload: string;
  /** Why it is needed, and what stands in. */
  reason: string;
}

const APART = "lives in the namespace of the node's agents, which does not enforce the profile";
const ONE_PAGE = "is a program of others with one health page, which looks at no dependency";

const pairs: readonly [string, Record<string, string>][] = [
  [
    "log-agent",
    {
      "pod-not-root":
        "reads files of the node that only root may read; it has no capability, no writable root and no token",
      "pod-is-restricted": APART,
      "pod-no-host-path": "reads the logs of the node's pods, in /var/log/pods",
      "liveness-is-not-readiness": ONE_PAGE,
    },
  ],
  [
    "node-exporter",
    {
      "pod-is-restricted": APART,
      "pod-no-host-path": "measures the node: /proc, /sys and, for its disks, the root, all read-only",
      "pod-no-runtime-socket":
        "measures every file system, so it sees the root, and with it the folder of the socket; accepted, because disks that fill unseen cost more",
      "liveness-is-not-readiness": ONE_PAGE,
    },
  ],
  [
    "namespace-node",
    {
      "namespace-restricted": "is where the node's agents live, apart from everything else",
      "namespace-has-quota": "holds as many pods as there are nodes, times the agents",
    },
  ],
  ["backup-store", { "liveness-is-not-readiness": ONE_PAGE }],
  ["collector", { "liveness-is-not-readiness": ONE_PAGE }],
  ["gateway", { "liveness-is-not-readiness": "answers its health page itself, without asking the api" }],
  [
    "responder",
    { "serving-has-two": "serves no users; a second one would remediate the same incident beside the first" },
  ],
  ["web", { "liveness-is-not-readiness": "asks no dependency: its pages are usable without the api" }],
  ["grafana", { "liveness-is-not-readiness": "has one health page, which looks at its own database file alone" }],
  ["jaeger", { "liveness-is-not-readiness": ONE_PAGE }],
  ["kube-state-metrics", { "liveness-is-not-readiness": ONE_PAGE }],
  [
    "prometheus-adapter",
    {
      "namespace-not-default":
        "is bound to the Role of kube-system by which every server of the aggregated API learns the API server's certificate",
    },
  ],
];

/** The one list of exceptions. A test fails on one that no stack needs any more. */
export const exceptions: readonly Exception[] = pairs.flatMap(([workload, policies]) =>
  Object.entries(policies).map(([policy, reason]) => ({ policy, workload, reason })),
);
