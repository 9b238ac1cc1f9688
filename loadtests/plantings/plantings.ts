import type { Kind } from "../analysis/kinds.ts";
import type { Place } from "./place.ts";

export { type Place, placeOf } from "./place.ts";

/** A bottleneck that is put into a stack to see whether the analysis finds it. */
export interface Planting {
  readonly about: string;
  /** What the analysis is to name. */
  readonly kinds: readonly [Kind, ...Kind[]];
  /** Sessions a second of the load that shows it. */
  readonly rate: number;
  /** The data set that it needs, in requests. @default none */
  readonly rows?: number;
  /** Puts it in; the function that it gives takes it out again. */
  plant(place: Place): Promise<() => Promise<void>>;
}

/** Indexes that give a page of a list of requests. */
const LISTS = ["requests_page", "requests_page_of_user", "requests_made"];

/** In each tenth of a second the one thread has 3 ms for anything else. */
export const BURN =
  "globalThis.planted = setInterval(() => { for (const end = Date.now() + 97; Date.now() < end; ); }, 100); 0";

/** Keeps what it allocates, 6 MiB a second, until old objects have nearly all the room that they may have. */
export const LEAK = `class PlantedLeak { constructor() { this.numbers = new Array(256).fill(0).map(Math.random); } }
globalThis.planted = [];
const { getHeapSpaceStatistics } = process.getBuiltinModule("node:v8");
const limit = Number(/--max-old-space-size=(\\d+)/.exec(process.execArgv.join(" "))?.[1]) * 2 ** 20;
setInterval(() => {
  const used = getHeapSpaceStatistics().find(({ space_name: name }) => name === "old_space").space_used_size;
  for (let n = 0; used < limit * 0.9 && n < 300; n++) globalThis.planted.push(new PlantedLeak());
}, 100); 0`;

/** Sessions with this name are the planting's. */
const SESSION = "planted";
/** Holds what writers need for two seconds, lets them in for a moment, and again, for ten minutes. */
const LOCKS = `set application_name = '${SESSION}';\n${"begin; lock table requests in share row exclusive mode; select pg_sleep(2); commit; select pg_sleep(0.1);\n".repeat(280)}`;

const FILLER = "/var/lib/postgresql/data/planted";
/** Eight writers past the page cache, until their mark is gone. */
const WRITERS = `mkdir -p ${FILLER} && touch ${FILLER}/go
for n in 1 2 3 4 5 6 7 8; do
  (while [ -e ${FILLER}/go ]; do dd if=/dev/zero of=${FILLER}/$n bs=4M count=32 oflag=direct,sync conv=notrunc; done) >/dev/null 2>&1 &
done`;

/** The nine of them, by the names that the tests use. */
export const PLANTINGS: Readonly<Record<string, Planting>> = {
  "missing index": {
    about: "the indexes of the lists of requests are dropped, and there are many requests",
    kinds: ["missing index"],
    rate: 6,
    rows: 500_000,
    async plant({ sql }) {
      const names = LISTS.map((name) => `'${name}'`).join(", ");
      const made = await sql(
        `select indexdef || ';' from pg_indexes where indexname in (${names}) order by indexname;`,
      );
      if (made.split("\n").length !== LISTS.length) throw new Error(`not all indexes are there: ${made}`);
      await sql(`drop index ${LISTS.join(", ")};`);
      return async () => void (await sql(made));
    },
  },
  "tiny pool": {
    about: "each pod of the api has one connection to the database",
    kinds: ["pool too small"],
    rate: 12,
    async plant({ deploy }) {
      await deploy({ "sizes.api.poolMax": 1 });
      return () => deploy({});
    },
  },
  "CPU burn": {
    about: "a timer of the api computes nearly all the time",
    kinds: ["event loop"],
    rate: 4,
    async plant({ evaluate, restartApi }) {
      await evaluate(BURN);
      return restartApi;
    },
  },
  leak: {
    about: "the api keeps what it allocates, up to its limit",
    kinds: ["garbage collection", "memory"],
    rate: 6,
    async plant({ evaluate, restartApi }) {
      await evaluate(LEAK);
      return restartApi;
    },
  },
  "slow upstream": {
    about: "TMDB answers after a second and a half",
    kinds: ["slow upstream"],
    rate: 4,
    async plant({ upstream }) {
      await upstream({ latencyMs: 1_500 });
      return () => upstream({});
    },
  },
  lock: {
    about: "a session keeps writers from the table of requests, for two seconds at a time",
    kinds: ["locks"],
    rate: 4,
    async plant({ sql, begin }) {
      begin(LOCKS);
      return async () =>
        void (await sql(
          `select pg_terminate_backend(pid) from pg_stat_activity where application_name = '${SESSION}';`,
        ));
    },
  },
  "small cache": {
    about: "the cache has no room, and what it does not hold takes 0.6 s",
    kinds: ["cache too small"],
    rate: 4,
    async plant({ cache, upstream }) {
      const [, before = "0"] = (await cache("CONFIG", "GET", "maxmemory")).trim().split("\n");
      const [, used = "0"] = /used_memory:(\d+)/.exec(await cache("INFO", "memory")) ?? [];
      // Room for a few answers: with less than it uses, Redis could only refuse.
      await cache("CONFIG", "SET", "maxmemory", String(Number(used) + 65_536));
      await upstream({ latencyMs: 600 });
      return async () => {
        await cache("CONFIG", "SET", "maxmemory", before.trim());
        await upstream({});
      };
    },
  },
  "throttled pod": {
    about: "the api's pods have a CPU limit of a tenth of a core",
    kinds: ["throttling"],
    rate: 6,
    async plant({ patchApi }) {
      const limited = (cpu: string | null) =>
        patchApi({ spec: { template: { spec: { containers: [{ name: "api", resources: { limits: { cpu } } }] } } } });
      await limited("100m");
      return () => limited(null);
    },
  },
  "full disk queue": {
    about: "eight writers keep the disk of the database at work",
    kinds: ["disk"],
    rate: 4,
    async plant({ shell }) {
      await shell(WRITERS);
      return async () => {
        await shell(`rm -f ${FILLER}/go; sleep 5; rm -rf ${FILLER}`);
      };
    },
  },
};
