/**
 * `node dashboards/main.ts serve|snapshot <folder>|check|catalogue|build <folder>|mutate [rule]`, with the stack's outputs as JSON on standard
 * input: prometheusUrl, lokiUrl and jaegerUrl are read, wherever the stack is, and otherPrometheusUrl of a stack to compare with.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { exitWith, UserError } from "@media/drills/errors";
import { z } from "zod";
import { dashboards } from "./boards/index.ts";
import { recordCatalogue } from "./contract/catalogue.ts";
import { rulesYaml } from "./rules/index.ts";

const outputs = z.object({
  prometheusUrl: z.url(),
  lokiUrl: z.url(),
  jaegerUrl: z.url(),
  otherPrometheusUrl: z.url().optional(),
});

async function readOutputs(): Promise<z.infer<typeof outputs>> {
  const input = process.stdin.isTTY ? "" : await text(process.stdin);
  try {
    return outputs.parse(JSON.parse(input));
  } catch {
    throw new UserError(
      "the stack's outputs prometheusUrl, lokiUrl and jaegerUrl are missing on standard input",
      "make up, then make dashboards; elsewhere: pulumi stack output --json | node dashboards/main.ts serve",
    );
  }
}

const say = (line: string) => void process.stderr.write(`${line}\n`);

const VERBS: Record<string, (folder: string | undefined) => Promise<void>> = {
  async serve() {
    const { serve } = await import("./serve.ts");
    const { url } = await serve(await readOutputs(), Number(process.env.PORT ?? 0));
    say(`dashboards: ${url} (Ctrl-C ends it)`);
  },
  async snapshot(folder) {
    if (!folder) throw new UserError("snapshot needs a folder", "make dashboards SNAPSHOT=/tmp/dashboards");
    const { writeSnapshots } = await import("./snapshot.ts");
    await writeSnapshots(folder, await readOutputs(), say);
  },
  async catalogue() {
    const found = await recordCatalogue((await readOutputs()).prometheusUrl);
    const lines = Object.entries(found).map(([name, labels]) => `  ${JSON.stringify(name)}: ${JSON.stringify(labels)}`);
    await writeFile(new URL("./catalogue.json", import.meta.url), `{\n${lines.join(",\n")}\n}\n`);
    say(`dashboards/catalogue.json: ${lines.length} metrics`);
  },
  /** Changes each rule in every way, and says which changes no case notices. */
  async mutate(only) {
    const { mutate } = await import("./rules/mutation.ts");
    if (!(await mutate(only, say))) process.exitCode = 1;
  },
  /** Asks every panel of the running stack; one without data needs a reason. */
  async check() {
    const { checkPanels } = await import("./check.ts");
    if (!(await checkPanels(await readOutputs(), say))) process.exitCode = 1;
  },
  /** What Grafana and Prometheus load, as files. */
  async build(folder) {
    if (!folder) throw new UserError("build needs a folder", "node dashboards/main.ts build /tmp/built");
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, "rules.yaml"), rulesYaml());
    for (const [uid, board] of Object.entries(dashboards()))
      await writeFile(join(folder, `${uid}.json`), `${JSON.stringify(board, null, 2)}\n`);
  },
};

const [verb = "", folder] = process.argv.slice(2);
try {
  const run = VERBS[verb];
  if (!run) throw new UserError(`"${verb}" is not a verb`, `take one of ${Object.keys(VERBS).join(", ")}`);
  await run(folder);
} catch (error) {
  exitWith(error);
}
