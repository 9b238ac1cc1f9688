import type { RequestHandler, Response } from "express";
import { CATALOGUE, isProblemCode, type ProblemCode } from "../errors/catalogue.ts";
import { Problem } from "../errors/problem.ts";
import { escapeHtml, PAGE_HEADERS, page } from "./html.ts";

/** Explains an error's `type`, which is this path: to a program in JSON, to a person as a page. */
export const readProblem: RequestHandler = (req, res) => {
  const code = String(req.params.code);
  if (!isProblemCode(code)) throw new Problem("not-found");
  const entry = describe(code);
  if (req.accepts(["json", "html"]) !== "html") return keep(res).json(entry);
  const rows = Object.entries(entry).map(
    ([name, value]) => `<tr><th>${name}</th><td>${escapeHtml(`${value}`)}</td></tr>`,
  );
  return keep(res)
    .set(PAGE_HEADERS)
    .type("html")
    .send(page(entry.title, `<table>${rows.join("")}</table>`));
};

export const listProblems: RequestHandler = (_req, res) => {
  keep(res).json({ problems: (Object.keys(CATALOGUE) as ProblemCode[]).map(describe) });
};

function describe(code: ProblemCode) {
  return { type: `/problems/${code}`, code, ...CATALOGUE[code] };
}

function keep(res: Response): Response {
  return res.set({ "Cache-Control": "public, max-age=3600", Vary: "Accept" });
}
