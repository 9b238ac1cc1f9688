import { CONTRACT } from "./contract/contract.ts";
import type { Operation } from "./contract/operation.ts";
import { escapeHtml, page } from "./html.ts";
import { liveSection } from "./live-page.ts";
import { openapi, problemCodes } from "./openapi.ts";

type Json = Record<string, unknown>;

/** The document for people: one page that loads nothing and has no script. */
export function docsPage(version: string): string {
  const { components } = openapi(version) as { components: { schemas: Json } };
  const operations = Object.entries(CONTRACT).map(([id, operation]) => section(id, operation));
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) => `<h3 id="${name}">${name}</h3>${code(schema)}`,
  );
  return page(
    "Media requests",
    `<p>Version ${escapeHtml(version)}. The same as an <a href="/api/v1/openapi.json">OpenAPI 3.1 document</a>.</p>${operations.join("")}${liveSection()}<h2>Schemas</h2>${schemas.join("")}`,
  );
}

function section(id: string, operation: Operation): string {
  const { method, path, summary, access, body, answers } = operation;
  const codes = problemCodes(operation).map((name) => `<a href="/problems/${name}"><code>${name}</code></a>`);
  const good = Object.entries(answers).map(([status, { description }]) => `${status}: ${escapeHtml(description)}`);
  const rows: [string, string][] = [
    ["Access", access],
    ["Answers", good.join("<br>")],
    ["Problems", codes.join(", ")],
  ];
  const table = rows.map(([name, value]) => `<tr><th>${name}</th><td>${value}</td></tr>`).join("");
  return `<h2 id="${id}"><code>${method.toUpperCase()} ${escapeHtml(path)}</code></h2><p>${escapeHtml(summary)}.</p><table>${table}</table>${body ? code(bodySchema(operation)) : ""}`;
}

function bodySchema({ path, method }: Operation): unknown {
  const { paths } = openapi("") as { paths: Record<string, Record<string, { requestBody?: { content: Json } }>> };
  return paths[path]?.[method]?.requestBody?.content["application/json"];
}

function code(value: unknown): string {
  return `<pre>${escapeHtml(JSON.stringify(value, null, 2))}</pre>`;
}
