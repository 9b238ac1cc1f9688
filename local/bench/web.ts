import { setTimeout as sleep } from "node:timers/promises";
import { type Target, targetOf } from "@media/drills/stack";
import { call, json } from "@media/drills/verify/http";
import type { Layout } from "../cluster/layout.ts";
import { access } from "../stack/access.ts";
import type { ClusterMeasure } from "./measures.ts";
import { phoneVisit, type Visit } from "./phone.ts";

const RUNS = 5;
const MINUTES = 10;
/** Of pages, all rendered anew: about what two pods give on a machine of two cores that has everything else to do too. */
const PAGES_PER_SECOND = 10;
const PATHS = ["/", "/titles/movie/603", "/requests", "/login"];
/** A page that takes longer has failed. */
const TIMEOUT_SECONDS = 20;
const MOST_FAILED = 0.01;

/** Figures of the front end on stack dev, by the names that ONLY takes. */
export function webMeasures(layout: () => Layout): Readonly<Record<string, ClusterMeasure>> {
  const target = () => targetOf(access({ layout: layout(), name: "dev" }));
  const onPhone = (name: string, unit: string, bound: number, figure: keyof Visit): ClusterMeasure => ({
    name: `web: ${name} of the first page on an emulated mid-range phone (slow 4G, CPU slowed 4 times, empty cache)`,
    unit,
    bound,
    runs: RUNS,
    costly: true,
    once: async () => (await phoneVisit(await target()))[figure],
  });
  return {
    "web-lcp": onPhone("Largest Contentful Paint", "s", 1.5, "lcpSeconds"),
    "web-inp": onPhone("Interaction to Next Paint", "ms", 100, "inpMilliseconds"),
    "web-cls": onPhone("sum of layout shifts", "points", 0.02, "cls"),
    "web-scripts": {
      ...onPhone("", "KB", 120, "scriptKilobytes"),
      name: "web: JavaScript of the first page, compressed, as a browser received it",
      runs: 1,
    },
    "web-memory": {
      name: `web: memory (working set) of a web pod under ${PAGES_PER_SECOND} pages a second for ${MINUTES} minutes, at most`,
      unit: "MiB",
      bound: 250,
      runs: 1,
      costly: true,
      once: async () => memoryUnderLoad(await target()),
    },
  };
}

/** The largest working set of a pod's container in MiB, while pages are read at a steady rate. */
async function memoryUnderLoad(target: Target): Promise<number> {
  const { read, failed } = await readPages(target, MINUTES * 60);
  if (failed > read * MOST_FAILED) throw new Error(`${failed} of ${read} pages failed: that was no load`);
  const query = `max(max_over_time(container_memory_working_set_bytes{pod=~"web-.*",container="web"}[${MINUTES}m]))`;
  const answer = await call(`${target.prometheusUrl}/api/v1/query?query=${encodeURIComponent(query)}`);
  const { data } = json<{ data: { result: { value: [number, string] }[] } }>(answer, 200);
  const [sample] = data.result;
  if (!sample) throw new Error(`no sample for ${query}`);
  return Number(sample.value[1]) / 2 ** 20;
}

/** Starts a read at each tick, also while earlier ones are under way. */
async function readPages({ gatewayUrl, caPem }: Target, seconds: number): Promise<{ read: number; failed: number }> {
  const underWay: Promise<boolean>[] = [];
  const until = performance.now() + seconds * 1000;
  while (performance.now() < until) {
    const path = PATHS[underWay.length % PATHS.length];
    const options = { ca: caPem, timeoutSeconds: TIMEOUT_SECONDS, headers: { accept: "text/html" } };
    underWay.push(
      call(`${gatewayUrl}${path}`, options).then(
        ({ status, text }) => status === 200 && text.includes("</html>"),
        () => false,
      ),
    );
    await sleep(1000 / PAGES_PER_SECOND);
  }
  const results = await Promise.all(underWay);
  return { read: results.length, failed: results.filter((well) => !well).length };
}
