import { getCompileCacheDir } from "node:module";
import { PROCESSES } from "./config.ts";

/**
 * Loads what each process loads, so that an image has it compiled: `NODE_COMPILE_CACHE=<folder> node service/src/process/compile.ts`.
 * Node.js writes the folder when this ends.
 */
if (!getCompileCacheDir()) throw new Error("NODE_COMPILE_CACHE names no folder that can be written");
const elsewhere: Record<string, string> = { migrate: "../data/postgres/migrate.ts" };
for (const name of PROCESSES) await import(elsewhere[name] ?? `../processes/${name}.ts`);
process.exit(0);
