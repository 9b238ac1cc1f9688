import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import type { Canary } from "@media/drills/canary/needles";
import { placesOf, secretsOf } from "@media/drills/canary/places";
import { type Hit, Search, told } from "@media/drills/canary/search";
import { eventually } from "@media/drills/eventually";
import { targetOf } from "@media/drills/stack";
import { call } from "@media/drills/verify/http";
import { execa } from "execa";
import { kubectl } from "../cluster/cluster.ts";
import { REPO } from "../lib/paths.ts";
import { pulumiFolder } from "../stack/environment.ts";
import { pulumiWithConfig } from "../stack/pulumi.ts";
import { imagesOf } from "../supply/images.ts";
import { fetchLayers } from "../supply/layers.ts";
import { dev, devAccess, layout, MINUTE } from "./commands.ts";

const IN_DEV = ["-n", "media-dev"];

/** Every secret of the running stack, and values that were planted by use, are looked for wherever they must not be. */
export function canary(): void {
  describe("secrets", () => {
    test(
      "no value of a Secret, and none that a user sent, is anywhere but in its Secret",
      async () => {
        const target = await targetOf(devAccess());
        const used = await planted(target.gatewayUrl, target.caPem);
        const token = { name: "output devToken", value: target.credentials.devToken };
        const search = new Search([...(await secretsOf(devAccess())), token, ...used]);
        try {
          const hits: Hit[] = [];
          for (const [place, text] of Object.entries(placesOf(target)))
            hits.push(...(await search.text(place, await text())));
          hits.push(...(await ofTheOwner(search)));
          expect(hits.map(told)).toEqual([]);
        } finally {
          search.close();
        }
      },
      10 * MINUTE,
    );

    test(
      "negative control: a value that was leaked into an object, an event, a log and a trace is found in each",
      async () => {
        const value = `canary-${randomBytes(12).toString("hex")}`;
        const search = new Search([{ name: "leaked", value }]);
        try {
          await leak(value);
          const places = placesOf(await targetOf(devAccess()));
          for (const place of ["objects", "events", "logs of pods", "lines in Loki", "traces in Jaeger"])
            await eventually(`the leak in ${place}`, 60, async () => {
              const hits = await search.text(place, (await places[place]?.()) ?? "");
              if (hits.length === 0) throw new Error("it is not found");
            });
        } finally {
          search.close();
          for (const kind of ["configmap", "event", "job"])
            await kubectl(layout(), [...IN_DEV, "delete", kind, "leaked", "--ignore-not-found"]);
        }
      },
      5 * MINUTE,
    );
  });
}

/** Secrets as a user sends them, right and wrong. */
async function planted(gatewayUrl: string, ca: string): Promise<Canary[]> {
  const secret = (name: string) => ({ name, value: `planted-${randomBytes(12).toString("hex")}` });
  const [password, wrong, bearer, refresh] = ["password", "wrong password", "bearer token", "refresh token"].map(
    secret,
  ) as [Canary, Canary, Canary, Canary];
  const email = `canary-${randomBytes(4).toString("hex")}@example.com`;
  const post = (path: string, body: unknown, headers = {}) =>
    call(`${gatewayUrl}/api/v1/${path}`, { method: "POST", body, headers, ca });
  const made = await post("auth/register", { email, password: password.value, name: "Canary" });
  expect(made.status).toBe(201);
  expect((await post("auth/login", { email, password: wrong.value })).status).toBe(401);
  await post("auth/refresh", { refreshToken: refresh.value });
  const refused = await post(
    "requests",
    { mediaType: "movie", tmdbId: 603 },
    { authorization: `Bearer ${bearer.value}` },
  );
  expect(refused.status).toBe(401);
  // The body is not valid: the answer and the log tell what is wrong, and not with which value.
  await post("auth/login", { email, password: [password.value] });
  return [password, wrong, bearer, refresh];
}

/** The places that only the owner of the cluster and of the checkout has. */
async function ofTheOwner(search: Search): Promise<Hit[]> {
  const hits: Hit[] = [];
  hits.push(...(await search.files("Pulumi's state", join(pulumiFolder(layout()), ".pulumi"))));
  for (const form of ["--diff", "--json"]) {
    const { all, stdout } = await pulumiWithConfig(dev(), "preview", [form, "--refresh"], { show: false });
    hits.push(...(await search.text(`preview ${form}`, `${stdout}\n${all ?? ""}`)));
  }
  hits.push(...(await search.files("logs of the cluster", layout().logDir)));
  hits.push(...(await search.files("etcd", join(layout().dir, "etcd"))));
  const volumes = join(layout().varDir, "volumes");
  const backups = (await readdir(volumes)).filter((name) => name.includes("media-base"));
  expect(backups.length).toBeGreaterThan(0);
  for (const name of backups) hits.push(...(await search.files("backups", join(volumes, name))));
  const folder = mkdtempSync(join(tmpdir(), "media-canary-images-"));
  try {
    // Images of others are built before there is a secret.
    for (const [name, reference] of await imagesOf(layout()))
      if (name === "service" || name === "web") {
        await fetchLayers(reference, join(folder, name));
        hits.push(...(await search.files(`image ${name}`, join(folder, name))));
      }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return [...hits, ...(await ofTheRepository(search))];
}

/** What is committed, what is not, and what was once. */
async function ofTheRepository(search: Search): Promise<Hit[]> {
  const git = async (...args: string[]) => (await execa("git", args, { cwd: REPO, maxBuffer: 1 << 30 })).stdout;
  const files = (await git("ls-files", "-z", "--cached", "--others", "--exclude-standard")).split("\0").filter(Boolean);
  const hits = await search.text("history of the repository", await git("log", "-p", "--all"));
  for (const file of new Set(files.map((path) => path.split("/")[0] as string)))
    if (file !== "node_modules") hits.push(...(await search.files("repository", join(REPO, file))));
  return hits;
}

/** Writes the value where programs and people write: an object, an event, a log, a span. */
async function leak(value: string): Promise<void> {
  const create = (object: object) => kubectl(layout(), [...IN_DEV, "create", "-f", "-"], JSON.stringify(object));
  const metadata = { name: "leaked", namespace: "media-dev" };
  await create({ apiVersion: "v1", kind: "ConfigMap", metadata, data: { file: `password=${value}` } });
  await create({
    apiVersion: "v1",
    kind: "Event",
    metadata,
    involvedObject: { kind: "ConfigMap", ...metadata },
    reason: "Leaked",
    message: Buffer.from(value).toString("base64"),
    type: "Normal",
    source: { component: "e2e" },
  });
  const args = ["create", "job", "leaked", "--from=cronjob/prober", "--dry-run=client", "-o", "json"];
  const job = JSON.parse((await kubectl(layout(), [...IN_DEV, ...args])).stdout);
  job.spec.template.spec.containers[0].command = ["node", "-e", `console.log("x${value}y")`];
  await create(job);
  // The api may speak to the collector.
  await kubectl(layout(), [...IN_DEV, "exec", "deploy/api", "--", "node", "-e", SPAN, value]);
}

const SPAN = `
const hex = (n) => require("node:crypto").randomBytes(n).toString("hex");
const now = BigInt(Date.now()) * 1000000n;
const text = (key, stringValue) => ({ key, value: { stringValue } });
fetch("http://collector:4318/v1/traces", {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ resourceSpans: [{
    resource: { attributes: [text("service.name", "leaked")] },
    scopeSpans: [{ spans: [{ traceId: hex(16), spanId: hex(8), name: "leak", kind: 1,
      startTimeUnixNano: String(now), endTimeUnixNano: String(now + 1000n), attributes: [text("password", process.argv[1])] }] }],
  }] }),
}).then((answer) => { if (!answer.ok) throw new Error(String(answer.status)); });`;
