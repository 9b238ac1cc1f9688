import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { profile as take } from "@media/loadtests/profiling";
import { layoutOf } from "../cluster/layout.ts";
import { UserError } from "../lib/errors.ts";
import { numberOf } from "../lib/numbers.ts";
import { REPO } from "../lib/paths.ts";
import { say } from "../lib/progress.ts";
import { access } from "../stack/access.ts";
import { useEnvironment } from "../stack/environment.ts";
import { massif, nodeOwner } from "../stack/node-owner.ts";
import type { Options } from "./options.ts";

/** Takes a profile of a pod of the running stack. */
export async function profile({ stack, name, kind = "cpu", target = "api", seconds, command }: Options): Promise<void> {
  const dir = join(REPO, "evidence/profiles");
  if (kind === "massif") return await ofCommand(command, dir);
  const layout = layoutOf(name);
  useEnvironment(layout, stack);
  const long = numberOf("SECONDS", seconds);
  await take({
    kind,
    target,
    stack: access({ layout, name: stack }),
    dir,
    owner: nodeOwner(layout),
    ...(long !== undefined && { seconds: long }),
  });
}

/** The native memory of a command of its own: valgrind cannot be put onto a process that runs. */
async function ofCommand(command: string | undefined, dir: string): Promise<void> {
  if (!command)
    throw new UserError(
      "KIND=massif needs a command: valgrind cannot look at a process that runs already",
      "KIND=massif COMMAND='node --jitless script.js'; of a running pod: KIND=memory",
    );
  const text = await massif(command);
  await mkdir(dir, { recursive: true });
  const file = join(dir, `${new Date().toISOString().replace(/[-:]|\.\d+/g, "")}-massif.txt`);
  await writeFile(file, text);
  for (const line of text.split("\n").slice(0, 36)) say(line);
  say(`all of it: ${file}`);
}
