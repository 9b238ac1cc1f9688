/** Something a person caused or can mend: shown without a stack trace; the process exits with 2. */
export class UserError extends Error {
  /**
   * @param problem what is wrong, and where
   * @param remedy what to do about it
   */
  constructor(problem: string, remedy: string) {
    super(`${problem}\n  remedy: ${remedy}`);
    this.name = "UserError";
  }
}

/** Prints what went wrong and ends: 2 for what a person can mend, 1 with the trace for a bug. */
export function failWith(error: unknown): never {
  if (error instanceof UserError) {
    console.error(`error: ${error.message}`);
    process.exit(2);
  }
  console.error(error);
  process.exit(1);
}
