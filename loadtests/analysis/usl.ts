/**
 * The Universal Scalability Law: X(N) = λN / (1 + α(N − 1) + βN(N − 1)). α is contention, what has to wait for its turn; β
 * is coherency, what has to be agreed on; λ is the throughput of one.
 */
export interface Usl {
  readonly lambda: number;
  readonly alpha: number;
  readonly beta: number;
  /** Half the width of the 95 % confidence interval of each. */
  readonly plusMinus: { readonly lambda: number; readonly alpha: number; readonly beta: number };
  /** Load at which throughput is highest, and that throughput; undefined where more load always gives more. */
  readonly knee: { readonly load: number; readonly throughput: number } | undefined;
  /** Share of the variation that the law explains. */
  readonly rSquared: number;
}

/** Concurrency or processes, and the throughput with it. */
export type Measured = readonly [load: number, throughput: number];

/** β below this gives a knee so far out that it means nothing. */
const NO_BETA = 1e-7;
const FEWEST = 4;

export const throughputAt = ({ lambda, alpha, beta }: Pick<Usl, "lambda" | "alpha" | "beta">, load: number) =>
  (lambda * load) / (1 + alpha * (load - 1) + beta * load * (load - 1));

/**
 * Fits the law by Gauss-Newton with Levenberg's damping on the logarithms of the parameters, which keeps them above zero.
 *
 * @throws RangeError with fewer than four measurements, or some that are not above zero
 */
export function fitUsl(measured: readonly Measured[]): Usl {
  if (measured.length < FEWEST || measured.some((pair) => pair.some((value) => !(value > 0))))
    throw new RangeError(`the law needs ${FEWEST} measurements or more, all above zero`);
  const [first] = [...measured].sort((a, b) => a[0] - b[0]) as [Measured];
  let theta = [Math.log(first[1] / first[0]), Math.log(0.01), Math.log(0.0001)];
  let damping = 1e-3;
  let error = squares(theta, measured);
  for (let round = 0; round < 500 && damping < 1e12; round++) {
    const { normal, gradient } = normalEquations(theta, measured);
    const step = solve(
      normal.map((row, i) => row.map((value, j) => (i === j ? value * (1 + damping) + 1e-300 : value))),
      gradient,
    );
    const next = theta.map((value, index) => Math.max(-60, value + Math.max(-2, Math.min(2, step[index] ?? 0))));
    const nextError = squares(next, measured);
    if (nextError < error) {
      const done = (error - nextError) / error < 1e-14;
      [theta, error, damping] = [next, nextError, damping / 3];
      if (done) break;
    } else damping *= 4;
  }
  return described(theta, error, measured);
}

function described(theta: readonly number[], error: number, measured: readonly Measured[]): Usl {
  const [lambda, alpha, beta] = theta.map(Math.exp) as [number, number, number];
  const { normal } = normalEquations(theta, measured);
  const freedom = measured.length - theta.length;
  const variance = error / Math.max(1, freedom);
  const covariance = [0, 1, 2].map(
    (index) =>
      solve(
        normal,
        [0, 1, 2].map((at) => (at === index ? 1 : 0)),
      )[index] ?? 0,
  );
  // Of a logarithm: its deviation times the value.
  const half = (index: number, value: number) =>
    value * quantileOfT(freedom) * Math.sqrt(Math.max(0, variance * (covariance[index] ?? 0)));
  const load = beta > NO_BETA && alpha < 1 ? Math.sqrt((1 - alpha) / beta) : undefined;
  const mean = measured.reduce((sum, [, x]) => sum + x, 0) / measured.length;
  const spread = measured.reduce((sum, [, x]) => sum + (x - mean) ** 2, 0);
  return {
    lambda,
    alpha,
    beta,
    plusMinus: { lambda: half(0, lambda), alpha: half(1, alpha), beta: half(2, beta) },
    knee: load === undefined ? undefined : { load, throughput: throughputAt({ lambda, alpha, beta }, load) },
    rSquared: spread > 0 ? 1 - error / spread : 1,
  };
}

const valueAt = (theta: readonly number[], load: number) => {
  const [lambda, alpha, beta] = theta.map(Math.exp) as [number, number, number];
  return throughputAt({ lambda, alpha, beta }, load);
};

const squares = (theta: readonly number[], measured: readonly Measured[]) =>
  measured.reduce((sum, [load, x]) => sum + (x - valueAt(theta, load)) ** 2, 0);

/** JᵀJ and Jᵀr, with derivatives by the logarithm of each parameter. */
function normalEquations(theta: readonly number[], measured: readonly Measured[]) {
  const [lambda, alpha, beta] = theta.map(Math.exp) as [number, number, number];
  const normal = [0, 1, 2].map(() => [0, 0, 0]);
  const gradient = [0, 0, 0];
  for (const [load, x] of measured) {
    const below = 1 + alpha * (load - 1) + beta * load * (load - 1);
    const value = (lambda * load) / below;
    const slopes = [value, (-value * alpha * (load - 1)) / below, (-value * beta * load * (load - 1)) / below];
    slopes.forEach((slope, i) => {
      gradient[i] = (gradient[i] as number) + slope * (x - value);
      slopes.forEach((other, j) => {
        const row = normal[i] as number[];
        row[j] = (row[j] as number) + slope * other;
      });
    });
  }
  return { normal, gradient };
}

/** Solves three equations by Cramer's rule. */
function solve(a: readonly (readonly number[])[], b: readonly number[]): number[] {
  const all = determinant(a);
  if (all === 0) return [0, 0, 0];
  return [0, 1, 2].map(
    (column) => determinant(a.map((row, i) => row.map((v, j) => (j === column ? (b[i] ?? 0) : v)))) / all,
  );
}

function determinant(m: readonly (readonly number[])[]): number {
  const at = (i: number, j: number) => m[i]?.[j] ?? 0;
  return (
    at(0, 0) * (at(1, 1) * at(2, 2) - at(1, 2) * at(2, 1)) -
    at(0, 1) * (at(1, 0) * at(2, 2) - at(1, 2) * at(2, 0)) +
    at(0, 2) * (at(1, 0) * at(2, 1) - at(1, 1) * at(2, 0))
  );
}

/** The 97.5 % quantile of Student's t, by its expansion about the normal's (Abramowitz and Stegun, 26.7.5); exact for one and two. */
export function quantileOfT(freedom: number): number {
  if (freedom <= 1) return 12.7062;
  if (freedom === 2) return 4.3027;
  const z = 1.959964;
  const g1 = (z ** 3 + z) / 4;
  const g2 = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  const g3 = (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / 384;
  const g4 = (79 * z ** 9 + 776 * z ** 7 + 1482 * z ** 5 - 1920 * z ** 3 - 945 * z) / 92_160;
  return z + g1 / freedom + g2 / freedom ** 2 + g3 / freedom ** 3 + g4 / freedom ** 4;
}

/**
 * The law in sentences, with how much room is left above a load. A parameter whose interval is as wide as its value is
 * not told, and without coherency no knee.
 */
export function inWords(usl: Usl, now?: number): string[] {
  const { plusMinus, knee, rSquared } = usl;
  const digits = (value: number) => String(Number(value.toPrecision(3)));
  const isMeasured = (key: keyof Usl["plusMinus"]) => plusMinus[key] < usl[key] || plusMinus[key] === 0;
  const told = (key: keyof Usl["plusMinus"]) =>
    isMeasured(key) ? `${digits(usl[key])} ± ${digits(plusMinus[key])}` : "not measured";
  const law = `contention α ${told("alpha")}, coherency β ${told("beta")}, one does ${told("lambda")}; R² ${rSquared.toFixed(4)}`;
  if (!knee) return [law, "no knee: more load gives more throughput as far as was measured"];
  if (!isMeasured("beta")) return [law, "knee not measured: it lies beyond the loads of this run"];
  const lines = [law, `knee at ${digits(knee.load)}: no more than ${digits(knee.throughput)} is to be had`];
  if (now !== undefined)
    lines.push(
      `headroom above ${digits(now)}: ${digits(Math.max(0, (knee.throughput / throughputAt(usl, now) - 1) * 100))} %`,
    );
  return lines;
}
