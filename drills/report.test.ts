import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { fingerprintOf, signText } from "./lib/signature.ts";
import { type Drilled, inWords, readEvidence, reportOf, timeBetweenFailures, timeToRepair } from "./report.ts";

const drill = (kind: string, hour: number, rest: Partial<Drilled> = {}): Drilled => ({
  kind,
  passed: true,
  startedAt: new Date(hour * 3_600_000).toISOString(),
  endedAt: new Date(hour * 3_600_000 + 60_000).toISOString(),
  ...rest,
});

test("each kind has its figures, and all together MTTR and MTBF", () => {
  const report = reportOf([
    drill("failover", 0, { rtoSeconds: 2, rpoSeconds: 0 }),
    drill("failover", 10, { rtoSeconds: 4, rpoSeconds: 0, passed: false }),
    drill("restarts", 20),
  ]);
  expect(report.kinds).toMatchObject([
    { kind: "failover", drills: 2, passed: 1, rtoSeconds: { n: 2, median: 3, max: 4 }, rpoSeconds: { max: 0 } },
    { kind: "restarts", drills: 1, passed: 1 },
  ]);
  expect(report.kinds[1]).not.toHaveProperty("rtoSeconds");
  expect(report.mttrSeconds).toMatchObject({ n: 2, mean: 3 });
  expect(report.mtbfHours).toMatchObject({ n: 1, mean: 20.02 });
  expect(inWords(report)).toMatch(/failover +1 of 2 +3 s, max 4, n 2/);
});

/** Values of χ² tables: χ²(0.95, 2) = 5.991, χ²(0.95, 4) = 9.488, χ²(0.05, 10) = 3.940. */
test("the bounds are those of the published tables", () => {
  expect(timeBetweenFailures(100, 0).bound).toBeCloseTo((2 * 100) / 5.991, 1);
  expect(timeBetweenFailures(100, 1).bound).toBeCloseTo((2 * 100) / 9.488, 1);
  expect(timeToRepair([1, 2, 3, 4, 5]).bound).toBeCloseTo((2 * 15) / 3.94, 1);
  // The control: with a failure more the bound is lower.
  expect(timeBetweenFailures(100, 2).bound).toBeLessThan(timeBetweenFailures(100, 1).bound);
});

test("a folder without evidence, and a file that is none, are named", async () => {
  const folder = mkdtempSync(join(tmpdir(), "media-evidence-"));
  await expect(readEvidence(folder)).rejects.toThrow(`there is no evidence in ${folder}`);
  writeFileSync(join(folder, "a.json"), '{"kind":"failover"}');
  await expect(readEvidence(folder)).rejects.toThrow(/a\.json is no evidence: kind, passed/);
  writeFileSync(join(folder, "a.json"), "{");
  await expect(readEvidence(folder)).rejects.toThrow(/is no evidence/);
});

test("evidence that is not signed, or was changed afterwards, is refused", async () => {
  const folder = mkdtempSync(join(tmpdir(), "media-evidence-"));
  const file = join(folder, "a.json");
  const key = join(folder, "key.pem");
  const text = JSON.stringify(drill("failover", 1, { passed: false }));
  writeFileSync(file, text);
  await expect(readEvidence(folder)).rejects.toThrow(/it is not signed: .*a\.json\.sig is missing/);
  const signature = await signText(text, key);
  writeFileSync(`${file}.sig`, JSON.stringify(signature));
  const found = await readEvidence(folder);
  expect(found).toMatchObject([{ kind: "failover", signedBy: fingerprintOf(signature) }]);
  expect(inWords(reportOf(found))).toContain(fingerprintOf(signature));
  expect(fingerprintOf(await signText("another", key))).toBe(fingerprintOf(signature));
  writeFileSync(file, text.replace("false", "true"));
  await expect(readEvidence(folder)).rejects.toThrow("it is not what was signed");
});
