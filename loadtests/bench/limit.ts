import { say } from "../lib/progress.ts";
import { startRecorder } from "../test/recorder.ts";
import { limitOfGenerator } from "../verdict/verdict.ts";
import type { Row } from "./row.ts";
import { trial } from "./trial.ts";

const RUNS = 10;

/** Runs at a rate that no machine makes, and as many at one that every machine makes. */
export async function limit(): Promise<Row[]> {
  const said = async (perSecond: number, seconds: number) => {
    let count = 0;
    for (let run = 1; run <= RUNS; run++) {
      const recorder = await startRecorder();
      const words = limitOfGenerator(
        await trial({ url: recorder.url, perSecond, seconds, seed: run }).finally(recorder.close),
        false,
      );
      if (words) count += 1;
      say(`${perSecond}/s, run ${run}: ${words ?? "not limited"}`);
    }
    return count;
  };
  const [limited, wrongly] = [await said(300_000, 1), await said(10, 2)];
  return [
    {
      name: `load tests: runs of ${RUNS} at 300,000 requests/s that call the generator the limit`,
      unit: "runs",
      atLeast: RUNS,
      values: [limited],
    },
    {
      name: `load tests: runs of ${RUNS} at 10 requests/s that call the generator the limit`,
      unit: "runs",
      bound: 0,
      values: [wrongly],
    },
  ];
}
