import { execFile } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { Stack } from "@media/drills/stack";
import { GATEWAY_INSIDE, withGenerator } from "./cluster/generator.ts";
import { journeysOf } from "./journeys/check.ts";
import type { Journey } from "./journeys/journey.ts";
import { UserError } from "./lib/errors.ts";
import { ProgressLine, say } from "./lib/progress.ts";
import { checkAllowed, checkUp, type StackOutputs } from "./lib/target.ts";
import { MAX_TITLE, makePlan, type Plan } from "./plan/plan.ts";
import { Prometheus, resourcesOf, SETTLE_SECONDS, serviceVersions } from "./resources/prometheus.ts";
import type { Measurements, Result } from "./results/result.ts";
import { expand, secondsOf } from "./shapes/expand.ts";
import { LEVELS, type LevelName, SHAPES, type ShapeName } from "./shapes/shapes.ts";
import type { Elsewhere } from "./tools/elsewhere.ts";
import type { Tool } from "./tools/tool.ts";
import { limitOfGenerator, overall, verdictsOfGenerator, verdictsOfService } from "./verdict/verdict.ts";

export interface RunArgs {
  readonly tool: Tool;
  readonly shape: ShapeName;
  readonly level: LevelName;
  readonly stack: string;
  readonly outputs: StackOutputs;
  /** Name of one journey, or a JSON file of journeys. @default all of them */
  readonly journey?: string;
  /** Sessions a second that a shape's factor of 1 means. */
  readonly rate: number;
  /** @default the shape's own */
  readonly seconds?: number;
  readonly seed: number;
  /** @default from the time, so that a run asks for titles that no run before it asked for */
  readonly titleOffset?: number;
  readonly allowed: readonly string[];
  /** Folder for what the run leaves. */
  readonly dir: string;
  readonly stop: AbortSignal;
  /** The stack in whose namespace the generator runs, as a Job. @default it runs on this machine */
  readonly inCluster?: Stack;
}

/** Makes load, and finds out what it did to the stack. */
export async function runLoad(args: RunArgs): Promise<Result> {
  const { tool, stack, inCluster } = args;
  // A generator in the cluster reaches the gateway of its own namespace, and nothing else.
  const outputs = inCluster ? { ...args.outputs, gatewayUrl: GATEWAY_INSIDE } : args.outputs;
  if (!inCluster) checkAllowed(outputs.gatewayUrl, args.allowed);
  if (inCluster && !tool.goesElsewhere)
    throw new UserError(`${tool.name} does not run in the cluster`, "take TOOL=custom or TOOL=k6, or WHERE=here");
  const journeys = journeysOf(args.journey);
  const stretches = expand(SHAPES[args.shape], LEVELS[args.level], args);
  // A hundred titles a second: more than runs that follow each other ask for. They are used up after 92 days.
  const titleOffset = args.titleOffset ?? Math.floor(Date.now() / 10) % MAX_TITLE;
  const plan = makePlan({ journeys, stretches, seed: args.seed, titleOffset });
  const version = await tool.version();
  if (!inCluster) await checkUp(outputs.gatewayUrl);
  if ("needsData" in SHAPES[args.shape]) await checkData(outputs.prometheusUrl, stack);

  const loaded = { args: { ...args, outputs }, journeys, plan, stretches, titleOffset, version };
  return inCluster
    ? withGenerator(inCluster, plan.seconds, (elsewhere) => loadAndJudge(loaded, elsewhere))
    : loadAndJudge(loaded);
}

interface Loaded {
  readonly args: RunArgs;
  readonly journeys: readonly Journey[];
  readonly plan: Plan;
  readonly stretches: Plan["stretches"];
  readonly titleOffset: number;
  readonly version: string;
}

async function loadAndJudge(
  { args, journeys, plan, stretches, titleOffset, version }: Loaded,
  elsewhere?: Elsewhere,
): Promise<Result> {
  const { tool, outputs, stack } = args;
  const startedAt = new Date();
  const id = `${startedAt.toISOString().replace(/[-:]|\.\d+/g, "")}-${tool.name}-${args.shape}-${randomBytes(2).toString("hex")}`;
  say(
    `${tool.name} (${version}), ${args.shape} at level ${args.level}: ${plan.sessions.length} sessions in ${Math.round(plan.seconds)} s against ${outputs.gatewayUrl}`,
  );
  const measured = await measure(args, plan, id, elsewhere);
  const endedAt = new Date();
  const interrupted = args.stop.aborted;
  const seen = await lookAtStack(args, startedAt, endedAt, interrupted);
  const verdicts = [...verdictsOfGenerator(measured), ...seen.verdicts];
  const limited = limitOfGenerator(measured, interrupted);
  return {
    schema: "media-load-result/1",
    run: {
      id,
      startedAt: startedAt.toISOString(),
      endedAt: endedAt.toISOString(),
      seconds: (endedAt.getTime() - startedAt.getTime()) / 1_000,
      interrupted,
      stack,
      target: outputs.gatewayUrl,
    },
    tool: { name: tool.name, version, latency: tool.latency },
    model: tool.model,
    config: {
      shape: args.shape,
      level: args.level,
      rate: args.rate,
      seconds: secondsOf(stretches),
      stretches,
      journeys: journeys.map(({ name }) => name),
      seed: args.seed,
      titleOffset,
      plan: createHash("sha256").update(JSON.stringify(plan)).digest("hex"),
    },
    versions: { ...(await ownVersions()), ...seen.versions },
    ...measured,
    resources: seen.resources,
    generatorLimited: limited,
    verdicts,
    verdict: overall(verdicts, limited, interrupted),
  };
}

/** Requests that make a run of the shape `volume` worth its name. */
const MUCH = 100_000;

/** @throws UserError where the database holds little, or no one knows */
async function checkData(prometheusUrl: string | undefined, stack: string): Promise<void> {
  const remedy = `fill it: make seed ROWS=1000000 STACK=${stack}`;
  if (!prometheusUrl) throw new UserError(`stack ${stack} has no Prometheus that knows how much data there is`, remedy);
  const query = `max(pg_stat_user_tables_n_live_tup{namespace="media-${stack}",relname="requests"})`;
  const found = await new Prometheus(prometheusUrl).query(query, new Date());
  const rows = Number(found[0]?.value?.[1] ?? 0);
  if (rows < MUCH) throw new UserError(`stack ${stack} holds ${rows} requests; the shape needs ${MUCH}`, remedy);
}

async function measure(
  { tool, outputs, dir, stop }: RunArgs,
  plan: Plan,
  id: string,
  elsewhere?: Elsewhere,
): Promise<Measurements> {
  const work = join(dir, `.work-${id}`);
  mkdirSync(work, { recursive: true });
  const line = new ProgressLine(plan.seconds);
  try {
    return await tool.run({
      plan,
      target: {
        url: outputs.gatewayUrl.replace(/\/$/, ""),
        token: outputs.credentials?.devToken ?? "",
        mark: `load/${id}`,
        ...(outputs.caPem && { ca: outputs.caPem }),
      },
      dir: work,
      progress: (progress) => line.show(progress),
      stop,
      ...(elsewhere && { elsewhere }),
    });
  } finally {
    line.end();
    rmSync(work, { recursive: true, force: true });
  }
}

interface Seen {
  readonly resources: Result["resources"];
  readonly verdicts: Result["verdicts"];
  readonly versions: Record<string, string>;
}

/** What Prometheus knows of the run. A stack that has none, or has lost it, is still judged by what the generator saw. */
async function lookAtStack({ outputs, stack }: RunArgs, from: Date, to: Date, hurry: boolean): Promise<Seen> {
  const nothing = (why: string): Seen => ({
    resources: { stepSeconds: 0, series: [], missing: [why] },
    verdicts: [],
    versions: {},
  });
  if (!outputs.prometheusUrl) return nothing("all tiers: the stack has no Prometheus");
  const prometheus = new Prometheus(outputs.prometheusUrl);
  const namespace = `media-${stack}`;
  try {
    if (!hurry) {
      say(`waiting ${SETTLE_SECONDS} s for the last scrape of the run`);
      await sleep(SETTLE_SECONDS * 1_000);
    }
    const settled = new Date(to.getTime() + (hurry ? 0 : SETTLE_SECONDS * 1_000));
    const [resources, verdicts, versions] = await Promise.all([
      resourcesOf(prometheus, namespace, from, settled),
      verdictsOfService(prometheus, namespace, from, settled),
      serviceVersions(prometheus, namespace, to),
    ]);
    return { resources, verdicts, versions };
  } catch (error) {
    const why = `Prometheus at ${outputs.prometheusUrl} could not be asked: ${(error as Error).message}`;
    say(why);
    return nothing(`all tiers: ${why}`);
  }
}

async function ownVersions(): Promise<Record<string, string>> {
  const commit = await promisify(execFile)("git", ["-C", import.meta.dirname, "rev-parse", "--short=12", "HEAD"]).catch(
    () => undefined,
  );
  const machine = cpus();
  return {
    commit: commit?.stdout.trim() ?? "unknown",
    node: process.versions.node,
    machine: `${machine.length} × ${machine[0]?.model.trim() || "unknown processor"}`,
  };
}

/** @throws UserError where a name is not one of those there are */
export function oneOf<T extends string>(what: string, name: string, names: readonly T[]): T {
  const found = names.find((one) => one === name);
  if (!found) throw new UserError(`no ${what} is called "${name}"`, `take one of ${names.join(", ")}`);
  return found;
}
