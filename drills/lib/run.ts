import { execFile } from "node:child_process";

export interface RunOptions {
  /** Standard input. @default none */
  readonly input?: string;
  /** Working directory. @default the process's own */
  readonly cwd?: string;
  /** Also copy the output to stderr. @default false */
  readonly show?: boolean;
}

const MAX_OUTPUT = 256 * 2 ** 20;

/** A program that ended with an error. */
export class CommandError extends Error {
  readonly stderr: string;
  /** True where the program is not on PATH. */
  readonly missing: boolean;

  constructor(command: string, stderr: string, cause: NodeJS.ErrnoException) {
    super(`${command} failed: ${stderr.trim() || cause.message}`, { cause });
    this.name = "CommandError";
    this.stderr = stderr;
    this.missing = cause.code === "ENOENT";
  }
}

/**
 * Runs a program from PATH and returns its standard output without the newline at its end.
 *
 * @throws CommandError with what the program wrote to stderr
 */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const { input = "", cwd, show = false } = options;
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { cwd, maxBuffer: MAX_OUTPUT }, (error, stdout, stderr) => {
      if (error) reject(new CommandError(`${program} ${args.join(" ")}`, stderr, error as NodeJS.ErrnoException));
      else resolve(stdout.replace(/\r?\n$/, ""));
    });
    // A program that does not read its input closes the pipe early.
    child.stdin?.on("error", () => {});
    child.stdin?.end(input);
    if (show) {
      child.stdout?.pipe(process.stderr, { end: false });
      child.stderr?.pipe(process.stderr, { end: false });
    }
  });
}
