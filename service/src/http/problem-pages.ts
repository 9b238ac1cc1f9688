import { CATALOGUE, isProblemCode, type ProblemCode } from "../errors/catalogue.ts";
import { Problem } from "../errors/problem.ts";
import type { Contract } from "./contract/contract.ts";
import { escapeHtml, PAGE_HEADERS, page } from "./html.ts";
import type { Handler } from "./mount.ts";
import { html, json } from "./reply.ts";

/** To a program in JSON, to a person as a page. */
const BY_ACCEPT = { Vary: "Accept" };

/** Explains an error's `type`, which is this path: to a program in JSON, to a person as a page. */
export const readProblem: Handler<Contract["readProblem"]> = ({ req, params: { code } }) => {
  if (!isProblemCode(code)) throw new Problem("not-found");
  const entry = describe(code);
  if (req.accepts(["json", "html"]) !== "html") return json(200, entry, BY_ACCEPT);
  const rows = Object.entries(entry).map(
    ([name, value]) => `<tr><th>${name}</th><td>${escapeHtml(`${value}`)}</td></tr>`,
  );
  return html(page(entry.title, `<table>${rows.join("")}</table>`), { ...BY_ACCEPT, ...PAGE_HEADERS });
};

export const listProblems: Handler<Contract["listProblems"]> = () =>
  json(200, { problems: (Object.keys(CATALOGUE) as ProblemCode[]).map(describe) });

function describe(code: ProblemCode) {
  return { type: `/problems/${code}`, code, ...CATALOGUE[code] };
}
