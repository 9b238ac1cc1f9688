import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { TOOLS } from "../toolchain/catalogue.ts";
import { type Answer, judge, knownOf } from "./vulnerabilities.plan.ts";
import { readAnswers } from "./vulnerabilities.ts";

/** As govulncheck 1.9.0 wrote it of the supervisor, shortened. */
const OUTPUT = `{
  "config": { "protocol_version": "v1.0.0", "scan_level": "symbol", "scan_mode": "binary" }
}
{
  "osv": { "id": "GO-2026-6809", "summary": "Distrust compromised intermediate certificates in crypto/x509" }
}
{
  "osv": { "id": "GO-2026-6599", "summary": "Reset context tracking in html/template" }
}
{
  "finding": {
    "osv": "GO-2026-6599", "fixed_version": "v1.26.9",
    "trace": [{ "module": "stdlib", "version": "v1.26.8" }]
  }
}
{
  "finding": {
    "osv": "GO-2026-6809", "fixed_version": "v1.26.10",
    "trace": [{ "module": "stdlib", "version": "v1.26.8", "package": "crypto/x509" }]
  }
}
{
  "finding": {
    "osv": "GO-2026-6809", "fixed_version": "v1.26.10",
    "trace": [{ "module": "stdlib", "version": "v1.26.8", "package": "crypto/x509", "function": "Verify" }]
  }
}
`;

const known = knownOf("supervisor", OUTPUT);
const answer = (changes: Partial<Answer> = {}): Answer => ({
  id: "GO-2026-6809",
  programs: ["supervisor"],
  verdict: "accepted",
  because: "it trusts the cluster's own authority alone",
  ...changes,
});
const unanswered = (answers: Answer[], today = "2026-12-01") =>
  judge(known, answers, ["supervisor"], today).unanswered.map(({ id }) => id);

test("a vulnerability is known once, and only of a package that is linked in", () => {
  expect(known).toEqual([
    {
      program: "supervisor",
      id: "GO-2026-6809",
      summary: "Distrust compromised intermediate certificates in crypto/x509",
      module: "stdlib@v1.26.8",
      fixed: "v1.26.10",
    },
  ]);
});

test("an answer holds for its own number and programs, and until its day", () => {
  expect(unanswered([answer()])).toEqual([]);
  expect(unanswered([answer({ until: "2026-12-01" })])).toEqual([]);
});

test.each([
  ["none", []],
  ["one of another number", [answer({ id: "GO-2026-6599" })]],
  ["one of another program", [answer({ programs: ["loki"] })]],
  ["one whose day is over", [answer({ until: "2026-11-30" })]],
])("negative control: without an answer (%s) it is unanswered", (_, answers) => {
  expect(unanswered(answers)).toEqual(["GO-2026-6809"]);
});

test("an answer that is not needed any more is named, of the programs that were looked at", () => {
  const judged = judge([], [answer({ programs: ["supervisor", "loki"] })], ["supervisor"], "2026-12-01");
  expect(judged.idle).toEqual(["GO-2026-6809 of supervisor"]);
});

test("the written answers are whole, and name programs that we build", async () => {
  const built = TOOLS.filter(({ packaged }) => !packaged).map(({ name }) => name);
  const answers = await readAnswers();
  expect(answers.flatMap(({ programs }) => programs).filter((program) => !built.includes(program))).toEqual([]);
  // Accepted is not for ever.
  expect(answers.filter(({ verdict, until }) => (verdict === "accepted") !== (until !== undefined))).toEqual([]);
});

test("negative control: an answer without a reason is refused, and said where", async () => {
  const folder = mkdtempSync(join(tmpdir(), "media-answers-"));
  try {
    const file = join(folder, "answers.yaml");
    writeFileSync(file, "- { id: GO-2026-6809, programs: [loki], verdict: unreachable, because: no }\n");
    await expect(readAnswers(file)).rejects.toThrow(/answers\.yaml: [\s\S]*at \[0\]\.because/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
