/**
 * `node infra/preview/main.ts [--base main] [--state FOLDER] [--json] [--out FILE]`: what this checkout would change in every stack, against
 * the base branch, as one Markdown comment. Exit code 1: something stops the change; 2: the command cannot be carried out.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { stacksOf } from "./config.ts";
import { markdown } from "./markdown.plan.ts";
import { packChanges, packOf } from "./pack.ts";
import { writePictures } from "./pictures.ts";
import { renderAll } from "./render-all.ts";
import { reportOf } from "./report.plan.ts";
import { NoState, readStates } from "./state.ts";
import { type Base, checkOutBase, NoBase } from "./trees.ts";

const REPO = join(import.meta.dirname, "../..");
/** The order of the stacks in the comment; others follow. */
const ORDER = ["base", "dev", "staging", "perf", "prod", "dr"];

/** The owner's own configuration, where `make env` has named it. */
const OVERLAY = process.env.MEDIA_CONFIG_OVERLAY;

const { values } = parseArgs({
  options: {
    /** Branch or commit to compare with. @default origin/main, then main */
    base: { type: "string" },
    /** One stack only. @default all */
    stack: { type: "string" },
    /** Folder with `<stack>.json` of `pulumi stack export`: these stacks are compared with their state. */
    state: { type: "string" },
    /** Folder for pictures of the dashboards that differ. @default no pictures */
    pictures: { type: "string" },
    /** JSON in place of Markdown. */
    json: { type: "boolean", default: false },
    /** File to write to. @default standard output */
    out: { type: "string" },
    /** Checkout to look at. @default this one */
    tree: { type: "string", default: REPO },
  },
});

const ordered = (stacks: string[]) =>
  stacks.sort((a, b) => (ORDER.indexOf(a) + 1 || 99) - (ORDER.indexOf(b) + 1 || 99) || (a < b ? -1 : 1));

async function main(base: Base): Promise<number> {
  const { tree } = values;
  const wanted = (stack: string) => values.stack === undefined || values.stack === stack;
  const source = (of: string) => ordered(stacksOf(of).filter(wanted)).map((stack) => ({ tree: of, stack }));
  const states = values.state === undefined ? undefined : readStates(values.state, stacksOf(tree).filter(wanted));
  const has = (stack: string) => states?.stacks.includes(stack) === true;
  const olds = source(base.tree).filter(({ stack }) => !has(stack));
  const news = source(tree).map((one) => (has(one.stack) ? { ...one, deployed: { overlayFolder: OVERLAY } } : one));
  const renderings = await renderAll([...olds, ...news]);
  const notes = base.otherPackages
    ? ["The npm packages differ from the base's: both sides are rendered with the packages of this branch."]
    : [];
  const [before, after] = [renderings.slice(0, olds.length), renderings.slice(olds.length)];
  const sources = states?.against(before, after) ?? { before, after, notes: [] };
  const report = reportOf({
    ...sources,
    base: base.name,
    notes: [...notes, ...sources.notes],
    pack: packChanges(await packOf(base.tree), await packOf(tree)),
    pictures: values.pictures ? await writePictures(values.pictures, sources.before, sources.after) : [],
  });
  const text = values.json ? `${JSON.stringify(report, null, 2)}\n` : markdown(report);
  if (values.out) writeFileSync(values.out, text);
  else process.stdout.write(text);
  for (const { what, stacks, text: problem } of report.stops)
    console.error(`error: ${what} (${stacks.join(", ")}): ${problem}`);
  return report.stops.length > 0 ? 1 : 0;
}

try {
  const base = await checkOutBase(values.tree, values.base);
  try {
    process.exitCode = await main(base);
  } finally {
    base.remove();
  }
} catch (error) {
  if (!(error instanceof NoBase || error instanceof NoState)) throw error;
  console.error(`error: ${error.message}`);
  process.exitCode = 2;
}
