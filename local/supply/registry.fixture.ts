import { createHash } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { eventually } from "@media/drills/eventually";
import { execa } from "execa";
import { MANIFEST } from "../images/registry.ts";

const digestOf = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** A registry like the cluster's own, on a free port, with its data below `folder`. */
export async function registry(folder: string) {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = `127.0.0.1:${(probe.address() as { port: number }).port}`;
  probe.close();
  const config = join(folder, "registry.json");
  writeFileSync(
    config,
    JSON.stringify({
      version: 0.1,
      storage: { filesystem: { rootdirectory: join(folder, "registry") } },
      http: { addr: address },
    }),
  );
  const child = execa("docker-registry", ["serve", config], {
    env: { OTEL_TRACES_EXPORTER: "none" },
    reject: false,
    stdio: "ignore",
  });
  await eventually("the registry to answer", 30, async () => {
    if (!(await fetch(`http://${address}/v2/`)).ok) throw new Error("not ready");
  });
  return {
    address,
    stop: async () => {
      child.kill();
      await child;
    },
  };
}

/** A folder as an image's layer. */
export async function layerOf(folder: string): Promise<Buffer> {
  const { stdout } = await execa("tar", ["-czf", "-", "-C", folder, "."], { encoding: "buffer" });
  return Buffer.from(stdout);
}

/** Pushes an image of these layers, and answers its reference. */
export async function pushed(address: string, name: string, layers: readonly Buffer[]): Promise<string> {
  const config = Buffer.from(
    JSON.stringify({
      architecture: "amd64",
      os: "linux",
      config: {},
      rootfs: { type: "layers", diff_ids: layers.map((layer) => digestOf(gunzipSync(layer))) },
    }),
  );
  for (const blob of [config, ...layers]) {
    const begun = await fetch(`http://${address}/v2/${name}/blobs/uploads/`, { method: "POST" });
    const where = new URL(begun.headers.get("location") ?? "", `http://${address}`);
    where.searchParams.set("digest", digestOf(blob));
    const done = await fetch(where, { method: "PUT", body: new Uint8Array(blob) });
    if (done.status !== 201) throw new Error(`the registry answered ${done.status}: ${await done.text()}`);
  }
  const of = (type: string, blob: Buffer) => ({ mediaType: type, size: blob.length, digest: digestOf(blob) });
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: of("application/vnd.docker.container.image.v1+json", config),
      layers: layers.map((layer) => of("application/vnd.docker.image.rootfs.diff.tar.gzip", layer)),
    }),
  );
  const headers = { "content-type": MANIFEST };
  const url = `http://${address}/v2/${name}/manifests/${digestOf(manifest)}`;
  const done = await fetch(url, { method: "PUT", headers, body: new Uint8Array(manifest) });
  if (done.status !== 201) throw new Error(`the registry answered ${done.status}: ${await done.text()}`);
  return `${address}/${name}@${digestOf(manifest)}`;
}
