import { createLogger } from "../observability/log.ts";
import { createMetrics } from "../observability/metrics/metrics.ts";
import { ERROR_REPORTS_TOTAL } from "../observability/metrics/names.ts";
import { Problem } from "./problem.ts";
import { ErrorReports, type GroupStore } from "./reports.ts";

const unreachable = () => Promise.reject(new Error("the database is away"));
/** A store that cannot be reached. */
const store: GroupStore = { registerRelease: unreachable, store: unreachable };

test("a storm of different errors takes bounded memory and little time; what has no room is counted", async () => {
  const lines: string[] = [];
  const log = createLogger(
    { process: "api", SERVICE_VERSION: "1", LOG_LEVEL: "info" },
    { write: (line) => void lines.push(line) },
  );
  const metrics = createMetrics("1");
  const reports = new ErrorReports({ store, log, metrics, release: "1", process: "api" });
  const word = (n: number) => n.toString(26).replace(/\d/g, (digit) => String.fromCharCode(113 + Number(digit)));
  const storm = Array.from(
    { length: 2_000 },
    (_, n) => new Problem("upstream-unreachable", { cause: new Error(`part ${word(n)} is gone`) }),
  );
  const started = performance.now();
  for (const problem of storm) reports.report(problem);
  const micros = ((performance.now() - started) * 1_000) / storm.length;
  expect(micros).toBeLessThan(500);
  await reports.close();
  // Those that waited could not be stored either.
  const text = await metrics.registry.metrics();
  expect(text).toContain(`${ERROR_REPORTS_TOTAL}{class="system",outcome="dropped"} 2000`);
  expect(lines.filter((line) => line.includes("an error group was not stored"))).toHaveLength(200);
});
