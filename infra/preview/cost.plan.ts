import { fewestPods } from "./scaled.plan.ts";
import type { Rendered } from "./types.ts";

/** What a stack asks of its cluster. */
export interface Cost {
  pods: number;
  /** Thousandths of a core that its containers ask for. */
  cpuMilli: number;
  /** MiB that its containers ask for, and may take. */
  memoryRequestMi: number;
  memoryLimitMi: number;
  /** GiB of its claims. */
  storageGi: number;
  /** Addresses outside the cluster. */
  loadBalancers: number;
}

export const UNITS: Readonly<Record<keyof Cost, string>> = {
  pods: "pods",
  cpuMilli: "CPU asked for (m)",
  memoryRequestMi: "memory asked for (MiB)",
  memoryLimitMi: "memory at most (MiB)",
  storageGi: "storage (GiB)",
  loadBalancers: "load balancers",
};

interface Container {
  resources?: { requests?: Record<string, string>; limits?: Record<string, string> };
}
interface Spec {
  replicas?: number;
  template?: { spec: { containers: Container[] } };
  jobTemplate?: { spec: { template: { spec: { containers: Container[] } } } };
  resources?: { requests?: { storage?: string } };
  type?: string;
}

/** Sums of all objects. A Deployment with an autoscaler counts with its fewest pods. A DaemonSet counts as one pod, because the number of nodes is not known; so does a CronJob. */
export function costOf(resources: readonly Rendered[]): Cost {
  const sum: Cost = { pods: 0, cpuMilli: 0, memoryRequestMi: 0, memoryLimitMi: 0, storageGi: 0, loadBalancers: 0 };
  const scaled = fewestPods(resources);
  for (const { inputs } of resources) {
    const { kind, metadata, spec } = inputs as { kind?: string; metadata?: { name?: string }; spec?: Spec };
    if (!spec) continue;
    if (kind === "PersistentVolumeClaim") sum.storageGi += giOf(spec);
    if (kind === "Service" && spec.type === "LoadBalancer") sum.loadBalancers += 1;
    const template = spec.template ?? spec.jobTemplate?.spec.template;
    if (!template) continue;
    const pods = spec.replicas ?? (kind === "Deployment" ? scaled.get(metadata?.name ?? "") : undefined) ?? 1;
    sum.pods += pods;
    for (const { resources: asked } of template.spec.containers) {
      sum.cpuMilli += pods * milli(asked?.requests?.cpu);
      sum.memoryRequestMi += pods * mebi(asked?.requests?.memory);
      sum.memoryLimitMi += pods * mebi(asked?.limits?.memory);
    }
  }
  return sum;
}

const giOf = (spec: Spec) => mebi(spec.resources?.requests?.storage) / 1024;

/** "250m" or "0.25" in thousandths of a core. */
export function milli(text = "0"): number {
  return text.endsWith("m") ? Number.parseFloat(text) : Number.parseFloat(text) * 1000;
}

const FACTORS: Readonly<Record<string, number>> = {
  Ki: 1 / 1024,
  Mi: 1,
  Gi: 1024,
  Ti: 1024 * 1024,
  "": 1 / (1024 * 1024),
};

/** "64Mi" or "1Gi" in MiB. */
export function mebi(text = "0"): number {
  const [, number = "0", unit = ""] = /^([\d.]+)([A-Za-z]*)$/.exec(text) ?? [];
  const factor = FACTORS[unit];
  if (factor === undefined)
    throw new Error(`${text}: the unit ${unit} is not known; add it to infra/preview/cost.plan.ts`);
  return Number.parseFloat(number) * factor;
}
