import { parseArgs } from "node:util";
import { failWith, UserError } from "./lib/errors.ts";
import { say } from "./lib/progress.ts";
import { VERBS } from "./verbs/index.ts";

/** `node local/main.ts VERB [--stack dev] [--name default] …`: what the Makefile calls. */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      stack: { type: "string", default: "dev" },
      name: { type: "string", default: "default" },
      kind: { type: "string" },
      count: { type: "string" },
      target: { type: "string" },
      seed: { type: "string" },
      only: { type: "string" },
      what: { type: "string" },
      id: { type: "string" },
      run: { type: "string" },
      confirm: { type: "string" },
      other: { type: "string" },
      recovery: { type: "string" },
      command: { type: "string" },
      shape: { type: "string" },
      rate: { type: "string" },
      seconds: { type: "string" },
      runs: { type: "string" },
      rounds: { type: "string" },
      back: { type: "boolean", default: false },
      dry: { type: "boolean", default: false },
      purge: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
    },
  });
  const [verb = "help"] = positionals;
  const run = VERBS[verb];
  if (!run) throw new UserError(`"${verb}" is not a verb`, `take one of ${Object.keys(VERBS).join(", ")}`);
  await run(values);
}

// The first Ctrl-C also reaches the engine, which then stops in good order: this process waits for it. A later one ends it.
let interruptedAt: number | undefined;
process.on("SIGINT", () => {
  const again = interruptedAt !== undefined && Date.now() - interruptedAt > 1000;
  if (again) process.exit(130);
  if (interruptedAt === undefined)
    say("interrupted: what runs is brought to an end in good order; Ctrl-C again leaves at once");
  interruptedAt ??= Date.now();
});

try {
  await main();
} catch (error) {
  failWith(error);
}
