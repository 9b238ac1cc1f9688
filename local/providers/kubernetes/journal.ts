import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Which object was made for which resource while the engine does not know of it yet. A plugin that is killed while it waits leaves
 * its entry behind, by which the next one knows the object again: the same resource, and an object of the same uid.
 */
export interface Journal {
  begin(urn: string, uid: string): void;
  end(urn: string): void;
  uidOf(urn: string): string | undefined;
}

const defaultFolder = () => join(process.env.PULUMI_HOME || join(homedir(), ".pulumi"), "media-platform", "creates");

/** Entries are one file each, so that plugins that run at the same time do not meet. */
export function journalIn(folder = defaultFolder()): Journal {
  const file = (urn: string) => join(folder, createHash("sha256").update(urn).digest("hex"));
  return {
    begin: (urn, uid) =>
      attempt(() => {
        mkdirSync(folder, { recursive: true, mode: 0o700 });
        writeFileSync(file(urn), uid, { mode: 0o600 });
      }),
    end: (urn) => attempt(() => rmSync(file(urn), { force: true })),
    uidOf: (urn) => attempt(() => readFileSync(file(urn), "utf8")),
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
