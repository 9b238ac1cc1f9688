import { toPlainText, wantsOpenMetrics } from "../src/observability/metrics/exposition.ts";
import { lint } from "./exposition.ts";

const GOOD = '# HELP a_total A.\n# TYPE a_total counter\na_total{x="1"} 1\n';

test.each([
  ["no help", "# TYPE a_total counter\na_total 1\n", "no help text"],
  ["a counter by another name", "# HELP a A.\n# TYPE a counter\na 1\n", "should end in _total"],
  ["a gauge that looks like a counter", "# HELP a_total A.\n# TYPE a_total gauge\na_total 1\n", "should not end"],
  ["milliseconds", "# HELP a_ms A.\n# TYPE a_ms gauge\na_ms 1\n", "base unit"],
  ["the type in the name", "# HELP a_gauge A.\n# TYPE a_gauge gauge\na_gauge 1\n", "type is in the name"],
  ["a sample of nothing", `${GOOD}b 1\n`, "not of a family"],
  ["a series twice", `${GOOD}a_total{x="1"} 2\n`, "twice"],
  ["an exemplar, which is OpenMetrics'", `${GOOD}a_total{x="2"} 1 # {trace_id="1"} 1\n`, "not of a family"],
])("%s is complained about", (_name, text, complaint) => {
  expect(lint(text)).toEqual([expect.stringContaining(complaint)]);
});

test("OpenMetrics becomes plain text: counters get their whole name, exemplars and the end go", () => {
  const open = `# HELP a A # {not an exemplar}.
# TYPE a counter
a_total{x="1"} 1
# HELP b_seconds B.
# TYPE b_seconds histogram
b_seconds_bucket{le="1",route="/#"} 1 # {trace_id="0af7"} 0.5 1700000000.1
# EOF
`;
  const plain = toPlainText(open);
  expect(lint(plain)).toEqual([]);
  expect(plain).toBe(`# HELP a_total A # {not an exemplar}.
# TYPE a_total counter
a_total{x="1"} 1
# HELP b_seconds B.
# TYPE b_seconds histogram
b_seconds_bucket{le="1",route="/#"} 1
`);
});

test("only who asks for it gets OpenMetrics", () => {
  const prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3";
  expect([prometheus, "*/*", undefined].map(wantsOpenMetrics)).toEqual([true, false, false]);
});
