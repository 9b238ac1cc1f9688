import { execFile } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** The base of the comparison: the commit at which this branch left the other one, as files. */
export interface Base {
  /** Folder with its files. */
  tree: string;
  /** "main at 1a2b3c4". */
  name: string;
  /** It asks for other npm packages than this checkout, with whose packages it is rendered all the same. */
  otherPackages: boolean;
  remove(): void;
}

/** Where two branches are compared, and no other is named. */
const DEFAULTS = ["origin/main", "main"];

/** The named branch does not exist, or has nothing in common with this one. */
export class NoBase extends Error {}

const git = async (repo: string, ...args: string[]) => (await execute("git", ["-C", repo, ...args])).stdout.trim();

/** The files of the merge base in a folder of their own, with this checkout's npm packages. */
export async function checkOutBase(repo: string, wanted?: string): Promise<Base> {
  const branch = await existing(repo, wanted ? [wanted] : DEFAULTS);
  const commit = await git(repo, "merge-base", "HEAD", branch).catch(() => {
    throw new NoBase(
      `${branch} and this branch have no commit in common: fetch the whole history (git fetch --unshallow)`,
    );
  });
  const tree = realpathSync(mkdtempSync(join(tmpdir(), "media-base-")));
  const archive = join(tree, ".base.tar");
  await git(repo, "archive", "--output", archive, commit);
  await execute("tar", ["-xf", archive, "-C", tree]);
  rmSync(archive);
  linkPackages(repo, tree);
  const lock = (root: string) => readFileSync(join(root, "package-lock.json"), "utf8");
  return {
    tree,
    name: `${branch} at ${commit.slice(0, 8)}`,
    otherPackages: !existsSync(join(tree, "package-lock.json")) || lock(tree) !== lock(repo),
    remove: () => rmSync(tree, { recursive: true, force: true }),
  };
}

async function existing(repo: string, branches: string[]): Promise<string> {
  for (const branch of branches) {
    const known = await git(repo, "rev-parse", "--verify", "--quiet", `${branch}^{commit}`).catch(() => "");
    if (known) return branch;
  }
  throw new NoBase(`there is no branch ${branches.join(" and no ")}: fetch it, or name another one with BASE=`);
}

/** Packages of others are those of this checkout; our own are the base's. */
export function linkPackages(repo: string, tree: string): void {
  const [from, to] = [join(repo, "node_modules"), join(tree, "node_modules")];
  mkdirSync(join(to, "@media"), { recursive: true });
  for (const name of readdirSync(from)) if (name !== "@media") symlinkSync(join(from, name), join(to, name));
  for (const name of readdirSync(join(from, "@media"))) {
    const folder = realpathSync(join(from, "@media", name)).slice(realpathSync(repo).length + 1);
    if (!existsSync(join(tree, folder))) continue;
    symlinkSync(join(tree, folder), join(to, "@media", name));
    // A version that only this workspace wants is below it.
    const nested = join(repo, folder, "node_modules");
    if (existsSync(nested)) symlinkSync(nested, join(tree, folder, "node_modules"));
  }
}
