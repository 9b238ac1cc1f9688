import type { ProblemCode } from "../errors/catalogue.ts";
import { Problem } from "../errors/problem.ts";
import type { Policy } from "./policy.ts";

/** How an outside service was when this process last asked it. `unknown`: it has not been asked yet. */
export interface ServiceHealth {
  status: "up" | "degraded" | "down" | "unknown";
  circuit: ReturnType<Policy["circuit"]>;
  lastSuccessAt: string | null;
  lastErrorAt: string | null;
  /** The problem's code: what the service itself said may hold anything. */
  lastError: string | null;
}

/** Watches the calls that are made anyway: asking for the health of a service that is down must not wait for it. */
export interface HealthWatch {
  /** Passes the call's result on. */
  watch<T>(call: Promise<T>): Promise<T>;
  health(): ServiceHealth;
}

/** Refused here: they tell nothing new of the service. */
const NOT_ASKED = new Set<ProblemCode>(["circuit-open", "overloaded"]);

export function createHealthWatch(circuit: Policy["circuit"], now = Date.now): HealthWatch {
  let successAt = 0;
  let errorAt = 0;
  let lastError: string | null = null;
  return {
    watch: (call) => {
      call.then(
        () => {
          successAt = now();
        },
        (error: unknown) => {
          if (error instanceof Problem && NOT_ASKED.has(error.code)) return;
          errorAt = now();
          lastError = error instanceof Problem ? error.code : "internal";
        },
      );
      return call;
    },
    health: () => ({
      status: statusOf(circuit(), successAt, errorAt),
      circuit: circuit(),
      lastSuccessAt: time(successAt),
      lastErrorAt: time(errorAt),
      lastError,
    }),
  };
}

function statusOf(circuit: string, successAt: number, errorAt: number): ServiceHealth["status"] {
  if (circuit === "open") return "down";
  if (successAt === 0 && errorAt === 0) return "unknown";
  return circuit === "half-open" || errorAt > successAt ? "degraded" : "up";
}

const time = (at: number) => (at === 0 ? null : new Date(at).toISOString());
