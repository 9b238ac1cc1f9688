import { getCompileCacheDir } from "node:module";
import { PROCESSES } from "./process/config.ts";

/**
 * Loads the modules of every process, so that an image holds them compiled: `NODE_COMPILE_CACHE=<folder> node service/src/compile.ts`.
 * Node.js writes the folder when this program ends.
 */
if (!getCompileCacheDir()) throw new Error("NODE_COMPILE_CACHE names no folder that can be written");
for (const name of PROCESSES) await import(`./processes/${name}.ts`);
process.exit(0);
