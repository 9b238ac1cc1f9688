/**
 * The nodes that the specification draws (docs/spec, Mermaid in Markdown) against docs/coverage.yaml, which says of each
 * where it is. Pure: the test reads the files.
 */

/** One drawing, under the heading that it follows. */
export interface Diagram {
  /** The heading in small letters and hyphens; the first half of an entry's key. */
  readonly slug: string;
  /** Ids of its nodes or, in a sequence diagram, of its participants, each once. */
  readonly nodes: readonly string[];
}

/** Where a node is: exactly one of the three. */
export interface Entry {
  /** `path`, `path#text that the file contains`, or a command `make verb …`. */
  readonly artefact?: string;
  /** Which part will hold it. */
  readonly later?: string;
  /** Threat model only: the row, its test, or the risk that is accepted. */
  readonly threat?: string;
}

export type Entries = Readonly<Record<string, Entry>>;

const THREAT_MODEL = "security-threat-model";
const NOT_NODES =
  /^(%%|classDef |class |style |linkStyle |subgraph |end$|direction |(graph|flowchart|sequenceDiagram)\b)/;
/** An id ends where its shape, its arrow, a separator or the line begins. */
const ID = /^[^\s[({>&|;]+/;
const SHAPES: Readonly<Record<string, string>> = { "[": "]", "(": ")", "{": "}" };
const ARROW = /^\s*(?:<?(?:-->|---|-\.->|==>)(?:\|[^|]*\|)?|&)\s*/;
const MESSAGE = /^(\w+)\s*-{1,2}(?:>>|>|x|\))[+-]?\s*(\w+)\s*:/;

/** Every Mermaid drawing of a Markdown document. */
export function diagramsOf(markdown: string): Diagram[] {
  const found: Diagram[] = [];
  for (const [, heading = "", body = ""] of markdown.matchAll(/^#+ ([^\n]+)\n+```mermaid\n(.*?)^```/gms)) {
    found.push({ slug: slugOf(heading), nodes: nodesOf(body) });
  }
  return found;
}

/** How many drawings the document has, found without its headings: a check on `diagramsOf`. */
export function drawingsIn(markdown: string): number {
  return markdown.match(/^```mermaid$/gm)?.length ?? 0;
}

function slugOf(heading: string): string {
  const words = heading.toLowerCase().match(/[a-z0-9]+/g) ?? [];
  return words.join("-");
}

/** Ids in the order in which they first appear; a line that cannot be read is an error, never passed over. */
export function nodesOf(body: string): string[] {
  const lines = body.split("\n").map((line) => line.trim());
  const read = lines.includes("sequenceDiagram") ? participantsIn : idsIn;
  return [...new Set(lines.filter((line) => line !== "" && !NOT_NODES.test(line)).flatMap(read))];
}

/** `participant A as Title` and `A->>B: text`; notes and frames name no new participant. */
function participantsIn(line: string): string[] {
  const [, declared] = /^(?:participant|actor) (\w+)/.exec(line) ?? [];
  if (declared) return [declared];
  const [, from, to] = MESSAGE.exec(line) ?? [];
  if (from && to) return [from, to];
  if (/^(Note|alt|else|opt|loop|par|and|activate|deactivate)\b/.test(line)) return [];
  throw new Error(`cannot read this line of a sequence diagram: ${line}`);
}

/** A chain `A[Title] -->|text| B{Title}` of any length. */
function idsIn(line: string): string[] {
  const ids: string[] = [];
  for (let rest = line; rest !== ""; ) {
    const [id] = ID.exec(rest) ?? [];
    if (!id) throw new Error(`cannot read this line of a diagram: ${line}`);
    ids.push(id);
    rest = afterShape(rest.slice(id.length), line);
    const [arrow] = ARROW.exec(rest) ?? [""];
    if (arrow === "" && rest.trim() !== "") throw new Error(`cannot read this line of a diagram: ${line}`);
    rest = arrow === "" ? "" : rest.slice(arrow.length);
  }
  return ids;
}

/** What follows a node's title, whose brackets may be nested. */
function afterShape(text: string, line: string): string {
  const closing = SHAPES[text[0] ?? ""];
  if (!closing) return text;
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === text[0]) depth++;
    if (text[at] === closing && --depth === 0) return text.slice(at + 1);
  }
  throw new Error(`a bracket is not closed: ${line}`);
}

/** What is wrong with the entries: none, if every node has exactly one that holds. */
export function problemsOf(
  diagrams: readonly Diagram[],
  entries: Entries,
  has: (artefact: string) => boolean,
): string[] {
  const drawn = new Set(diagrams.flatMap(({ slug, nodes }) => nodes.map((node) => `${slug}/${node}`)));
  const unmapped = [...drawn].filter((key) => !entries[key]).map((key) => `${key}: is drawn, but has no entry`);
  const faults = Object.entries(entries).flatMap(([key, entry]) => {
    if (!drawn.has(key)) return [`${key}: has an entry, but no diagram draws it`];
    return faultOf(key, entry, has);
  });
  return [...unmapped, ...faults];
}

function faultOf(key: string, entry: Entry, has: (artefact: string) => boolean): string[] {
  const kinds = Object.keys(entry);
  const [kind = ""] = kinds;
  if (kinds.length !== 1 || !["artefact", "later", "threat"].includes(kind)) {
    return [`${key}: needs exactly one of artefact, later, threat; has ${kinds.join(", ") || "none"}`];
  }
  if (kind === "threat" && !key.startsWith(`${THREAT_MODEL}/`)) return [`${key}: only the threat model has threats`];
  if (entry.artefact !== undefined && !has(entry.artefact)) return [`${key}: ${entry.artefact} is not there`];
  return [];
}
