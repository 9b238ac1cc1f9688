import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** One thing that an image holds: a package of Debian or npm, a Go module, or a program. */
export interface Part {
  readonly kind: "deb" | "npm" | "golang" | "program";
  readonly name: string;
  readonly version: string;
  /** Where it is from, where its name does not say it: the program into which a Go module is linked. */
  readonly within?: string;
  /** Debian's source package, by which its security tracker knows it. */
  readonly source?: string;
  /** Debian's name of the architecture. */
  readonly architecture?: string;
}

/** The installed packages of dpkg's status file. */
export function debianPackages(status: string): Part[] {
  return status.split(/\n\n+/).flatMap((entry): Part[] => {
    const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(entry)?.[1];
    const [name, version] = [field("Package"), field("Version")];
    if (!name || !version || !/ installed$/.test(field("Status") ?? "")) return [];
    const architecture = field("Architecture");
    const source = field("Source")?.replace(/ \(.*\)$/, "");
    return [{ kind: "deb", name, version, ...(architecture ? { architecture } : {}), ...(source ? { source } : {}) }];
  });
}

/** What a package.json of an installed npm package says; nothing where it names no version, as those inside packages do. */
export function npmPackage(path: string, text: string): Part[] {
  const { name, version } = JSON.parse(text) as { name?: string; version?: string };
  const folder = path.replace(/^.*node_modules\//, "").replace(/\/package\.json$/, "");
  return name === folder && version ? [{ kind: "npm", name, version }] : [];
}

interface BuildInfo {
  readonly GoVersion: string;
  readonly Main?: { readonly Path: string; readonly Version?: string };
  readonly Path?: string;
  readonly Deps?: readonly GoModule[] | null;
}
interface GoModule {
  readonly Path: string;
  readonly Version?: string;
  readonly Replace?: { readonly Path: string; readonly Version?: string };
}

/** The modules that are linked into a Go program, its compiler's library among them, from `go version -m -json`. */
export function goModules(program: string, info: BuildInfo): Part[] {
  const ofModule = (module: GoModule): Part[] => {
    const replaced = module.Replace?.Version ? module.Replace : undefined;
    const { Path: name, Version: version = "" } = replaced ?? module;
    // A module of this repository has no version.
    return version === "" || version === "(devel)" ? [] : [{ kind: "golang", name, version, within: program }];
  };
  const library: Part = {
    kind: "golang",
    name: "stdlib",
    version: info.GoVersion.replace(/^go/, "v"),
    within: program,
  };
  return [library, ...(info.Deps ?? []).flatMap(ofModule)];
}

/** The Go modules of the programs in `folder`, each named by its path in there; others than Go programs are left out. */
export async function goPrograms(folder: string, paths: readonly string[]): Promise<Part[]> {
  const found = await Promise.all(
    paths.map(async (path) => {
      const read = await promisify(execFile)("go", ["version", "-m", "-json", `${folder}/${path}`], {
        maxBuffer: 1 << 26,
      }).catch(({ stderr = "" }: { stderr?: string }) => {
        // It is silent about what cannot be run at all.
        if (stderr === "" || /not a Go executable|unrecognized file format/.test(stderr)) return undefined;
        throw new Error(`go version -m ${path}: ${stderr}`);
      });
      return read?.stdout.trim() ? goModules(path, JSON.parse(read.stdout) as BuildInfo) : [];
    }),
  );
  return found.flat();
}
