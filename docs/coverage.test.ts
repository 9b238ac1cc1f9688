import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { diagramsOf, drawingsIn, type Entries, nodesOf, problemsOf } from "./coverage.ts";

const ROOT = join(import.meta.dirname, "..");
const SPEC = join(import.meta.dirname, "spec");
const documents = readdirSync(SPEC).map((name) => readFileSync(join(SPEC, name), "utf8"));
const diagrams = documents.flatMap(diagramsOf);
const makefile = readFileSync(join(ROOT, "Makefile"), "utf8");

/** A command is there if the Makefile has its verb; a file, if it exists and contains what follows the `#`. */
function has(artefact: string): boolean {
  const [, verb] = /^make ([a-z0-9-]+)/.exec(artefact) ?? [];
  if (verb) return new RegExp(`^${verb}:`, "m").test(makefile);
  const [path = "", text] = artefact.split("#");
  const file = join(ROOT, path);
  return existsSync(file) && (text === undefined || readFileSync(file, "utf8").includes(text));
}

describe("the specification", () => {
  test("every drawing is read, under a name of its own", () => {
    expect(diagrams).toHaveLength(documents.map(drawingsIn).reduce((sum, count) => sum + count, 0));
    expect(new Set(diagrams.map(({ slug }) => slug)).size).toBe(diagrams.length);
    for (const { nodes } of diagrams) expect(nodes.length).toBeGreaterThan(0);
  });

  test("every node has its entry, and every artefact is there", () => {
    // Duplicate keys would hide an entry: the YAML parser refuses them.
    const entries = parse(readFileSync(join(import.meta.dirname, "coverage.yaml"), "utf8")) as Entries;
    expect(problemsOf(diagrams, entries, has)).toEqual([]);
  });
});

describe("the test itself finds", () => {
  const made = diagramsOf("## 🎬 Made up, twice\n\n```mermaid\ngraph TD\n  A[One] -->|yes| B{Two?}\n```\n");
  const all = { "made-up-twice/A": { artefact: "README.md" }, "made-up-twice/B": { later: "a part" } };

  test("nothing where all is well", () => {
    expect(problemsOf(made, all, () => true)).toEqual([]);
  });

  test.each([
    [
      "a node without an entry",
      { "made-up-twice/A": { later: "a part" } },
      "made-up-twice/B: is drawn, but has no entry",
    ],
    [
      "an entry without a node",
      { ...all, "made-up-twice/C": { later: "a part" } },
      "made-up-twice/C: has an entry, but no diagram draws it",
    ],
    [
      "an entry that says nothing",
      { ...all, "made-up-twice/B": {} },
      "made-up-twice/B: needs exactly one of artefact, later, threat; has none",
    ],
    [
      "an entry that says two things",
      { ...all, "made-up-twice/B": { later: "x", artefact: "y" } },
      "made-up-twice/B: needs exactly one of artefact, later, threat; has later, artefact",
    ],
    [
      "a threat outside the threat model",
      { ...all, "made-up-twice/B": { threat: "x" } },
      "made-up-twice/B: only the threat model has threats",
    ],
  ])("%s", (_, entries: Entries, problem) => {
    expect(problemsOf(made, entries, () => true)).toEqual([problem]);
  });

  test.each(["docs/no-such-file.md", "Makefile#no such text in it", "make no-such-verb"])(
    "that %s is not there",
    (artefact) => {
      const entries = { ...all, "made-up-twice/A": { artefact } };
      expect(problemsOf(made, entries, has)).toEqual([`made-up-twice/A: ${artefact} is not there`]);
    },
  );
});

describe("nodes are read from", () => {
  test.each([
    ["titles of every shape", 'graph TD\nA([Start])\nB{Is it?}\nI/O[I/O (disk)]\nC["x"]', ["A", "B", "I/O", "C"]],
    ["arrows, chains and joins", "graph TD\nA --> B -->|a b| C[See] & D\nC -.-> E", ["A", "B", "C", "D", "E"]],
    [
      "frames, styles and comments: none",
      'graph TB\n%% x\nsubgraph "A b"\nA\nend\nclassDef c fill:#fff\nclass A c',
      ["A"],
    ],
    [
      "a sequence's participants and messages",
      "sequenceDiagram\nparticipant A as B\nNote over A: x\nA->>C: hi\nalt b\nC-->>A: ho\nend",
      ["A", "C"],
    ],
  ])("%s", (_, body, nodes) => {
    expect(nodesOf(body)).toEqual(nodes);
  });

  test.each(["graph TD\nA[x", "graph TD\nA ?? B", "sequenceDiagram\nwhat is this"])(
    "a line that cannot be read is an error: %j",
    (body) => {
      expect(() => nodesOf(body)).toThrow();
    },
  );
});
