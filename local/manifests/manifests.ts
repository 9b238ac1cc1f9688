import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { configOf, runRenderer, stacksOf } from "@media/infra/rendering";
import { execa } from "execa";
import { parse } from "yaml";
import { z } from "zod";
import { REPO } from "../lib/paths.ts";
import { GO_ENV } from "../toolchain/build.ts";
import { fileOf, type Kind, type Swagger, schemaOf } from "./schemas.plan.ts";
import { type Critical, criticalsOf, type Ignored, ignoredSchema, judge, type Scored } from "./scores.plan.ts";

const IGNORED = join(import.meta.dirname, "ignored.yaml");
const KUBERNETES = join(import.meta.dirname, "../toolchain/kubernetes");

/** The argued list; an error names what is wrong in the file. */
export async function readIgnored(file = IGNORED): Promise<Ignored[]> {
  const read = z.array(ignoredSchema).safeParse(parse(await readFile(file, "utf8")));
  if (read.success) return read.data;
  throw new Error(`${file}: ${z.prettifyError(read.error)}`);
}

export interface Verdict {
  objects: number;
  /** What kubeconform says is not valid, a line each. */
  invalid: string[];
  criticals: number;
  open: Critical[];
  idle: string[];
}

/** The programs that judge, by their paths. */
export interface Judges {
  kubeconform: string;
  kubeScore: string;
}

/** Renders every stack without a cluster, and has both programs judge the objects. No network is used. */
export async function judgeManifests({ kubeconform, kubeScore }: Judges): Promise<Verdict> {
  const folder = await mkdtemp(join(tmpdir(), "media-manifests-"));
  try {
    const swagger = await openApi();
    await checkJudge(kubeconform, folder, swagger);
    const verdict = { objects: 0, invalid: [] as string[], criticals: [] as Critical[] };
    for (const stack of stacksOf(REPO)) {
      const objects = await objectsOf(stack);
      await writeSchemas(join(folder, "schemas"), swagger, objects);
      const file = join(folder, `${stack}.yaml`);
      // JSON is YAML, without doubt about what is a text.
      await writeFile(file, objects.map((object) => JSON.stringify(object)).join("\n---\n"));
      verdict.objects += objects.length;
      verdict.invalid.push(...(await invalidIn(kubeconform, join(folder, "schemas"), file)));
      verdict.criticals.push(...criticalsOf(stack, await scoresOf(kubeScore, file)));
    }
    return {
      ...verdict,
      criticals: verdict.criticals.length,
      ...judge(verdict.criticals, await readIgnored()),
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A judge that accepts everything would be taken for a good result: it must refuse a field that does not exist. */
async function checkJudge(kubeconform: string, folder: string, swagger: Swagger): Promise<void> {
  const bad = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "planted", namspace: "misspelt" } };
  const schemas = join(folder, "schemas");
  await writeSchemas(schemas, swagger, [bad]);
  const file = join(folder, "planted.yaml");
  await writeFile(file, JSON.stringify(bad));
  const found = await invalidIn(kubeconform, schemas, file);
  if (!found.some((line) => line.includes("namspace")))
    throw new Error(`kubeconform does not find a field that does not exist: ${found.join("; ") || "it found nothing"}`);
}

async function objectsOf(stack: string): Promise<Kind[]> {
  const result = await runRenderer({ tree: REPO, stack }, { config: configOf(REPO, stack).engine });
  if ("errors" in result) throw new Error(`stack ${stack} does not build: ${result.errors}`);
  return result.resources
    .filter(({ type }) => type.startsWith("kubernetes:"))
    .map(({ inputs }) => inputs as unknown as Kind);
}

/** Kubernetes' own description of its objects, from the module of which the cluster's programs are built. */
async function openApi(): Promise<Swagger> {
  const { stdout } = await execa("go", ["mod", "download", "-json", "k8s.io/kubernetes"], {
    cwd: KUBERNETES,
    env: GO_ENV,
  });
  const { Dir } = JSON.parse(stdout) as { Dir: string };
  return JSON.parse(await readFile(join(Dir, "api/openapi-spec/swagger.json"), "utf8")) as Swagger;
}

async function writeSchemas(folder: string, swagger: Swagger, kinds: readonly Kind[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [file, kind] of new Map(kinds.map((one) => [fileOf(one), one]))) {
    const schema = schemaOf(swagger, kind);
    if (schema) await writeFile(join(folder, file), JSON.stringify(schema));
  }
}

async function invalidIn(kubeconform: string, schemas: string, file: string): Promise<string[]> {
  const location = join(schemas, "{{.ResourceKind}}{{.KindSuffix}}.json");
  const args = ["-strict", "-output", "json", "-schema-location", location, file];
  const { stdout, stderr } = await execa(kubeconform, args, { reject: false });
  if (!stdout) throw new Error(`kubeconform gave no answer: ${stderr}`);
  const { resources } = JSON.parse(stdout) as { resources: { kind: string; name: string; msg: string }[] | null };
  return (resources ?? []).map(({ kind, name, msg }) => `${kind} ${name}: ${msg}`);
}

async function scoresOf(kubeScore: string, file: string): Promise<Scored[]> {
  const args = ["score", "--kubernetes-version", "v1.34", "--output-format", "json", file];
  const { stdout, stderr } = await execa(kubeScore, args, { reject: false });
  if (!stdout.startsWith("[")) throw new Error(`kube-score gave no answer: ${stderr}`);
  return JSON.parse(stdout) as Scored[];
}
