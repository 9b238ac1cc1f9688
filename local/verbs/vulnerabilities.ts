import { UserError } from "../lib/errors.ts";
import { phase, say } from "../lib/progress.ts";
import { judge, type Known } from "../supply/vulnerabilities.plan.ts";
import { database, knownIn, readAnswers } from "../supply/vulnerabilities.ts";
import { buildTools } from "../toolchain/build.ts";
import { TOOLS } from "../toolchain/catalogue.ts";
import type { Options } from "./options.ts";

const CHECKERS = ["govulncheck", "indexdb"];

/**
 * Looks up every Go program that we build in Go's vulnerability database, without the internet, and fails on a known
 * vulnerability without a written answer in local/supply/answers.yaml.
 */
export async function vulnerabilities({ only, json }: Pick<Options, "only" | "json">): Promise<void> {
  const built = TOOLS.filter(({ packaged }) => !packaged).map(({ name }) => name);
  const programs = only?.split(/\s+/).filter(Boolean) ?? built;
  const unknown = programs.filter((name) => !built.includes(name));
  if (unknown.length > 0)
    throw new UserError(`no such Go program: ${unknown.join(", ")}`, `take of ${built.join(", ")}`);
  const paths = await phase("tools", () => buildTools([...programs, ...CHECKERS], say));
  const source = await database(paths.indexdb as string, say);
  const known: Known[] = [];
  for (const program of programs)
    known.push(...(await knownIn(program, paths[program] as string, paths.govulncheck as string, source)));
  const judged = judge(known, await readAnswers(), programs, new Date().toISOString().slice(0, 10));
  if (json) console.log(JSON.stringify({ database: source.version, ...judged }, null, 2));
  else for (const one of judged.unanswered) console.log(`unanswered: ${line(one)}`);
  for (const idle of judged.idle)
    console.error(`note: an answer for ${idle} is not needed any more: remove it from local/supply/answers.yaml`);
  say(
    `${programs.length} Go programs: ${judged.answered.length} known vulnerabilities answered, ${judged.unanswered.length} not; database ${source.version}`,
  );
  say("npm and Debian packages: not checked (their databases are no Go module; users' CI has them)");
  if (judged.unanswered.length > 0)
    throw new UserError(
      `${judged.unanswered.length} known vulnerabilities have no answer`,
      "upgrade the module in the program's go.mod, or answer it in local/supply/answers.yaml",
    );
}

const line = ({ program, id, module, fixed, summary }: Known) =>
  `${program}: ${id} in ${module}, ${fixed ? `fixed in ${fixed}` : "not fixed"}: ${summary}`;
