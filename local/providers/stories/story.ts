import { access, constants, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll } from "@jest/globals";
import type { Client } from "../kubernetes/client.ts";
import type { Props } from "../lib/values.ts";
import { type Cluster, clusterFolder, startCluster } from "./cluster.ts";
import { Project } from "./project.ts";

/** What a file of stories shares: one cluster, and a project for each story. */
export interface World {
  cluster: Cluster;
  client: Client;
  root: string;
  /** A new program with an empty stack, and a namespace of the same name. */
  project(name: string): Promise<Project>;
  get(path: string): Promise<Props | undefined>;
}

/** Starts the file's cluster before its stories and removes it, with its folder, after them. */
export function world(): World {
  const shared = {} as World;
  beforeAll(async () => {
    const root = await mkdtemp(join(tmpdir(), "media-stories-"));
    const cluster = await startCluster(await clusterFolder(root));
    const { client } = cluster;
    process.stderr.write(`stories: plugin ${await pluginPath()}\n`);
    Object.assign(shared, {
      cluster,
      client,
      root,
      project: async (name: string) => {
        await client.json("POST", "/api/v1/namespaces", { body: { metadata: { name } } });
        // Pods are refused until the controllers have made the account that they run as.
        await eventually(`the service account of ${name}`, () =>
          get(client, `/api/v1/namespaces/${name}/serviceaccounts/default`),
        );
        return Project.create(root, name, cluster.kubeconfig);
      },
      get: (path: string) => get(client, path),
    });
  }, 180_000);
  afterAll(async () => {
    await shared.cluster?.stop();
    if (shared.root) await rm(shared.root, { recursive: true, force: true });
  });
  return shared;
}

/** The plugin that the engine will find: whichever comes first on PATH. */
export async function pluginPath(): Promise<string> {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const file = join(folder, "pulumi-resource-kubernetes");
    const found = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return file;
  }
  return "from Pulumi's own plugin folder";
}

async function get(client: Client, path: string): Promise<Props | undefined> {
  try {
    return await client.json("GET", path);
  } catch (error) {
    if ((error as { code?: number }).code === 404) return undefined;
    throw error;
  }
}

/** Looks until there is an answer that counts; says what was waited for when there is none. */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false>,
  seconds = 60,
): Promise<T> {
  let last: unknown;
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(150)) {
    try {
      const found = await look();
      if (found) return found;
    } catch (error) {
      last = error;
    }
  }
  throw new Error(`${what}: not in ${seconds} s${last ? `: ${(last as Error).message}` : ""}`);
}
