/**
 * `node docs/picture.ts` draws the declared links of the stacks into ARCHITECTURE.md. The program itself draws them
 * (infra/lib/picture.ts) while it runs under mocks, so the picture cannot show what is not declared.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configOf, runRenderer } from "@media/infra/rendering";

const ROOT = join(import.meta.dirname, "..");
export const DOCUMENT = join(ROOT, "ARCHITECTURE.md");
const BEGIN = "<!-- links:begin -->";
const END = "<!-- links:end -->";

/** What is drawn, with its caption: `dev` has every layer of an application stack, the doubles too. */
const STACKS = {
  dev: "Stack `dev`. In `prod` and `dr` there are no doubles: the upstreams are where the configuration says.",
  base: "Stack `base`, once per cluster.",
} as const;

/** The text between the marks. */
export async function pictures(): Promise<string> {
  const drawn = await Promise.all(
    (Object.keys(STACKS) as (keyof typeof STACKS)[]).map(
      async (stack) => `${STACKS[stack]}\n\n\`\`\`mermaid\n${await draw(stack)}\`\`\`\n`,
    ),
  );
  return drawn.join("\n");
}

/** The document with the text in the place of what was between its marks. */
export function insert(document: string, text: string): string {
  const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`the document has no ${BEGIN} … ${END}`);
  return `${document.slice(0, begin + BEGIN.length)}\n\n${text}\n${document.slice(end)}`;
}

/** One stack in Mermaid's notation, without a caption. */
export async function draw(stack: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "media-picture-"));
  try {
    const picture = join(folder, "links");
    const result = await runRenderer(
      { tree: ROOT, stack },
      { config: configOf(ROOT, stack).engine },
      { MEDIA_PICTURE: picture },
    );
    if ("errors" in result) throw new Error(`stack ${stack} does not build: ${result.errors}`);
    return await readFile(picture, "utf8");
  } finally {
    await rm(folder, { recursive: true });
  }
}

if (import.meta.main) {
  await writeFile(DOCUMENT, insert(await readFile(DOCUMENT, "utf8"), await pictures()));
}
