import { readFileSync } from "node:fs";

/** The text of a file beside the caller: `readBeside(import.meta.url, "start.sh")`. */
export function readBeside(moduleUrl: string, file: string): string {
  return readFileSync(new URL(file, moduleUrl), "utf8");
}

/** The file with each `{{name}}` replaced; a name without a value, or a value without a name, is a mistake. */
export function fill(template: string, values: Readonly<Record<string, string | number>>): string {
  const unused = new Set(Object.keys(values));
  const filled = template.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the template names {{${name}}}, for which there is no value`);
    unused.delete(name);
    return String(value);
  });
  if (unused.size > 0) throw new Error(`the template does not use: ${[...unused].join(", ")}`);
  return filled;
}
