import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { eventually } from "../../test/platform.ts";
import { notificationOf, send, type World } from "../../test/responder-world.ts";
import type { Row } from "../main.ts";
import { responderOf, WHERE } from "./responder.ts";

const ALERTS = 500;
const SAMPLE_MS = 250;

/** What a process holds in memory, in MiB: all that is resident (RSS), and what of it is no file's (Anon). */
function memoryOf(pid: number | undefined): { all: number; own: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mi = (field: string) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1_024;
  return { all: mi("VmRSS"), own: mi("RssAnon") };
}

/** Five hundred alerts of a hundred names in four groups, of which none has a remedy: all are escalated, each to its group's page. */
export async function storm(world: World): Promise<Row[]> {
  const { platform, signals } = world;
  // The next start finds its code compiled, as in the image.
  const first = await responderOf(world, "bench-storm");
  first.child.kill("SIGTERM");
  await first.exit;
  const { child, httpPort } = await responderOf(world, "bench-storm", { REVIEW_MINUTES: "1" });
  const groups = ["infrastructure", "application", "database", "business"];
  const before = signals.told.length;
  const memory: { all: number; own: number }[] = [];
  const sampling = setInterval(() => memory.push(memoryOf(child.pid)), SAMPLE_MS);
  await Promise.all(
    groups.map((category, group) => {
      const alerts = Array.from({ length: ALERTS / groups.length }, (_, n) => {
        const alertname = `Storm${group}x${n % 25}`;
        signals.rules.set(alertname, { query: alertname, duration: 0 });
        signals.samples.set(alertname, [{ instance: "i" }]);
        return notificationOf(alertname, {}, { category, instance: "i" }).alerts[0];
      });
      return send({ httpPort }, { ...notificationOf("Storm", {}, { category }), groupLabels: { category }, alerts });
    }),
  );
  const names = 25 * groups.length;
  await eventually(async () => {
    const rows = await platform.sql("SELECT FROM incidents WHERE alert LIKE 'Storm%' AND state = 'escalated'");
    if (rows.length < names) throw new Error(`${rows.length} of ${names} incidents are escalated`);
  }, 240_000);
  await sleep(5_000);
  // Alertmanager joins the critical alerts of a category in one page (infra/observability/routing.test.ts).
  const pages = new Set(signals.told.slice(before).map(({ labels }) => labels.category));
  clearInterval(sampling);
  return [
    {
      name: `${WHERE} pages of ${ALERTS} alerts at once, all escalated`,
      unit: "pages",
      bound: 5,
      values: [pages.size],
    },
    {
      name: `${WHERE} resident memory of the responder from ${ALERTS} alerts at once to their escalation, at most`,
      unit: "MiB",
      bound: 128,
      values: [Math.max(...memory.map(({ all }) => all))],
    },
    {
      name: `${WHERE} of that memory, without the files of Node.js, which pods of a node share`,
      unit: "MiB",
      values: [Math.max(...memory.map(({ own }) => own))],
    },
  ];
}
