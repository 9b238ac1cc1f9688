import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { eventually } from "./lib/eventually.ts";
import { kubectlCommand, type Stack } from "./lib/stack.ts";
import type { Writes } from "./systems/system.ts";
import { askState, stateMaster } from "./verify/redis.ts";
import { type ProbeRow, WRITES_PER_SECOND, type Written } from "./writes.ts";

const SCRIPT = readFileSync(new URL("redis-writer.mjs", import.meta.url), "utf8");
const START_SECONDS = 30;
/** Its rows go by themselves where the drill could not remove them. */
const LIFE_SECONDS = "7200";

/**
 * Writes to the state Redis from inside the stack, as a worker does: by the service's client, its Sentinels and its
 * password. A member of a set is a row.
 */
export class RedisWrites implements Writes {
  readonly #stack: Stack;
  readonly #key: string;
  readonly #child: ReturnType<typeof spawn>;
  readonly #ended: Promise<string>;
  #output = "";
  #errors = "";
  #written: Written | undefined;

  private constructor(stack: Stack) {
    this.#stack = stack;
    this.#key = `drill:writes:${randomUUID()}`;
    const node = ["node", "--input-type=module", "-e", SCRIPT, this.#key, String(WRITES_PER_SECOND), LIFE_SECONDS];
    const [program, ...args] = kubectlCommand(stack, ["exec", "-i", "deploy/worker", "--", ...node]);
    this.#child = spawn(program, args, { stdio: "pipe" });
    this.#child.stdin?.on("error", () => {});
    this.#child.stdout?.on("data", (data: Buffer) => {
      this.#output += data.toString();
    });
    this.#child.stderr?.on("data", (data: Buffer) => {
      this.#errors += data.toString();
    });
    this.#ended = new Promise((resolve, reject) => {
      this.#child.on("error", reject);
      this.#child.on("close", (code) =>
        code === 0 ? resolve(this.#output) : reject(new Error(`the writer ended with ${code}: ${this.#errors}`)),
      );
    });
    this.#ended.catch(() => {});
  }

  static async start(stack: Stack): Promise<RedisWrites> {
    const writes = new RedisWrites(stack);
    await eventually("a first write to Redis", START_SECONDS, async () => {
      if (!writes.#output.startsWith("writing\n")) throw new Error(writes.#errors || "it has not begun");
    });
    return writes;
  }

  async stop(): Promise<Written> {
    // The end of its input tells it to end.
    this.#child.stdin?.end();
    this.#written = JSON.parse((await this.#ended).split("\n")[1] ?? "") as Written;
    return this.#written;
  }

  /** Redis knows only that a row is there: its time is when the writer knew. */
  async rows(): Promise<ProbeRow[]> {
    const there = await askState<string[]>(this.#stack, ["SMEMBERS", this.#key], await stateMaster(this.#stack));
    const known = new Map(this.#written?.acknowledged["0"]);
    // A row without an acknowledgement has no time of its own: it counts as one of the first.
    const first = this.#written?.acknowledged["0"]?.[0]?.[1] ?? 0;
    const rows = there.map(Number).map((n) => ({ writer: 0, n, at: known.get(n) ?? first, timeline: "" }));
    return rows.toSorted((a, b) => a.at - b.at);
  }

  async lose(): Promise<void> {
    const newest = this.#written?.acknowledged["0"]?.at(-1)?.[0];
    await askState(this.#stack, ["SREM", this.#key, String(newest)], await stateMaster(this.#stack));
  }

  async remove(): Promise<void> {
    this.#child.stdin?.end();
    await this.#ended.catch(() => {});
    await askState(this.#stack, ["DEL", this.#key], await stateMaster(this.#stack));
  }
}
