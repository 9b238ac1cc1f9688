/**
 * `node docs/picture.ts` draws the declared links of the stacks into ARCHITECTURE.md. The program itself draws them
 * (infra/lib/picture.ts) while it runs under mocks, so the picture cannot show what is not declared.
 */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

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
    Object.entries(STACKS).map(async ([stack, caption]) => `${caption}\n\n\`\`\`mermaid\n${await draw(stack)}\`\`\`\n`),
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
    const env = { ...process.env, MEDIA_PICTURE: join(folder, "links") };
    const render = join(ROOT, "infra/test/render.ts");
    await promisify(execFile)(process.execPath, [render, stack], { env, maxBuffer: 1 << 26 });
    return await readFile(env.MEDIA_PICTURE, "utf8");
  } finally {
    await rm(folder, { recursive: true });
  }
}

if (import.meta.main) {
  await writeFile(DOCUMENT, insert(await readFile(DOCUMENT, "utf8"), await pictures()));
}
