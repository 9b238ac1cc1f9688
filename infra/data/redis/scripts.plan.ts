import { readBeside } from "../../lib/files.ts";

/** These scripts of this folder, and the one that all servers run beside them. */
export function scripts(...names: string[]) {
  const data = Object.fromEntries([...names, "passwords.sh"].map((name) => [name, readBeside(import.meta.url, name)]));
  return { path: "/opt/scripts", executable: true, data };
}
