/** A command that a runbook names, as it stands there. */
export interface Command {
  /** Name of the runbook: that of its alert. */
  runbook: string;
  text: string;
  kind: "shell" | "sql" | "promql";
}

const PROGRAMS = ["kubectl", "make", "pulumi", "patronictl", "pgbackrest", "crictl", "du", "openssl", "curl"];
const SHELL = new RegExp(`^(${PROGRAMS.join("|")}) `);
const SQL = /^(select|delete from|insert into|update|alter|checkpoint) ?/i;
const PROMQL = /^(time\(\)|(rate|increase|sum|max|min|avg|count|histogram_quantile|predict_linear)\b.*\().*/;
const CODE = /`([^`\n]+)`/g;

function kindOf(text: string): Command["kind"] | undefined {
  // A program's name alone is no command.
  if (SHELL.test(text)) return "shell";
  if (SQL.test(text)) return "sql";
  return PROMQL.test(text) && /[a-z]+_[a-z_]+/.test(text) ? "promql" : undefined;
}

/** Every command of a runbook: inline code that begins as one. */
export function commandsIn(runbook: string, markdown: string): Command[] {
  return [...markdown.matchAll(CODE)].flatMap(([, text = ""]) => {
    const kind = kindOf(text);
    return kind ? [{ runbook, text, kind }] : [];
  });
}

/** What a reader puts in: each with the words that stand for it. */
export const PLACEHOLDERS = {
  namespace: /\bNS\b/g,
  container: /\bCONTAINER\b/g,
  primary: /\bPRIMARY\b/g,
  member: /\bPOD\b(?=.* -c (postgres|keeper)\b)/g,
  pod: /\bPOD\b|<pod>/g,
  deployment: /\bNAME\b|<name>/g,
  replicas: /\bN\b/g,
  pid: /\bPID\b|<pid>/g,
  trace: /<trace id>/g,
} as const;
export type Values = Record<keyof typeof PLACEHOLDERS, string>;

/** The command with these values in it, in the order of the table. */
export function filled(text: string, values: Values): string {
  return Object.entries(PLACEHOLDERS).reduce(
    (filling, [name, words]) => filling.replaceAll(words, () => values[name as keyof Values]),
    text,
  );
}

/** The words of each program of a pipeline, as a shell reads them. @throws where a quotation does not end */
export function wordsOf(text: string): string[][] {
  const programs: string[][] = [[]];
  let word: string | undefined;
  let quote: string | undefined;
  const end = () => {
    if (word !== undefined) programs.at(-1)?.push(word);
    word = undefined;
  };
  for (const char of text) {
    if (quote !== undefined) {
      if (char === quote) quote = undefined;
      else word = (word ?? "") + char;
    } else if (char === "'" || char === '"') {
      quote = char;
      word ??= "";
    } else if (char === "|") {
      end();
      programs.push([]);
    } else if (char === " ") end();
    else word = (word ?? "") + char;
  }
  if (quote !== undefined) throw new Error(`a quotation does not end: ${text}`);
  end();
  return programs;
}

/** The statements that a command hands to psql; those of an `sql` command itself. */
export function statementsOf({ kind, text }: Command): string[] {
  if (kind === "sql") return [text];
  if (kind !== "shell") return [];
  return wordsOf(text).flatMap((words) => {
    const at = words.indexOf("psql");
    const option = at < 0 ? -1 : words.findIndex((word, n) => n > at && /^-A?t?c$/.test(word));
    return option < 0 ? [] : [words[option + 1] ?? ""];
  });
}
