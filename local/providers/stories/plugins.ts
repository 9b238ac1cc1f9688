import { readdir, readFile } from "node:fs/promises";

/** Processes of the kubernetes plugin that belong to one backend, found by their environment: other stacks on the machine are not ours. */
export async function pluginsOf(backend: string): Promise<number[]> {
  const numbers = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    numbers.map(async (pid) => {
      const [command, environment] = await Promise.all(
        ["cmdline", "environ"].map((file) => readFile(`/proc/${pid}/${file}`, "utf8").catch(() => "")),
      );
      const isPlugin = /resource-kubernetes|providers\/kubernetes\/main\.ts/.test(command ?? "");
      return isPlugin && environment?.includes(`PULUMI_BACKEND_URL=${backend}\0`) ? [Number(pid)] : [];
    }),
  );
  return found.flat();
}
