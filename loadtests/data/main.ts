import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { memberWith } from "@media/drills/verify/postgres";
import { failWith, UserError } from "../lib/errors.ts";
import { say } from "../lib/progress.ts";
import { outputsFrom } from "../lib/target.ts";
import { PSQL, type Psql } from "./psql.ts";
import { inWords, remove, seed } from "./seed.ts";

const HELP = `node loadtests/data/main.ts --outputs FILE [options]   fill a stack's database with a data set, or empty it again

  --outputs FILE   the stack's outputs as JSON: make -s outputs, or pulumi stack output --json --show-secrets
  --stack NAME     whose outputs these are (dev)
  --rows N         requests; users, downloads and payments follow from it (1000000)
  --seed N         the same seed makes the same rows (1)
  --remove         take every data set out
  --kubeconfig FILE, --context NAME   the cluster (KUBECONFIG, and its current context)
Exit code: 0 done, 2 refused; then nothing was changed.
`;

/** Stacks of real users hold no made-up rows, whatever their configuration says. */
const REAL = ["prod", "dr"];

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      outputs: { type: "string" },
      stack: { type: "string", default: "dev" },
      rows: { type: "string", default: "1000000" },
      seed: { type: "string", default: "1" },
      remove: { type: "boolean", default: false },
      kubeconfig: { type: "string" },
      context: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const { stack } = values;
  if (REAL.includes(stack))
    throw new UserError(`stack ${stack} is of real users`, "fill dev, staging or perf: STACK=perf");
  if (!values.outputs) throw new UserError("--outputs is missing", "give a file with what make -s outputs prints");
  outputsFrom(readFileSync(values.outputs, "utf8"), stack);
  const psql = await psqlOf(stack, values);
  if (values.remove) {
    const { rows, seconds } = await remove(psql);
    say(`removed in ${seconds.toFixed(1)} s: ${inWords(rows)}`);
    return;
  }
  let last = performance.now();
  const { rows, seconds } = await seed(psql, { rows: Number(values.rows), seed: Number(values.seed) }, (sent, all) => {
    if (performance.now() - last < 3_000 && sent < all) return;
    last = performance.now();
    say(sent < all ? `sent ${sent} of about ${all} rows` : "all rows sent: the database writes and analyses them");
  });
  say(`seeded in ${seconds.toFixed(1)} s: ${inWords(rows)}`);
}

/** psql in the pod of the primary. */
async function psqlOf(stack: string, cluster: { kubeconfig?: string; context?: string }): Promise<Psql> {
  const namespace = `media-${stack}`;
  const { kubeconfig: file, context } = cluster;
  const kubeconfig = { ...(file && { file }), ...(context && { context }) };
  const pod = await memberWith({ name: stack, namespace, kubeconfig, outputs: async () => undefined }, "primary");
  const where = [...(file ? ["--kubeconfig", file] : []), ...(context ? ["--context", context] : [])];
  return ["kubectl", ...where, "-n", namespace, "exec", "-i", pod, "-c", "postgres", "--", ...PSQL];
}

try {
  await main();
} catch (error) {
  failWith(error);
}
