import { setTimeout as sleep } from "node:timers/promises";
import { kubectl, type Stack } from "@media/drills/stack";
import { stateMaster } from "@media/drills/verify/redis";
import type { Injected } from "./injection.ts";

/** Before the fault Prometheus has to have seen the cache as it was. */
const SEEN_MS = 45_000;

/** A shell's lines in a container of Redis, where `cli` asks its server. */
const inRedis = (stack: Stack, pod: string, container: string, script: string) => {
  const cli = 'cli() { REDISCLI_AUTH="$(cat /run/secrets/redis/password)" redis-cli "$@"; }';
  return kubectl(stack, ["exec", pod, "-c", container, "--", "sh", "-c", `${cli}; ${script}`]);
};
const inCache = (stack: Stack, script: string) => inRedis(stack, "deploy/redis-cache", "redis-cache", script);

const KEYS = 400;
/** Entries of ours, which end by themselves within an hour. */
const fill = `for n in $(seq ${KEYS}); do echo "SET injection:$n x EX 3600"; done | cli >/dev/null`;
const unfill = "cli --scan --pattern 'injection:*' | xargs -r -n 100 echo UNLINK | cli >/dev/null";
/** New entries, of a name of their own each time, and questions for what nobody has stored. */
const THRASH =
  'for n in $(seq 300); do echo "SET injection:$(date +%s):$n 0123456789012345678901234567890123456789 EX 600"; echo "GET injection:none:$n"; done | cli >/dev/null';
/** Bytes of the field of INFO memory. */
const memory = (field: string) => `$(cli info memory | tr -d '\\r' | sed -n 's/^${field}://p')`;

const fillState = async (stack: Stack, script: string) =>
  void (await inRedis(stack, await stateMaster(stack), "redis-state", script));

/** Of both Redis. */
export const REDIS = {
  CacheEmptied: {
    by: "injection",
    fault: `the cache gets ${KEYS} entries, and then its pod is deleted`,
    undone: "it gets as many entries again",
    seconds: 300,
    async inject({ target: { stack } }) {
      await inCache(stack, fill);
      await sleep(SEEN_MS);
      await kubectl(stack, ["delete", "pod", "-l", "app.kubernetes.io/name=redis-cache"]);
      await kubectl(stack, ["rollout", "status", "deployment/redis-cache", "--timeout=120s"]);
    },
    undo: async ({ target: { stack } }) => void (await inCache(stack, fill)),
  },
  CacheThrashes: {
    by: "injection",
    fault: "the cache has no memory left, and is written to and asked for what it does not have",
    undone: "its limit is that of its configuration, and the entries are removed",
    seconds: 420,
    async inject(stage) {
      const { stack } = stage.target;
      await inCache(stack, `cli config set maxmemory $((${memory("used_memory")} + 200000))`);
      stage.traffic(3_000, () => inCache(stack, THRASH));
    },
    undo: async ({ target: { stack } }) => {
      const configured = "$(sed -n 's/^maxmemory //p' /etc/redis/redis.conf)";
      await inCache(stack, `cli config set maxmemory ${configured}; ${unfill}`);
    },
  },
  RedisMemoryHigh: {
    by: "injection",
    fault: "one value takes nine tenths of what the state's Redis may hold",
    undone: "the value is removed",
    seconds: 480,
    inject: ({ target: { stack } }) => {
      const rest = `$((${memory("maxmemory")} * 90 / 100 - ${memory("used_memory")}))`;
      return fillState(stack, `cli setrange injection:fill ${rest} x`);
    },
    undo: ({ target: { stack } }) => fillState(stack, "cli unlink injection:fill"),
  },
  RedisAccessDenied: {
    by: "injection",
    fault: "a program without the password asks the cache's Redis",
    undone: "it asks no more",
    seconds: 120,
    inject: async ({ target: { stack } }) =>
      void (await inCache(stack, "for n in 1 2 3; do REDISCLI_AUTH=wrong redis-cli ping; done; true")),
    undo: async () => {},
  },
} as const satisfies Record<string, Injected>;
