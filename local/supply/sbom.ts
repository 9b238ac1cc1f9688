import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Validation } from "@cyclonedx/cyclonedx-library";
import { packageFolder } from "../images/build.ts";
import { IMAGES, type PackageFile } from "../images/catalogue.ts";
import { debianPackages, goPrograms, npmPackage, type Part } from "./contents.ts";
import { layOut } from "./layers.ts";
import { CYCLONEDX, sbomOf } from "./sbom.plan.ts";

const STATUS = "var/lib/dpkg/status";
const PACKAGE = /(^|\/)node_modules\/(@[^/]+\/)?[^/]+\/package\.json$/;
/** Where our Dockerfiles put programs that no package brings. */
const PROGRAM = /^(usr\/local\/bin\/)?[\w.-]+$/;

/** The files of an image that say what is in it. */
export const tells = (path: string) => path === STATUS || PACKAGE.test(path) || PROGRAM.test(path);

/**
 * What an image holds, read from its files; `node` itself is no package there, so the catalogue tells it.
 *
 * @param reference `registry/name@sha256:…`, of a registry that speaks HTTP
 */
export async function partsOf(name: string, reference: string): Promise<Part[]> {
  const folder = await mkdtemp(join(tmpdir(), "media-sbom-"));
  try {
    const paths = await layOut(reference, folder, tells);
    const read = (path: string) => readFile(join(folder, path), "utf8");
    const npm = await Promise.all(
      paths.filter((path) => PACKAGE.test(path)).map(async (path) => npmPackage(path, await read(path))),
    );
    const programs = paths.filter((path) => PROGRAM.test(path));
    const copied = programs.some((path) => path.endsWith("/node")) ? "node" : name;
    return [
      ...(paths.includes(STATUS) ? debianPackages(await read(STATUS)) : []),
      ...npm.flat(),
      ...(await goPrograms(folder, programs)),
      ...(await Promise.all((IMAGES.find((image) => image.name === copied)?.packages ?? []).map(programOf))).flat(),
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A single file of an npm package is a program, of the package's version. */
async function programOf(file: PackageFile): Promise<Part[]> {
  if (file.path === ".") return [];
  const text = await readFile(join(packageFolder("node", file.package), "package.json"), "utf8");
  return [{ kind: "program", name: file.as, version: (JSON.parse(text) as { version: string }).version }];
}

/** Why a document is not CycloneDX, as its schema says it; undefined where it is. */
export async function invalid(document: string): Promise<string | undefined> {
  const problem = await new Validation.JsonStrictValidator(CYCLONEDX).validate(document);
  return problem === null ? undefined : JSON.stringify(problem);
}

/**
 * Writes `<name>.cdx.json` for an image.
 *
 * @returns the file, and how many parts of each kind it names
 * @throws Error where the schema of CycloneDX refuses what was made
 */
export async function writeSbom(name: string, reference: string, folder: string) {
  const parts = await partsOf(name, reference);
  const document = sbomOf(name, reference, parts);
  const problem = await invalid(document);
  if (problem) throw new Error(`the SBOM of ${name} is not CycloneDX: ${problem}`);
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${name}.cdx.json`);
  await writeFile(file, document);
  const count = (kind: Part["kind"]) =>
    new Set(parts.filter((part) => part.kind === kind).map(({ name, version }) => `${name} ${version}`)).size;
  return { file, deb: count("deb"), npm: count("npm"), golang: count("golang"), program: count("program") };
}
