/** Something a person caused or can mend: shown without a stack trace; the process exits with 2. */
export class UserError extends Error {
  /**
   * @param problem what is wrong, and where
   * @param remedy what to do about it
   * @param log file to read on in
   */
  constructor(problem: string, remedy: string, log?: string) {
    super([problem, log ? `  log: ${log}` : "", `  remedy: ${remedy}`].filter(Boolean).join("\n"));
    this.name = "UserError";
  }
}

/** What the system answers when the machine, and not this project, is at fault, and what then helps. */
export const MACHINE_AT_FAULT = {
  ENOSPC: "the disk is full: make room and run the same command again; it goes on where it stopped",
  EDQUOT: "the disk quota is used up: make room and run the same command again; it goes on where it stopped",
  EROFS: "the file system is read-only: mount it writable, or set XDG_CACHE_HOME and XDG_DATA_HOME to another",
  EACCES: "the file's rights do not allow it: run make as root, or mend its owner",
  EIO: "the disk does not answer: look at dmesg",
  EMFILE: "too many files are open: raise the limit with ulimit -n 65536",
} as const satisfies Record<string, string>;

/** The error as one that a person can mend, where the system says that it is one. */
export function asUserError(error: unknown): unknown {
  const { code = "", path, message } = Object(error) as NodeJS.ErrnoException;
  const remedy = (MACHINE_AT_FAULT as Record<string, string>)[code];
  return remedy ? new UserError(path && !message.includes(path) ? `${message} (${path})` : message, remedy) : error;
}

/** Prints what went wrong and ends: 2 for what a person can mend, 1 with the trace for a bug. */
export function failWith(thrown: unknown): never {
  const error = asUserError(thrown);
  if (error instanceof UserError) {
    console.error(`error: ${error.message}`);
    process.exit(2);
  }
  console.error(error);
  process.exit(1);
}
