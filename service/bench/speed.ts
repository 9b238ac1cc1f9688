import type { Row } from "./main.ts";
import { compare, type Effort, WARM_UP_SECONDS } from "./rounds.ts";
import type { Stage } from "./stage.ts";

/** Enough to keep a core busy, few enough that none waits long. */
const CONNECTIONS = 64;

export async function cachedRead(stage: Stage, effort: Effort): Promise<Row[]> {
  const [bare, ours] = [await stage.program("bare"), await stage.program("observed")];
  const sides = [bare, ours].map((target) => ({ target, requests: stage.reads })) as Parameters<typeof compare>[2];
  const { throughput, p99 } = await compare(
    stage.folder,
    "cached read against bare Express",
    sides,
    effort,
    CONNECTIONS,
  );
  return [
    {
      name: "service: throughput of a cached read with all telemetry, as a ratio to a bare Express handler",
      unit: "×",
      atLeast: 0.8,
      values: throughput,
    },
    {
      name: "service: p99 of a cached read with all telemetry, as a ratio to a bare Express handler",
      unit: "×",
      bound: 1.3,
      values: p99,
    },
  ];
}

export async function wholePipeline(stage: Stage, effort: Effort): Promise<Row[]> {
  const sides: Parameters<typeof compare>[2] = [
    { target: await stage.program("bare"), requests: stage.reads },
    { target: await stage.api(), requests: stage.reads },
  ];
  const { throughput } = await compare(stage.folder, "whole pipeline against bare Express", sides, effort, CONNECTIONS);
  const name = "service: throughput of a cached read through the whole pipeline, as a ratio to a bare Express handler";
  return [{ name, unit: "×", atLeast: 0.5, values: throughput }];
}

/** Of the whole api, the case in which telemetry might be switched off; and of a handler that does next to nothing else. */
export async function telemetry(stage: Stage, effort: Effort): Promise<Row[]> {
  const rows: Row[] = [];
  const pairs = {
    "the whole api": [await stage.program("api-unobserved"), await stage.api()],
    "a bare cached read": [await stage.program("unobserved"), await stage.program("observed")],
  };
  for (const [what, [off, on]] of Object.entries(pairs)) {
    const sides = [off, on].map((target) => ({ target, requests: stage.reads })) as Parameters<typeof compare>[2];
    const { throughput } = await compare(stage.folder, `telemetry on against off, ${what}`, sides, effort, CONNECTIONS);
    const name = `service: throughput of ${what}, telemetry on as a ratio to telemetry off`;
    rows.push({ name, unit: "×", atLeast: 0.8, values: throughput });
  }
  return rows;
}

/** Enough for every connection to PostgreSQL, and no more than the api always lets in: of who is refused it is not asked. */
const CREATORS = 20;
/** More than any machine of this size creates in a second. */
const CREATES_PER_SECOND = 1_200;

export async function create(stage: Stage, effort: Effort): Promise<Row[]> {
  const count = CREATES_PER_SECOND * (effort.seconds * effort.rounds + WARM_UP_SECONDS);
  // The api first: it migrates the database.
  const whole = { target: await stage.api(), requests: await stage.creates(count) };
  const core = { target: await stage.program("observed-create"), requests: await stage.creates(count) };
  const bare = await stage.program("bare-create");
  const against = async (name: string, side: typeof whole) => {
    const sides = [{ target: bare, requests: await stage.creates(count) }, side] as [typeof whole, typeof whole];
    return compare(stage.folder, `${name} against bare pg`, sides, effort, CREATORS);
  };
  const transaction = await against("transaction and job", core);
  const pipeline = await against("create through the whole pipeline", whole);
  return [
    {
      name: "service: throughput of creating a request (transaction and job, all telemetry), as a ratio to the same SQL by the pg library alone",
      unit: "×",
      atLeast: 0.75,
      values: transaction.answers,
    },
    {
      name: "service, for comparison: throughput of creating a request through the whole pipeline, as a ratio to the same SQL by the pg library alone",
      unit: "×",
      values: pipeline.answers,
    },
  ];
}
