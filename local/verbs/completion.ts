import { readFileSync } from "node:fs";
import { join } from "node:path";
import { REPO } from "../lib/paths.ts";
import { PAGES } from "./open.ts";

/** Values of variables that are one of a few. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  STACK: ["base", "dev", "staging", "perf", "prod", "dr"],
  WHAT: [...Object.keys(PAGES), "state", "cache"],
  TOOL: ["custom", "k6"],
  JSON: ["1"],
  PURGE: ["1"],
};

/** Lines for bash: in this repository `make <tab>` offers the verbs with a help text, and `STACK=<tab>` the stacks. */
export function completionScript(makefile: string): string {
  const verbs = [...makefile.matchAll(/^([a-z0-9-]+):.*## /gm)].map(([, verb]) => verb);
  const names = Object.keys(VALUES).map((name) => `${name}=`);
  // Bash ends a word at the equals sign: the variable is then the word before it.
  const cases = Object.entries(VALUES).map(
    ([name, values]) => `    ${name}=*) COMPREPLY=($(compgen -W "${values.join(" ")}" -- "\${word#*=}")) ;;`,
  );
  return `_media_make() {
  local line="\${COMP_LINE:0:\${COMP_POINT}}" word
  word="\${line##* }"
  case "\${word}" in
${cases.join("\n")}
    *) COMPREPLY=($(compgen -W "${verbs.join(" ")}" -- "\${word}") $(compgen -W "${names.join(" ")}" -- "\${word}"))
       [[ "\${COMPREPLY[0]:-}" == *= ]] && compopt -o nospace ;;
  esac
}
complete -F _media_make make`;
}

/** Prints them: `source <(make -s completion)`. */
export async function completion(): Promise<void> {
  console.log(completionScript(readFileSync(join(REPO, "Makefile"), "utf8")));
}
