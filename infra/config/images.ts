import { z } from "zod";

/** Where images are from. */
export const imagesSection = z.strictObject({
  /** Registry that holds what we build: "host:port" or "host/path". */
  registry: z.string().min(1),
  /** References by digest, by folder of local/images; `service` and `web` too may be given. @default {} */
  pinned: z.record(z.string(), z.string().includes("@sha256:", "must be a reference by digest")).default({}),
  /** Build the images that are published nowhere (postgres, pgbouncer, exporters) and push them to `registry`. @default false: they are there */
  build: z.boolean().default(false),
  /** What registries want to see, by their host: pods pull with it, and the program pushes with it. @default {} */
  credentials: z
    .record(z.string().min(1), z.strictObject({ username: z.string().min(1), password: z.string().min(1) }))
    .default({}),
  /** Network of the builds of the program's own images. @default docker's own */
  buildNetwork: z.string().min(1).optional(),
});
