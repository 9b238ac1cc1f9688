import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { canonicalQuantities, canonicalQuantity } from "./quantity.ts";

describe("quantities", () => {
  // As `resource.MustParse(x).String()` of k8s.io/apimachinery writes them.
  test.each([
    ["1000m", "1"],
    ["1500m", "1500m"],
    ["0.5", "500m"],
    [0.5, "500m"],
    [2, "2"],
    [100000, "100k"],
    ["1024Mi", "1Gi"],
    ["1.5Gi", "1536Mi"],
    ["1536Ki", "1536Ki"],
    ["1024", "1024"],
    ["1000Ki", "1000Ki"],
    ["0.5Ki", "512"],
    ["1000M", "1G"],
    ["1e3", "1e3"],
    ["12e2", "1200"],
    ["0", "0"],
    ["0Mi", "0"],
    ["+1", "+1"],
    ["01", "01"],
    ["+4Ki", "+4Ki"],
    ["08Ki", "8Ki"],
    ["1.500", "1.500"],
    ["1.5000", "1500m"],
    ["2.125", "2.125"],
    [2.125, "2.125"],
    ["0.125", "125m"],
    ["1E3", "1E3"],
    ["1e03", "1e03"],
    ["8Ei", "9223372036854775807"],
    ["1234567890123456789", "1234567890123456789"],
    ["1.500u", "1m"],
    ["-1000m", "-1"],
    ["1.", "1."],
    [".5", "500m"],
    ["100u", "1m"],
    ["0.1Mi", "104857600m"],
    ["1500u", "2m"],
    ["10%", "10%"],
    ["lots", "lots"],
    ["", ""],
    [true, true],
    [null, null],
  ])("%p is %p", (given, expected) => {
    expect(canonicalQuantity(given)).toBe(expected);
  });

  // Written by k8s.io/apimachinery v0.36.4 itself: `MustParse(x)`, `RoundUp(Milli)`, `String()`. Above 999E it forgets the suffix; we do not.
  test("seven hundred spellings, as the API server's own code writes them", () => {
    const file = join(import.meta.dirname, "recorded/quantities.json");
    const recorded = JSON.parse(readFileSync(file, "utf8")) as { [spelling: string]: string };
    const ours = Object.fromEntries(Object.keys(recorded).map((text) => [text, canonicalQuantity(text)]));
    expect(ours).toEqual(recorded);
    expect(Object.keys(recorded)).toHaveLength(700);
  });

  test("the canonical form is its own canonical form", () => {
    const quantity = fc
      .tuple(
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.integer({ min: 0, max: 999 }),
        fc.constantFrom("", "m", "k", "M", "Ki", "Mi", "Gi"),
      )
      .map(([whole, fraction, suffix]) => `${whole}.${fraction}${suffix}`);
    fc.assert(fc.property(quantity, (text) => canonicalQuantity(canonicalQuantity(text)) === canonicalQuantity(text)));
  });

  test("only quantities are touched", () => {
    const given = {
      metadata: { annotations: { limits: "1000m" }, labels: { max: "1000m" } },
      data: { requests: "1000m" },
      spec: {
        containers: [
          {
            command: ["1000m"],
            resources: { requests: { cpu: "1000m", "nvidia.com/gpu": 1 }, limits: { memory: "1024Mi" } },
          },
        ],
        volumes: [{ emptyDir: { sizeLimit: "1024Ki" } }],
      },
    };
    expect(canonicalQuantities(given)).toEqual({
      ...given,
      spec: {
        containers: [
          {
            command: ["1000m"],
            resources: { requests: { cpu: "1", "nvidia.com/gpu": "1" }, limits: { memory: "1Gi" } },
          },
        ],
        volumes: [{ emptyDir: { sizeLimit: "1Mi" } }],
      },
    });
  });
});
