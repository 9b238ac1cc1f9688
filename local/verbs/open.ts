import { spawn } from "node:child_process";
import { layoutOf } from "../cluster/layout.ts";
import { UserError } from "../lib/errors.ts";
import { outputs } from "../stack/pulumi.ts";
import type { Options } from "./options.ts";

/** Pages by name: the output that has the address, and what to do where the stack has no such page. */
export const PAGES: Readonly<Record<string, { output: string; path?: string; instead: string }>> = {
  web: { output: "gatewayUrl", instead: "bring it up: make up" },
  dashboards: {
    output: "grafanaUrl",
    instead: "this stack runs no Grafana: make dashboards draws the same dashboards",
  },
  alerts: { output: "opsUrl", path: "/alertmanager/", instead: "the stack has no layer observability" },
  incidents: { output: "gatewayUrl", path: "/incidents", instead: "this stack runs no responder" },
  // The embedded build of Jaeger answers its API only: make trace shows what a page would.
  metrics: { output: "opsUrl", path: "/prometheus/", instead: "the stack has no layer observability" },
  jaeger: { output: "opsUrl", path: "/jaeger/search", instead: "the stack has no layer observability" },
};

/** The address of a page. @throws UserError for a page that is not known, or that the stack does not have */
export function addressOf(what: string | undefined, found: Readonly<Record<string, unknown>>): string {
  const page = PAGES[what ?? ""];
  if (!page) throw new UserError(`"${what ?? ""}" is no page`, `name one: WHAT=${Object.keys(PAGES).join(", WHAT=")}`);
  const url = found[page.output];
  if (typeof url !== "string") throw new UserError(`there is no ${what} to open`, page.instead);
  return `${url}${page.path ?? "/"}`;
}

/** Prints the address of a page, and opens it where this session has a desktop. */
export async function open({ stack, name, what }: Options): Promise<void> {
  const found = await outputs({ layout: layoutOf(name), name: stack });
  if (!found) throw new UserError(`stack ${stack} has no outputs: it is not up`, `bring it up: make up STACK=${stack}`);
  const address = addressOf(what, found);
  console.log(address);
  if (!process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) return;
  // Without the program the address above is what there is.
  spawn("xdg-open", [address], { stdio: "ignore", detached: true })
    .on("error", () => {})
    .unref();
}
