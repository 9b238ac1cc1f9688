/** A guide's blocks of shell, in order; those that are indented belong to explanations. */
export function blocksOf(markdown: string): string[] {
  return [...markdown.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, text = ""]) => text);
}

/** Names that a block exports. */
export function exportsOf(block: string): string[] {
  const lines = block.split("\n").filter((line) => line.startsWith("export "));
  return lines.flatMap((line) => [...line.matchAll(/(?:^export | )([A-Z][A-Z0-9_]*)=/g)].map(([, name = ""]) => name));
}
