/** Its package names its types in a way that "exports" hides. */
declare module "@prometheus-io/lezer-promql" {
  import type { Tree } from "@lezer/common";

  export const parser: { parse(text: string): Tree };
}
