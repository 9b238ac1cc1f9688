import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { decode } from "../results/histogram.ts";
import type { Result } from "../results/result.ts";
import { flawsOf } from "../results/validate.ts";
import { type Ended, load as loadIn, outputs as outputsIn } from "./commands.ts";
import { type Behaviour, startRecorder } from "./recorder.ts";

const dir = mkdtempSync(join(tmpdir(), "load-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const load = (args: readonly string[], interruptWhen?: RegExp) => loadIn(args, dir, interruptWhen);
const outputs = (url: string) => outputsIn(dir, url);

/** On a busy machine the generator itself is late, and the run says so: then it is made anew, three times at most. */
async function against(behaviour: Behaviour, ...more: string[]): Promise<Ended & { result: Result }> {
  let run = await onceAgainst(behaviour, ...more);
  for (let again = 0; again < 2 && run.result.generatorLimited; again++) run = await onceAgainst(behaviour, ...more);
  return run;
}

async function onceAgainst(behaviour: Behaviour, ...more: string[]): Promise<Ended & { result: Result }> {
  const target = await startRecorder(behaviour);
  const ended = await load([
    "run",
    "--outputs",
    outputs(target.url),
    "--seconds",
    "3",
    "--rate",
    "8",
    "--json",
    ...more,
  ]);
  await target.close();
  return { ...ended, result: JSON.parse(ended.out) as Result };
}

describe("the verdict", () => {
  test("is met where a target answers well; the result keeps to the schema, the reports are there", async () => {
    let run = await against({});
    // The machine's other work makes answers late as well, and never early.
    for (let again = 0; again < 2 && run.code !== 0; again++) run = await against({});
    const { code, result, dir: own, err } = run;
    expect(err).toContain("All objectives were met.");
    expect(code).toBe(0);
    expect(flawsOf(result)).toEqual([]);
    expect(result).toMatchObject({
      verdict: "met",
      model: "open",
      tool: { name: "custom" },
      sessions: { planned: 24, ended: 24 },
    });
    expect(decode(result.generator.lateness).totalCount).toBe(
      result.steps.reduce((sum, step) => sum + step.requests, 0),
    );
    const html = readdirSync(own).find((name) => name.endsWith(".html")) as string;
    const page = readFileSync(join(own, html), "utf8");
    expect(page).toContain("All objectives were met.");
    expect(page.match(/<svg/g)?.length).toBeGreaterThanOrEqual(4);
    expect(page).not.toMatch(/<script|src=|href="http/);
    expect(page.length).toBeLessThan(1_000_000);
  }, 120_000);

  test("is not met where one route is slow", async () => {
    const { code, result, err } = await against({ delayMs: ({ url }) => (url.includes("/search") ? 500 : 0) });
    expect(code).toBe(1);
    expect(err).toContain("Not met: http answers (generator).");
    expect(result.verdicts.find(({ objective }) => objective === "http answers")).toMatchObject({ verdict: "not met" });
  }, 120_000);

  test("is not met where a route fails, and the problem is named", async () => {
    const fails = ({ url }: { url: string }) =>
      url.includes("limit=") ? { status: 503, code: "overloaded" } : undefined;
    const { code, result } = await against({ fails });
    expect(code).toBe(1);
    const failed = result.steps.find(({ name }) => name === "list");
    expect(failed?.errors).toEqual([{ type: "overloaded", status: 503, count: failed?.requests }]);
  }, 120_000);

  test("what builds on a failed request is left out and counted", async () => {
    const fails = ({ method }: { method: string }) =>
      method === "POST" ? { status: 409, code: "duplicate-request" } : undefined;
    const { result } = await against({ fails });
    const [made, read] = ["request", "read"].map((name) => result.steps.find((step) => step.name === name));
    expect(made?.failed).toBeGreaterThan(0);
    expect(read).toMatchObject({ requests: 0, skipped: made?.failed });
  }, 120_000);

  test("Ctrl-C ends a run with the report so far and no verdict", async () => {
    const target = await startRecorder();
    const { code, err, out } = await load(
      ["run", "--outputs", outputs(target.url), "--rate", "8", "--json"],
      /[1-9]\/s/,
    );
    await target.close();
    expect(code).toBe(130);
    expect(err).toContain("No verdict: the run was interrupted");
    const result = JSON.parse(out) as Result;
    expect(result.verdict).toBe("none");
    expect(result.sessions.begun).toBeGreaterThan(0);
    expect(result.sessions.begun).toBeLessThan(result.sessions.planned);
    expect(flawsOf(result)).toEqual([]);
  }, 120_000);
});

describe("what a person got wrong is said, with exit code 2:", () => {
  const wrong = async (...args: string[]) => {
    const { code, err } = await load(args);
    expect(err).toMatch(/^error: /m);
    expect(err).toContain("remedy: ");
    expect(err).not.toContain("    at ");
    expect(code).toBe(2);
    return err;
  };
  const here = () => outputs("http://127.0.0.1:9");

  test("the target is down", async () => {
    expect(await wrong("run", "--outputs", here())).toContain("http://127.0.0.1:9 is down");
  });
  test("the target is somebody else's", async () => {
    expect(await wrong("run", "--outputs", outputs("https://example.org"))).toContain(
      "neither on this machine nor in the cluster",
    );
  });
  test("the tool is missing", async () => {
    const { PATH } = process.env;
    process.env.PATH = "/nowhere";
    const said = await wrong("run", "--tool", "k6", "--outputs", here());
    process.env.PATH = PATH;
    expect(said).toContain("k6 is not on PATH");
  });
  test("there is no such shape", async () => {
    expect(await wrong("run", "--shape", "big", "--outputs", here())).toContain('no shape is called "big"');
  });
  test("a rate is no number", async () => {
    expect(await wrong("run", "--rate", "fast", "--outputs", here())).toContain("--rate fast is not a number");
  });
  test("a rate is far too high", async () => {
    expect(await wrong("run", "--rate", "1000000", "--outputs", here())).toContain("requests");
  });
  test("a journey has wrong steps", async () => {
    const file = join(dir, "journey.json");
    const steps = [
      { name: "a", operation: "discover", query: { mediaType: "movie", pages: 1 } },
      { name: "b", operation: "serach" },
      { name: "c", operation: "getRequest", params: { id: { saved: "request" } } },
    ];
    writeFileSync(file, JSON.stringify([{ name: "mine", about: "", weight: 1, steps }]));
    const said = await wrong("run", "--journey", file, "--outputs", here());
    expect(said).toContain('journey mine, step 1 "a": discover has no query "pages"');
    expect(said).toContain('journey mine, step 2 "b": the API has no operation "serach"');
    expect(said).toContain('journey mine, step 3 "c": params "id" takes "request", which no step before it saves');
  });
  test.each([
    ["cut off", '{"schema":"media-load-res'],
    ["of something else", '{"schema":"other"}'],
  ])("a result file is %s", async (_, text) => {
    const file = join(dir, "broken.json");
    writeFileSync(file, text);
    expect(await wrong("report", file)).toContain(`${file} `);
  });
});
