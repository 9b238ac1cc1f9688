import { messageOf } from "@media/drills/errors";
/** One thing that this machine must have. Looking changes nothing and shows no secret. */
export interface Check {
  readonly name: string;
  /** What must be so, in words. */
  readonly wanted: string;
  /** Looks. An error is a failure, and its first line what was found. */
  readonly run: () => Promise<Finding>;
  /** The command that mends it, or what a person has to do. */
  readonly fix: string;
}

export interface Finding {
  /** What is so, in words; never a secret. */
  readonly found: string;
  readonly ok: boolean;
}

export interface Result extends Finding {
  readonly name: string;
  readonly wanted: string;
  /** Only where something is to be mended. */
  readonly fix?: string;
}

/** Makes all checks at once; one that fails or hangs is a result like any other. */
export function examine(checks: readonly Check[], seconds = 20): Promise<Result[]> {
  return Promise.all(
    checks.map(async ({ name, wanted, run, fix }) => {
      const { found, ok } = await Promise.race([look(run), givenUp(seconds)]);
      return { name, wanted, found, ok, ...(ok ? {} : { fix }) };
    }),
  );
}

async function look(run: Check["run"]): Promise<Finding> {
  try {
    return await run();
  } catch (error) {
    const [line = ""] = messageOf(error).split("\n");
    return { found: line || "an error without a message", ok: false };
  }
}

function givenUp(seconds: number): Promise<Finding> {
  return new Promise((resolve) => {
    setTimeout(() => resolve({ found: `no answer within ${seconds} s`, ok: false }), seconds * 1000).unref();
  });
}

/** The results for people: found against wanted, and below each failure what mends it. */
export function table(results: readonly Result[]): string {
  const width = (column: "name" | "found") => Math.max(0, ...results.map((result) => result[column].length));
  const [names, founds] = [width("name"), Math.min(width("found"), 60)];
  const line = (mark: string, name: string, found: string, wanted: string) =>
    `${mark.padEnd(4)}  ${name.padEnd(names)}  ${found.padEnd(founds)}  ${wanted}`;
  const rows = results.flatMap(({ name, wanted, found, ok, fix }) => [
    line(ok ? "ok" : "FAIL", name, found, wanted),
    ...(fix ? [`      mend: ${fix}`] : []),
  ]);
  const failed = results.filter(({ ok }) => !ok).length;
  const verdict =
    failed === 0 ? `all ${results.length} checks are well` : `${failed} of ${results.length} checks failed`;
  return [line("", "check", "found", "wanted"), ...rows, verdict].join("\n");
}

/** 0 when nothing is to be mended. */
export function exitCode(results: readonly Result[]): 0 | 1 {
  return results.every(({ ok }) => ok) ? 0 : 1;
}
