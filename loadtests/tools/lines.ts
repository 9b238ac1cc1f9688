import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { StringDecoder } from "node:string_decoder";

/** Follows a file that another program writes, line by line. */
export class Lines {
  readonly #path: string;
  readonly #onLine: (line: string) => void;
  readonly #chunk = Buffer.alloc(1 << 20);
  readonly #text = new StringDecoder("utf8");
  #file: number | undefined;
  #rest = "";

  constructor(path: string, onLine: (line: string) => void) {
    this.#path = path;
    this.#onLine = onLine;
  }

  /** Reads what came since the last time. */
  read(): void {
    if (this.#file === undefined && !existsSync(this.#path)) return;
    this.#file ??= openSync(this.#path, "r");
    for (;;) {
      const bytes = readSync(this.#file, this.#chunk, 0, this.#chunk.length, null);
      if (bytes === 0) return;
      const lines = (this.#rest + this.#text.write(this.#chunk.subarray(0, bytes))).split("\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) this.#onLine(line);
    }
  }

  close(): void {
    this.read();
    if (this.#file !== undefined) closeSync(this.#file);
  }
}
