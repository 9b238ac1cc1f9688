import { existsSync } from "node:fs";
import { readFile, statfs } from "node:fs/promises";
import { totalmem } from "node:os";
import { join } from "node:path";
import { installed, PACKAGES } from "../host/packages.ts";
import { CACHE, DATA, REPO } from "../lib/paths.ts";
import { pathOf } from "../toolchain/build.ts";
import { TOOLS } from "../toolchain/catalogue.ts";
import type { Check } from "./check.ts";
import { kernel, OWN_CLUSTER } from "./kernel.ts";
import { existing, gibibytes, isAtLeast, output } from "./look.ts";

const GIB = 2 ** 30;
const NODE_MODULES = join(REPO, "node_modules");

/** What the machine itself must have, whatever runs on it. */
export function hostChecks(): Check[] {
  return [
    root(),
    nodeForNpm(),
    projectNode(),
    npmPackages(),
    go(),
    ...debianPackages(),
    ...disks(ROOM_GIB),
    memory(),
    ...kernel(),
    tools(),
    pulumi(),
  ];
}

/** What `make up` refuses to begin without, because the failure would come late and unclear. */
export function neededByUp(): Check[] {
  return [root(), ...disks(LEAST_ROOM_GIB), memory(), ...kernel()];
}

function root(): Check {
  return {
    name: "user",
    wanted: "root (uid 0)",
    run: async () => ({ found: `uid ${process.getuid?.()}`, ok: process.getuid?.() === 0 }),
    fix: `run make as root, ${OWN_CLUSTER}`,
  };
}

/** The Node that installs the packages: the first on PATH outside the project. */
function nodeForNpm(): Check {
  return {
    name: "Node for npm",
    wanted: "20 or later",
    run: async () => {
      const path = (process.env.PATH ?? "").split(":").filter((folder) => !folder.startsWith(REPO));
      const found = path.map((folder) => join(folder, "node")).find((file) => existsSync(file));
      if (!found) return { found: "none on PATH", ok: false };
      const version = (await output(found, "--version")).slice(1);
      return { found: version, ok: isAtLeast(version, "20") };
    },
    fix: "install Node.js 20 or later with npm, from nodejs.org; on Debian 13 and later: apt-get install nodejs npm",
  };
}

function projectNode(): Check {
  return {
    name: "Node of the project",
    wanted: "24",
    run: async () => {
      const version = (await output(join(NODE_MODULES, ".bin/node"), "--version")).slice(1);
      return { found: version, ok: version.startsWith("24.") };
    },
    fix: "npm ci",
  };
}

function npmPackages(): Check {
  return {
    name: "npm packages",
    wanted: "as package-lock.json says",
    run: async () => {
      const [locked, installed] = await Promise.all(
        [join(REPO, "package-lock.json"), join(NODE_MODULES, ".package-lock.json")].map(async (file) =>
          JSON.parse(await readFile(file, "utf8")),
        ),
      );
      const different = outOfStep(locked.packages, installed.packages);
      const names = different.slice(0, 3).join(", ");
      return {
        found: different.length === 0 ? "in step" : `${different.length} differ: ${names}`,
        ok: different.length === 0,
      };
    },
    fix: "npm ci",
  };
}

interface Package {
  readonly version?: string;
  /** Left out where it does not fit the machine. */
  readonly optional?: boolean;
  readonly link?: boolean;
}

/** Packages that are not installed as they are locked. */
export function outOfStep(locked: Record<string, Package>, installed: Record<string, Package>): string[] {
  return Object.entries(locked)
    .filter(([path, { link }]) => path.includes("node_modules/") && !link)
    .filter(([path, { version, optional }]) => (installed[path] ? installed[path].version !== version : !optional))
    .map(([path]) => path.slice("node_modules/".length));
}

function go(): Check {
  return {
    name: "Go",
    wanted: "1.26 or later",
    run: async () => {
      const version = (await output("go", "env", "GOVERSION")).replace("go", "");
      return { found: version, ok: isAtLeast(version, "1.26") };
    },
    fix: "install it from go.dev/dl and put its bin folder on PATH",
  };
}

/** One row each, in the first group that has it; Debian is asked once for all of them. */
function debianPackages(): Check[] {
  const names = Object.values(PACKAGES).flat();
  let versions: Promise<Map<string, string>> | undefined;
  const ask = () => {
    versions ??= installed(names);
    return versions;
  };
  const groups = Object.entries(PACKAGES).flatMap(([group, members]) => members.map((name) => ({ group, name })));
  return groups
    .filter(({ name }, index) => groups.findIndex((one) => one.name === name) === index)
    .map(({ group, name }) => ({
      name: `package ${name}`,
      wanted: group === "up" ? "installed" : `installed, for make ${group}`,
      run: async () => {
        const version = (await ask()).get(name);
        return { found: version ?? "not installed", ok: version !== undefined };
      },
      fix: `make ${group} installs it, without starting its services`,
    }));
}

/** What tools, images and their caches take, with room to work; and what a machine that has them built still needs. */
const ROOM_GIB = 12;
const LEAST_ROOM_GIB = 3;

function disks(gib: number): Check[] {
  const folders = { "disk for tools and images": CACHE, "disk for data": DATA };
  return Object.entries(folders).map(([name, folder]) => ({
    name,
    wanted: `${gib} GiB free`,
    run: async () => {
      const { bavail, bsize } = await statfs(existing(folder));
      return { found: `${gibibytes(bavail * bsize)} at ${folder}`, ok: bavail * bsize >= gib * GIB };
    },
    fix: `make room there, or set ${folder === CACHE ? "XDG_CACHE_HOME" : "XDG_DATA_HOME"} to a larger disk`,
  }));
}

function memory(): Check {
  return {
    name: "memory",
    wanted: "6 GiB or more",
    run: async () => ({ found: gibibytes(totalmem()), ok: totalmem() >= 6 * GIB }),
    fix: "give the machine more memory",
  };
}

function tools(): Check {
  const wanted = TOOLS.filter((tool) => tool.for === "up");
  return {
    name: "tools",
    wanted: `${wanted.length} built from their pinned sources`,
    run: async () => {
      const paths = await Promise.all(wanted.map(pathOf));
      const missing = wanted.filter((_, index) => !existsSync(paths[index] as string)).map((tool) => tool.name);
      return {
        found: missing.length === 0 ? `${wanted.length} built` : `without ${missing.join(", ")}`,
        ok: missing.length === 0,
      };
    },
    fix: "make up",
  };
}

/** Plain `pulumi` must be ours: an engine of another version writes a state that ours may not read. */
function pulumi(): Check {
  const version = /Version=(v.+)$/.exec(TOOLS.find(({ name }) => name === "pulumi")?.set?.[0] ?? "")?.[1] ?? "";
  return {
    name: "pulumi on PATH",
    wanted: `none, or ${version}`,
    run: async () => {
      const first = (process.env.PATH ?? "")
        .split(":")
        .map((folder) => join(folder, "pulumi"))
        .find((file) => existsSync(file));
      if (!first) return { found: "none", ok: true };
      const found = await output(first, "version");
      return { found: `${found} in ${first}`, ok: found === version };
    },
    fix: 'eval "$(make -s env)" puts ours first on PATH',
  };
}
