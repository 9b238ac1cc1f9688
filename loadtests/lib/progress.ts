import type { Progress } from "../tools/tool.ts";

/** One line on stderr that is written anew, or, where that is no terminal, a line each ten seconds. */
export class ProgressLine {
  readonly #total: number;
  readonly #terminal = process.stderr.isTTY;
  #last = -Infinity;

  constructor(totalSeconds: number) {
    this.#total = totalSeconds;
  }

  show({ atSeconds, perSecond, failed, requests, p95Us }: Progress): void {
    if (!this.#terminal && atSeconds - this.#last < 10) return;
    this.#last = atSeconds;
    const left = Math.max(0, Math.round(this.#total - atSeconds));
    const share = requests > 0 ? ((failed / requests) * 100).toFixed(failed > 0 ? 2 : 0) : "0";
    const line = `${clock(atSeconds)}  ${perSecond}/s  p95 ${(p95Us / 1_000).toFixed(1)} ms  failed ${failed} of ${requests} (${share} %)  left ${clock(left)}`;
    process.stderr.write(this.#terminal ? `\r\x1b[2K${line}` : `${line}\n`);
  }

  end(): void {
    if (this.#terminal) process.stderr.write("\n");
  }
}

export const clock = (seconds: number) =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

export const say = (line: string) => process.stderr.write(`${line}\n`);
