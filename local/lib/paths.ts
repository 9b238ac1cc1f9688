import { homedir } from "node:os";
import { join } from "node:path";

const home = (variable: string, fallback: string) => process.env[variable] || join(homedir(), fallback);

/** The checkout. */
export const REPO = join(import.meta.dirname, "..", "..");
/** What can be made again from the sources: tools, images, downloads. Shared by all clusters. */
export const CACHE = join(home("XDG_CACHE_HOME", ".cache"), "media-platform");
/** What cannot: Pulumi's state, passphrases, the clusters' volumes. */
export const DATA = join(home("XDG_DATA_HOME", ".local/share"), "media-platform");
export const LOGS = join(DATA, "logs");
