import type { Verb } from "./options.ts";

/** Loaded on demand: `make env` need not wait for what `make up` imports. */
export const VERBS: Readonly<Record<string, Verb>> = {
  up: async (options) => (await import("./up.ts")).up(options),
  down: async (options) => (await import("./down.ts")).down(options),
  preview: async (options) => (await import("./preview.ts")).preview(options),
  status: async (options) => (await import("./show.ts")).status(options),
  outputs: async (options) => (await import("./show.ts")).outputs(options),
  logs: async (options) => (await import("./show.ts")).logs(options),
  "prepare-tests": async () => (await import("./prepare-tests.ts")).prepareTests(),
  bench: async (options) => (await import("./bench.ts")).bench(options),
  tools: async (options) => (await import("./tools.ts")).tools(options),
  drill: async (options) => (await import("./drill.ts")).drill(options),
  soak: async (options) => (await import("./soak.ts")).soak(options),
  env: async (options) => (await import("./show.ts")).env(options),
  doctor: async (options) => (await import("./doctor.ts")).doctor(options),
};
