/** An error that a person caused or can repair. It is shown without a stack trace, and the process exits with 2. */
export class UserError extends Error {
  /**
   * @param problem what is wrong, and where
   * @param remedy what to do about it
   * @param log file with more details
   */
  constructor(problem: string, remedy: string, log?: string) {
    super([problem, log ? `  log: ${log}` : "", `  remedy: ${remedy}`].filter(Boolean).join("\n"));
    this.name = "UserError";
  }
}

/** Prints the error and ends the process: with 2 for a UserError, with 1 and the stack trace for a bug. */
export function exitWith(error: unknown): never {
  if (error instanceof UserError) {
    console.error(`error: ${error.message}`);
    process.exit(2);
  }
  console.error(error);
  process.exit(1);
}

/** The message of anything that was thrown. */
export const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
