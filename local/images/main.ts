import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { buildImages } from "./build.ts";
import { ImageError } from "./errors.ts";

const USAGE = `node local/images/main.ts --registry 127.0.0.1:PORT --cache FOLDER [--docker-host ADDRESS] [--out FILE]
     [--tool NAME=/absolute/path]... [--only IMAGE]...
Builds the images that the registry lacks and writes {name: reference by digest} to FILE, or to standard output.`;

const { values } = parseArgs({
  options: {
    registry: { type: "string" },
    cache: { type: "string" },
    "docker-host": { type: "string", default: process.env.DOCKER_HOST ?? "unix:///var/run/docker.sock" },
    out: { type: "string" },
    tool: { type: "string", multiple: true, default: [] },
    only: { type: "string", multiple: true },
  },
});

if (!values.registry || !values.cache) {
  console.error(USAGE);
  process.exit(2);
}
try {
  const pinned = await buildImages({
    docker: { host: values["docker-host"] },
    registry: values.registry,
    cacheDir: values.cache,
    tools: Object.fromEntries(values.tool.map((pair) => pair.split("=", 2))),
    ...(values.only ? { only: values.only } : {}),
    onProgress: (line) => console.error(line),
  });
  const text = `${JSON.stringify(pinned, undefined, 2)}\n`;
  if (values.out) writeFileSync(values.out, text);
  else process.stdout.write(text);
} catch (error) {
  if (!(error instanceof ImageError)) throw error;
  console.error(error.message);
  process.exitCode = 2;
}
