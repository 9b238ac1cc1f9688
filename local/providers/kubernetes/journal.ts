import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/** A create that was begun and of which the engine does not know yet. */
export interface Begun {
  readonly name: string;
  /** Whether the name was made up: then nobody else's object can have it. */
  readonly autonamed: boolean;
  /** When the first and the last attempt began, in milliseconds of the epoch. */
  readonly from: number;
  readonly to: number;
  /** The object's, once the server has answered. */
  readonly uid?: string;
}

/**
 * Which object is being made for which resource, written before the request goes out. A plugin that is killed, or a connection that
 * breaks before the answer, leaves its entry behind, by which the next `up` knows the object again.
 */
export interface Journal {
  begin(urn: string, begun: Begun): void;
  end(urn: string): void;
  find(urn: string): Begun | undefined;
}

const defaultFolder = () => join(process.env.PULUMI_HOME || join(homedir(), ".pulumi"), "media-platform", "creates");

/** Entries are one file each, so that plugins that run at the same time do not meet. */
export function journalIn(folder = defaultFolder()): Journal {
  const file = (urn: string) => join(folder, createHash("sha256").update(urn).digest("hex"));
  return {
    begin: (urn, begun) =>
      attempt(() => {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        writeFileSync(file(urn), JSON.stringify(begun), { mode: 0o600 });
      }),
    end: (urn) => attempt(() => rmSync(file(urn), { force: true })),
    // Asked for each resource, and nearly never there: an error that nobody reads costs more than the look.
    find: (urn) =>
      attempt(() => (existsSync(file(urn)) ? (JSON.parse(readFileSync(file(urn), "utf8")) as Begun) : undefined)),
  };
}

/** A folder that cannot be written costs the recovery, never the deployment. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
