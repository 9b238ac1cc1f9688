import { escapeXml } from "./flame.ts";

export interface Section {
  readonly head: string;
  readonly lines?: readonly string[];
  /** Trusted: drawn by us. */
  readonly svg?: string;
  readonly table?: { readonly head: readonly string[]; readonly rows: readonly (readonly string[])[] };
}

/** One page that needs nothing but itself. In the flame graph a click zooms, and the field searches. */
export function profilePage(title: string, about: readonly string[], sections: readonly Section[]): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeXml(title)}</title><style>${STYLE}</style></head><body>
<h1>${escapeXml(title)}</h1>${list(about)}
${sections.map(section).join("\n")}
<script>${SCRIPT}</script></body></html>
`;
}

function section({ head, lines, svg, table }: Section): string {
  const field = svg?.includes('id="flame"')
    ? '<p><input id="search" placeholder="search: part of a name or path"> <button id="reset">whole graph</button> <span id="found"></span></p>'
    : "";
  const rows = table
    ? `<table><tr>${table.head.map((cell) => `<th>${escapeXml(cell)}</th>`).join("")}</tr>${table.rows.map((row) => `<tr>${row.map((cell) => `<td>${escapeXml(cell)}</td>`).join("")}</tr>`).join("")}</table>`
    : "";
  return `<h2>${escapeXml(head)}</h2>${lines ? list(lines) : ""}${rows}${field}${svg ? `<div class="scroll">${svg}</div>` : ""}`;
}

const list = (lines: readonly string[]) =>
  lines.length > 0 ? `<ul>${lines.map((line) => `<li>${escapeXml(line)}</li>`).join("")}</ul>` : "<p>None.</p>";

const STYLE = `body{font:14px/1.45 system-ui,sans-serif;max-width:1240px;margin:24px auto;padding:0 16px;color:#1f2937}h1{font-size:21px}h2{font-size:16px;margin-top:28px;border-bottom:1px solid #e5e7eb}
.scroll{overflow:auto;border:1px solid #e5e7eb}table{border-collapse:collapse}th,td{text-align:left;padding:3px 14px 3px 0;border-bottom:1px solid #f3f4f6;font-variant-numeric:tabular-nums;vertical-align:top;max-width:760px;overflow-wrap:anywhere}
input{width:280px;padding:4px}.f{cursor:pointer}.f.dim rect{opacity:.35}.f.hit rect{fill:#a21caf}.f.hit text{fill:#fff}`;

const SCRIPT = `
const svg = document.getElementById("flame");
if (svg) {
  const frames = [...svg.querySelectorAll(".f")];
  const number = (g, key) => Number(g.dataset[key]);
  const show = (g, x, width) => {
    const [rect, text] = [g.querySelector("rect"), g.querySelector("text")];
    rect.setAttribute("x", x); rect.setAttribute("width", Math.max(0, width)); text.setAttribute("x", x + 3);
    const fits = Math.floor(width / 6.4), name = g.dataset.n;
    text.textContent = fits < 3 ? "" : name.length > fits ? name.slice(0, fits - 1) + "…" : name;
  };
  const zoom = (to) => {
    const [from, wide, level] = [number(to, "x"), number(to, "w"), number(to, "l")];
    for (const g of frames) {
      const [x, w, l] = [number(g, "x"), number(g, "w"), number(g, "l")];
      const inside = x >= from - .01 && x + w <= from + wide + .01;
      const above = l < level && x <= from + .01 && x + w >= from + wide - .01;
      g.style.display = inside && l >= level || above ? "" : "none";
      if (above) show(g, 0, 1200); else show(g, (x - from) / wide * 1200, w / wide * 1200);
    }
  };
  svg.addEventListener("click", (event) => { const g = event.target.closest(".f"); if (g) zoom(g); });
  document.getElementById("reset").onclick = () => zoom(frames[0]);
  document.getElementById("search").oninput = ({ target }) => {
    const words = target.value.toLowerCase();
    let count = 0;
    for (const g of frames) {
      const hit = words !== "" && g.dataset.n.toLowerCase().includes(words);
      count += hit; g.classList.toggle("hit", hit); g.classList.toggle("dim", words !== "" && !hit);
    }
    document.getElementById("found").textContent = words === "" ? "" : count + " frames";
  };
}`;
