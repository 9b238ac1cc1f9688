import { UserError } from "../lib/errors.ts";

export const KINDS = ["cpu", "memory", "io", "network", "sql", "redis", "native", "stacks"] as const;
export type Kind = (typeof KINDS)[number];

interface Target {
  /** Container of its pods that is looked at. */
  readonly container: string;
  /** Whether it is a Node.js process, which has an inspector. */
  readonly node: boolean;
}

const node = (name: string): Target => ({ container: name, node: true });
const native = (name: string): Target => ({ container: name, node: false });

/** What can be profiled, by the name of the workload. */
export const TARGETS: Readonly<Record<string, Target>> = {
  api: node("api"),
  worker: node("worker"),
  doubles: node("doubles"),
  web: node("web"),
  gateway: native("gateway"),
  pgbouncer: native("pgbouncer"),
  postgres: native("postgres"),
  "redis-cache": native("redis-cache"),
  "redis-state": native("redis-state"),
  prometheus: native("prometheus"),
  loki: native("loki"),
  jaeger: native("jaeger"),
  collector: native("collector"),
};

const isRedis = (name: string) => name.startsWith("redis-");

/**
 * The target, where that kind of profile can be taken of it.
 * @throws UserError that says why not, and what to take instead
 */
export function targetFor(kind: string, name: string): { kind: Kind; target: Target } {
  if (!KINDS.includes(kind as Kind))
    throw new UserError(`no kind of profile is called "${kind}"`, `take one of ${KINDS.join(", ")}: KIND=cpu`);
  const target = TARGETS[name];
  if (!target)
    throw new UserError(`"${name}" cannot be profiled`, `take one of ${Object.keys(TARGETS).join(", ")}: TARGET=api`);
  const instead = alternativeTo(kind as Kind, name, target);
  if (instead) throw new UserError(`KIND=${kind} of ${name}: ${instead[0]}`, instead[1]);
  return { kind: kind as Kind, target };
}

/** Why a kind of profile is not to be had of a target, and what is. */
function alternativeTo(kind: Kind, name: string, target: Target): readonly [string, string] | undefined {
  if (kind === "sql" && name !== "postgres") return ["only PostgreSQL has statements", "TARGET=postgres"];
  if (kind === "redis" && !isRedis(name)) return ["it is no Redis", "TARGET=redis-cache or redis-state"];
  if ((kind !== "cpu" && kind !== "memory") || target.node) return undefined;
  const forbidden =
    "it is no Node.js process, and its pod may not use perf: no capability, no privilege, and the kernel gives such pods no events of other processes";
  if (name === "postgres")
    return [
      forbidden,
      "KIND=sql shows which statements take its time; KIND=native looks from the node, where that is one's own",
    ];
  if (isRedis(name)) return [forbidden, "KIND=redis shows its slow commands and large keys"];
  return [
    forbidden,
    "KIND=io or KIND=network shows what it does; KIND=native (perf) and KIND=stacks (gdb) look from the node, where that is one's own",
  ];
}
