import { z } from "zod";

/** Why a known vulnerability in a program that we build does not stop us. */
export const answerSchema = z.strictObject({
  /** Number in Go's vulnerability database: "GO-2026-6603". */
  id: z.string().regex(/^GO-\d{4}-\d{4,}$/),
  /** The programs for which the answer holds; a new program needs an answer of its own. */
  programs: z.array(z.string()).nonempty(),
  /** `unreachable`: what is wrong there is not run, or not with input of others; `accepted`: it is, and we live with it until the day of `until`. */
  verdict: z.enum(["unreachable", "accepted"]),
  /** The reason, in a sentence. */
  because: z.string().min(30),
  /** Day after which an accepted one is unanswered again, as YYYY-MM-DD. */
  until: z.iso.date().optional(),
});
export type Answer = z.infer<typeof answerSchema>;

/** A known vulnerability of a module in a program. */
export interface Known {
  readonly program: string;
  readonly id: string;
  readonly summary: string;
  /** "golang.org/x/net@v0.57.0". */
  readonly module: string;
  /** Version that is free of it; undefined where there is none. */
  readonly fixed: string | undefined;
}

/** What govulncheck says of one program (`-format json`): JSON values one after the other. */
export function knownOf(program: string, output: string): Known[] {
  const messages = output.split(/\n(?=\{)/).filter((text) => text.trim() !== "");
  const summaries = new Map<string, string>();
  const found = new Map<string, Known>();
  for (const text of messages) {
    const { osv, finding } = JSON.parse(text) as Message;
    if (osv) summaries.set(osv.id, osv.summary ?? osv.details ?? "");
    const [frame] = finding?.trace ?? [];
    // A module that is linked in without the package that is affected has no finding of a package.
    if (!finding || !frame?.package) continue;
    const module = `${frame.module}@${frame.version ?? "?"}`;
    found.set(`${finding.osv} ${module}`, {
      program,
      id: finding.osv,
      summary: "",
      module,
      fixed: finding.fixed_version,
    });
  }
  return [...found.values()].map((known) => ({ ...known, summary: summaries.get(known.id) ?? "" }));
}

interface Message {
  readonly osv?: { readonly id: string; readonly summary?: string; readonly details?: string };
  readonly finding?: {
    readonly osv: string;
    readonly fixed_version?: string;
    readonly trace: readonly { readonly module: string; readonly version?: string; readonly package?: string }[];
  };
}

export interface Judgement {
  readonly unanswered: readonly Known[];
  readonly answered: readonly Known[];
  /** "GO-… of loki": an answer for what is not there any more. */
  readonly idle: readonly string[];
}

/**
 * Which of the known vulnerabilities have an answer.
 *
 * @param checked the programs that were looked at
 * @param today YYYY-MM-DD
 */
export function judge(
  known: readonly Known[],
  answers: readonly Answer[],
  checked: readonly string[],
  today: string,
): Judgement {
  const holds = ({ program, id }: Known) =>
    answers.some((answer) => answer.id === id && answer.programs.includes(program) && (answer.until ?? today) >= today);
  const there = new Set(known.map(({ program, id }) => `${id} of ${program}`));
  const answeredFor = answers.flatMap(({ id, programs }) =>
    programs.filter((program) => checked.includes(program)).map((program) => `${id} of ${program}`),
  );
  return {
    unanswered: known.filter((one) => !holds(one)),
    answered: known.filter(holds),
    idle: answeredFor.filter((name) => !there.has(name)),
  };
}
