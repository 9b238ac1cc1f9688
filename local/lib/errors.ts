import { exitWith, UserError } from "@media/drills/errors";

export { UserError };

/** Error codes of the operating system that are the machine's fault, and the remedy of each. */
export const MACHINE_AT_FAULT = {
  ENOSPC: "the disk is full: make room and run the same command again; it goes on where it stopped",
  EDQUOT: "the disk quota is used up: make room and run the same command again; it goes on where it stopped",
  EROFS: "the file system is read-only: mount it writable, or set XDG_CACHE_HOME and XDG_DATA_HOME to another",
  EACCES: "the file's rights do not allow it: run make as root, or mend its owner",
  EIO: "the disk does not answer: look at dmesg",
  EMFILE: "too many files are open: raise the limit with ulimit -n 65536",
} as const satisfies Record<string, string>;

/** Turns an error of the operating system that a person can repair into a UserError. Other errors stay as they are. */
export function asUserError(error: unknown): unknown {
  const { code = "", path, message } = Object(error) as NodeJS.ErrnoException;
  const remedy = (MACHINE_AT_FAULT as Record<string, string>)[code];
  return remedy ? new UserError(path && !message.includes(path) ? `${message} (${path})` : message, remedy) : error;
}

/** Prints what went wrong and ends the process: with 2 for what a person can repair, with 1 and the trace for a bug. */
export function failWith(thrown: unknown): never {
  exitWith(asUserError(thrown));
}
