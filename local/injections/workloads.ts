import { RESTRICTED_CONTAINER, RESTRICTED_POD } from "@media/drills/restricted";
import { kubectl, type Stack } from "@media/drills/stack";
import type { Injected } from "./injection.ts";

/** Where the number of pods is kept until it is given back: a run that was killed finds it there. */
const KEPT = "injection.media/replicas";
const BACK_SECONDS = 300;

/** Takes all pods of a workload away; its own number comes back. `name` as kubectl has it: deployment/api. */
export function emptied(
  name: string,
  seconds: number,
): Pick<Injected, "by" | "undone" | "seconds" | "inject" | "undo"> {
  return {
    by: "injection",
    undone: `${name} gets its number of pods back`,
    seconds,
    async inject({ target: { stack } }) {
      const replicas = await kubectl(stack, ["get", name, "-o", "jsonpath={.spec.replicas}"]);
      // None: a run that was killed has kept it.
      if (replicas !== "0") await kubectl(stack, ["annotate", name, `${KEPT}=${replicas}`, "--overwrite"]);
      await kubectl(stack, ["scale", name, "--replicas=0"]);
    },
    async undo({ target: { stack } }) {
      const path = `jsonpath={.metadata.annotations.${KEPT.replaceAll(".", "\\.")}}`;
      const replicas = await kubectl(stack, ["get", name, "-o", path]);
      if (!replicas) return;
      await kubectl(stack, ["scale", name, `--replicas=${replicas}`]);
      await kubectl(stack, ["rollout", "status", name, `--timeout=${BACK_SECONDS}s`]);
      await kubectl(stack, ["annotate", name, `${KEPT}-`]);
    },
  };
}

const POD = "injected";
const IMAGE_OF = "deployment/worker";

interface Odd {
  /** What its process does, in JavaScript. */
  readonly script: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly readinessProbe?: object;
  /** A quantity such as 64Mi. @default 64Mi */
  readonly memory?: string;
}

/** A pod of the image of the service, as the namespace admits it, that does as it is told. */
export function podOf(image: string, { script, annotations = {}, readinessProbe, memory = "64Mi" }: Odd): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: POD, labels: { "app.kubernetes.io/name": POD }, annotations },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 1,
      securityContext: RESTRICTED_POD,
      containers: [
        {
          name: POD,
          image,
          command: ["node", "-e", script],
          resources: { requests: { cpu: "5m", memory }, limits: { memory } },
          securityContext: RESTRICTED_CONTAINER,
          ...(readinessProbe ? { readinessProbe } : {}),
        },
      ],
    },
  };
}

/** A pod beside the others, which is removed again. */
function oddPod(fault: string, seconds: number, odd: Odd): Injected {
  return {
    by: "injection",
    fault,
    undone: "the pod is deleted",
    seconds,
    async inject({ target: { stack } }) {
      const image = await kubectl(stack, ["get", IMAGE_OF, "-o", "jsonpath={.spec.template.spec.containers[0].image}"]);
      await remove(stack);
      await kubectl(stack, ["create", "-f", "-"], JSON.stringify(podOf(image, odd)));
    },
    undo: ({ target: { stack } }) => remove(stack),
  };
}

const remove = async (stack: Stack) => void (await kubectl(stack, ["delete", "pod", POD, "--ignore-not-found"]));

const FOREVER = "setInterval(() => {}, 60_000)";

/** Of pods and workloads. */
export const WORKLOADS = {
  PodNotReady: oddPod("a pod runs whose readiness probe never succeeds", 240, {
    script: FOREVER,
    readinessProbe: { exec: { command: ["node", "-e", "process.exit(1)"] }, periodSeconds: 5, timeoutSeconds: 5 },
  }),
  PodRestarts: oddPod("a pod ends with an error as often as it is started", 420, {
    script: "setTimeout(() => process.exit(1), 2_000)",
  }),
  TargetDown: oddPod("a pod says that it has metrics and does not listen", 240, {
    script: FOREVER,
    annotations: { "prometheus.io/scrape": "true", "prometheus.io/port": "9999" },
  }),
  NodeRequestsHigh: oddPod("a pod asks for more memory than the nodes have, and waits", 1_260, {
    script: FOREVER,
    memory: "16Ti",
  }),
  ServiceDown: { ...emptied("deployment/api", 150), fault: "all pods of the api are taken away" },
  DatabaseDown: { ...emptied("statefulset/postgres", 180), fault: "all members of PostgreSQL are taken away" },
  RedisDown: { ...emptied("statefulset/redis-state", 150), fault: "all members of the state's Redis are taken away" },
} as const satisfies Record<string, Injected>;
