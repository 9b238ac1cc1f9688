import { analyse } from "../analysis/analyse.ts";
import { inWords, REMEDIES } from "../analysis/remedies.ts";
import type { Result } from "../results/result.ts";

/** What limited the stack, with the evidence and what may help, in lines. */
export function bottleneck(result: Result): {
  readonly head: string;
  readonly evidence: readonly string[];
  readonly help: readonly string[];
} {
  const { kind, about, evidence } = analyse(result);
  if (!kind) return { head: `none named: ${about}`, evidence: [], help: [] };
  return { head: `${kind}: ${about}`, evidence, help: REMEDIES[kind].map(inWords) };
}

/** Every question that the analysis asked, with the answer and what was measured. */
export function questions(result: Result): string[][] {
  return analyse(result).path.map(({ ask, answer, evidence }) => [ask, answer, evidence.join("; ")]);
}

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

/** What each route costs: its share of all time that requests were at work, answers a second, and the mean of one. */
export function costOfRoutes({ resources }: Result): string[][] {
  const of = (name: string) =>
    resources.series
      .filter((one) => one.tier === "api" && one.name === name)
      .map((one) => [one.of, mean(one.points.map(({ value }) => value))] as const);
  const rates = new Map(of("answers"));
  const work = of("requests at work, mean").filter(([, value]) => value > 0);
  const all = work.reduce((sum, [, value]) => sum + value, 0);
  return work
    .sort((a, b) => b[1] - a[1])
    .slice(0, 10)
    .map(([route, value]) => {
      const rate = rates.get(route) ?? 0;
      return [
        route,
        `${((value / all) * 100).toFixed(1)} %`,
        rate.toFixed(2),
        rate > 0 ? ((value / rate) * 1_000).toFixed(1) : "–",
      ];
    });
}

/** CPU of the whole stack for one answer, in milliseconds, by tier. */
export function costOfAnswers({ resources }: Result): string[][] {
  const of = (tier: string, name: string) => resources.series.filter((one) => one.tier === tier && one.name === name);
  const answers = of("api", "answers").reduce((sum, { points }) => sum + mean(points.map(({ value }) => value)), 0);
  if (answers <= 0) return [];
  const tiers = [...new Set(resources.series.filter(({ name }) => name === "CPU").map(({ tier }) => tier))];
  return tiers
    .map((tier) => {
      const cores = of(tier, "CPU").reduce((sum, { points }) => sum + mean(points.map(({ value }) => value)), 0);
      return [tier, cores.toFixed(3), ((cores / answers) * 1_000).toFixed(2)];
    })
    .sort((a, b) => Number(b[2]) - Number(a[2]));
}
