import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Rendered } from "./types.ts";

const SCRIPT = join(import.meta.dirname, "render.ts");
// Node keeps the compiled code of the SDK there: a third of the time of a process.
const COMPILED = join(import.meta.dirname, "../../node_modules/.cache/compiled");

/** What `render.ts` reads. */
export interface RenderRequest {
  /** As the engine hands it to the program: "project:key" → text, objects as JSON. */
  readonly config: Readonly<Record<string, string>>;
  /**
   * With it names and generated values depend on the resource's name alone, generated secrets begin with this mark, and the
   * program's outputs are answered too: what tests read. @default they depend on contents, so that a comparison sees a change
   */
  readonly secretMark?: string;
  /** What generated values depend on besides their resource: with another one, they and all that is made of them are others. */
  readonly seed?: string;
  /** Folder with `<stack>.json`, laid over the configuration as `make up` does it. @default none */
  readonly overlayFolder?: string;
}

export interface RenderResult {
  readonly resources: Rendered[];
  readonly outputs?: Record<string, unknown>;
}

/**
 * Builds a stack of a checkout in a process of its own.
 *
 * @param variables environment variables besides this process's own
 * @returns what it registers, or what the process wrote to stderr where it failed
 */
export async function runRenderer(
  { tree, stack }: { tree: string; stack: string },
  request: RenderRequest,
  variables: Readonly<Record<string, string>> = {},
): Promise<RenderResult | { readonly errors: string }> {
  const env = { NODE_COMPILE_CACHE: COMPILED, ...process.env, ...variables };
  const child = spawn(process.execPath, [SCRIPT, tree, stack], { env, stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.end(JSON.stringify(request));
  const closed = new Promise<number | null>((resolve) => child.on("close", resolve));
  const [output, errors, code] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return code === 0 ? (JSON.parse(output) as RenderResult) : { errors };
}
