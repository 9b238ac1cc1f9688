import axe from "axe-core";
import type { Page } from "puppeteer-core";

interface Violation {
  readonly id: string;
  readonly help: string;
  readonly nodes: readonly { readonly html: string }[];
}

/** What axe-core finds wrong on the page as it is now, one sentence each. */
export async function findings(page: Page): Promise<string[]> {
  // By the browser's own debugger, which the page's policy does not bind.
  const { violations } = (await page.evaluate(`${axe.source}; axe.run()`)) as { violations: readonly Violation[] };
  return violations.map(({ id, help, nodes }) => `${id}: ${help}: ${nodes[0]?.html.slice(0, 200)}`);
}
