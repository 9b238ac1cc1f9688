import { type Frame, ownerOf } from "./frames.ts";

const WIDTH = 1200;
const ROW = 17;
const TOP = 34;
/** Narrower frames cannot be seen. */
const LEAST = 0.4;
const CHARACTER = 6.4;

const HUES: Readonly<Record<string, number>> = { service: 14, node: 140, V8: 0, native: 0 };

/** Colour of a frame by whose code it is: ours red, packages blue, Node's own green, V8's grey. */
function colourOf({ name, where }: Frame): string {
  const owner = ownerOf(where);
  const spread = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 997, 7) % 18;
  if (owner === "V8" || owner === "native") return `hsl(0 0% ${72 + spread / 2}%)`;
  return `hsl(${HUES[owner] ?? 214} 70% ${66 + spread}%)`;
}

/** A flame graph as SVG that needs no script: the outermost functions at the bottom, width by value. */
export function flameGraph(root: Frame, title: string, show: (value: number) => string): string {
  const depth = depthOf(root, root.total);
  const height = TOP + (depth + 1) * ROW + 8;
  const boxes: string[] = [];
  const draw = (here: Frame, x: number, level: number): void => {
    const width = (here.total / Math.max(1, root.total)) * WIDTH;
    if (width < LEAST) return;
    const y = height - 8 - (level + 1) * ROW;
    const share = ((here.total / Math.max(1, root.total)) * 100).toFixed(1);
    const label = `${here.name}${here.where ? ` ${here.where}` : ""}`;
    const fits = Math.floor(width / CHARACTER);
    const text = fits >= 3 ? escapeXml(label.length > fits ? `${label.slice(0, fits - 1)}…` : label) : "";
    boxes.push(
      `<g class="f" data-n="${escapeXml(label)}" data-x="${x.toFixed(2)}" data-w="${width.toFixed(2)}" data-l="${level}"><title>${escapeXml(label)}: ${show(here.total)} (${share} %), itself ${show(here.self)}</title>` +
        `<rect x="${x.toFixed(2)}" y="${y}" width="${width.toFixed(2)}" height="${ROW - 1}" rx="1" fill="${level === 0 ? "#d6d3d1" : colourOf(here)}"/>` +
        `<text x="${(x + 3).toFixed(2)}" y="${y + 12}">${text}</text></g>`,
    );
    let left = x;
    for (const child of [...here.children.values()].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      draw(child, left, level + 1);
      left += (child.total / Math.max(1, root.total)) * WIDTH;
    }
  };
  draw(root, 0, 0);
  return `<svg xmlns="http://www.w3.org/2000/svg" id="flame" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" font-family="ui-monospace,monospace" font-size="10.5"><rect width="100%" height="100%" fill="#fffdf8"/><text x="8" y="20" font-size="14" font-weight="600">${escapeXml(title)}</text>${boxes.join("")}</svg>`;
}

function depthOf(here: Frame, all: number): number {
  const seen = [...here.children.values()].filter(({ total }) => (total / Math.max(1, all)) * WIDTH >= LEAST);
  return seen.length === 0 ? 0 : 1 + Math.max(...seen.map((child) => depthOf(child, all)));
}

export const escapeXml = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
