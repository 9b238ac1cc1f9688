import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { podsReady } from "@media/drills/verify/pods";
import { sizesOf, sizesSection } from "@media/infra/sizes";
import type { TunedProgram } from "@media/loadtests/tuning";
import { Stack as Automated, LocalWorkspace } from "@pulumi/pulumi/automation/index.js";
import { parseDocument } from "yaml";
import { UserError } from "../lib/errors.ts";
import { REPO } from "../lib/paths.ts";
import { say } from "../lib/progress.ts";
import { access } from "./access.ts";
import { deploy } from "./deploy.ts";
import { environment } from "./environment.ts";
import { explain } from "./explain.ts";
import { outputs, POLICIES, type Stack } from "./pulumi.ts";
import { recover } from "./recover.ts";

/** `sizes.api.poolMax` in the file: config → media-platform:sizes → api → poolMax. */
const pathOf = (key: string) => {
  const [section, ...rest] = key.split(".");
  return ["config", `media-platform:${section}`, ...rest];
};

const committed = (stack: Stack) => join(REPO, `Pulumi.${stack.name}.yaml`);

/** A stack whose configuration is tried out: changes are deployed from a file of their own, and committed only to be kept. */
export function tunedProgram(stack: Stack, values: Readonly<Record<string, unknown>>): TunedProgram {
  return {
    outputs: () => outputs(stack),
    valueOf: (key) => configuredValue(values, key),
    deploy: (changes) => (Object.keys(changes).length > 0 ? tryOut(stack, changes) : deployed(stack)),
    async keep(key, value) {
      await writeFile(committed(stack), await changed(stack, { [key]: value }));
      Object.assign(values, sizesIn(await readFile(committed(stack), "utf8")));
      await deployed(stack);
    },
  };
}

/** The sizes that a stack has by its committed file. */
export async function sizesOfStack(stack: Stack): Promise<Record<string, unknown>> {
  return sizesIn(await readFile(committed(stack), "utf8"));
}

function sizesIn(text: string): Record<string, unknown> {
  const { config } = parseDocument(text).toJS() as { config: Record<string, unknown> };
  const tier = config["media-platform:tier"] as Parameters<typeof sizesOf>[0];
  return { sizes: sizesOf(tier, sizesSection.parse(config["media-platform:sizes"] ?? {})) };
}

function configuredValue(values: Readonly<Record<string, unknown>>, key: string): number {
  const found = key
    .split(".")
    .reduce<unknown>((at, part) => (at as Record<string, unknown> | undefined)?.[part], values);
  if (typeof found === "number") return found;
  throw new Error(`the configuration has no number at ${key}`);
}

async function changed(stack: Stack, changes: Readonly<Record<string, number>>): Promise<string> {
  const document = parseDocument(await readFile(committed(stack), "utf8"));
  for (const [key, value] of Object.entries(changes)) document.setIn(pathOf(key), value);
  return String(document);
}

/** As it is configured. */
async function deployed(stack: Stack): Promise<void> {
  await deploy(stack);
  await podsReady(access(stack));
}

/** `pulumi up` through the Automation API, with a file of configuration of its own. */
async function tryOut(stack: Stack, changes: Readonly<Record<string, number>>): Promise<void> {
  const { layout, name } = stack;
  const folder = join(layout.dir, "config", "tried");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const configFile = join(folder, `Pulumi.${name}.yaml`);
  await writeFile(configFile, await changed(stack, changes), { mode: 0o600 });
  await recover(stack, say);
  const workspace = await LocalWorkspace.create({ workDir: REPO, envVars: environment(layout, name) });
  const automated = await Automated.select(name, workspace);
  const [, policyPack = ""] = POLICIES;
  try {
    const { summary } = await automated.up({
      configFile,
      color: "never",
      suppressOutputs: true,
      policyPacks: [policyPack],
      onError: (text) => process.stderr.write(text),
    });
    const counts = Object.entries(summary.resourceChanges ?? {}).map(([what, count]) => `${count} ${what}`);
    say(
      `deployed ${Object.entries(changes)
        .map(([key, value]) => `${key} ${value}`)
        .join(", ")}: ${counts.join(", ")}`,
    );
  } catch (error) {
    const reasons = await explain(stack).catch(() => []);
    throw new UserError(
      [
        `stack ${name}: pulumi up with ${JSON.stringify(changes)} failed`,
        ...reasons,
        String((error as Error).message).slice(-1_500),
      ].join("\n"),
      "run the same again: it goes on; BACK=1 removes the change",
    );
  }
  await podsReady(access(stack));
}
