import { escapeXml } from "./flame.ts";
import { type Frame, ownerOf } from "./frames.ts";

const BOX = { width: 210, height: 34, gapX: 60, gapY: 12 };
const MOST = 36;

interface Node {
  readonly key: string;
  readonly name: string;
  readonly where: string;
  total: number;
  self: number;
  column: number;
  row: number;
}

/** Who calls whom, as SVG: the functions with the most time, an arrow from caller to callee as thick as the time that went its way. */
export function callGraph(root: Frame, title: string, show: (value: number) => string): string {
  const { nodes, edges } = graphOf(root);
  const kept = [...nodes.values()].sort((a, b) => b.total - a.total).slice(0, MOST);
  const columns = place(kept);
  const rows = Math.max(1, ...columns.map((column) => column.length));
  const width = Math.max(1, columns.length) * (BOX.width + BOX.gapX) + 20;
  const height = rows * (BOX.height + BOX.gapY) + 50;
  const x = (node: Node) => 10 + node.column * (BOX.width + BOX.gapX);
  const y = (node: Node) => 40 + node.row * (BOX.height + BOX.gapY);
  const byKey = new Map(kept.map((node) => [node.key, node]));
  const most = Math.max(1, root.total);
  const lines = [...edges].flatMap(([key, value]) => {
    const [from, to] = key.split("\n").map((end) => byKey.get(end));
    if (!from || !to || from === to) return [];
    const [x1, y1, x2, y2] = [x(from) + BOX.width, y(from) + BOX.height / 2, x(to), y(to) + BOX.height / 2];
    const bend = Math.max(30, Math.abs(x2 - x1) / 2);
    const path = `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
    return `<path d="${path}" fill="none" stroke="#64748b" stroke-opacity=".55" stroke-width="${(0.6 + (value / most) * 9).toFixed(1)}"><title>${escapeXml(`${from.name} → ${to.name}: ${show(value)}`)}</title></path>`;
  });
  const boxes = kept.map((node) => {
    const share = node.self / most;
    const label = (text: string) => escapeXml(text.length > 32 ? `…${text.slice(-31)}` : text);
    return `<g><title>${escapeXml(`${node.name} ${node.where}: ${show(node.total)}, itself ${show(node.self)}`)}</title><rect x="${x(node)}" y="${y(node)}" width="${BOX.width}" height="${BOX.height}" rx="4" fill="hsl(${ownerOf(node.where) === "service" ? 14 : 214} 80% ${(96 - Math.min(40, share * 160)).toFixed(0)}%)" stroke="#94a3b8"/><text x="${x(node) + 6}" y="${y(node) + 14}" font-weight="600">${label(node.name)}</text><text x="${x(node) + 6}" y="${y(node) + 27}" fill="#475569">${label(`${node.where} ${show(node.total)}`)}</text></g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="ui-monospace,monospace" font-size="10"><rect width="100%" height="100%" fill="#fff"/><text x="8" y="20" font-size="14" font-weight="600">${escapeXml(title)}</text>${lines.join("")}${boxes.join("")}</svg>`;
}

function graphOf(root: Frame): { nodes: Map<string, Node>; edges: Map<string, number> } {
  const nodes = new Map<string, Node>();
  const edges = new Map<string, number>();
  const walk = (here: Frame, depth: number, above: readonly string[]): void => {
    const key = `${here.name} ${here.where}`;
    const node = nodes.get(key) ?? {
      key,
      name: here.name,
      where: here.where,
      total: 0,
      self: 0,
      column: depth,
      row: 0,
    };
    node.self += here.self;
    if (!above.includes(key)) node.total += here.total;
    node.column = Math.min(node.column, depth);
    nodes.set(key, node);
    const caller = above.at(-1);
    if (caller !== undefined) edges.set(`${caller}\n${key}`, (edges.get(`${caller}\n${key}`) ?? 0) + here.total);
    for (const child of here.children.values()) walk(child, depth + 1, [...above, key]);
  };
  for (const child of root.children.values()) walk(child, 0, []);
  return { nodes, edges };
}

/** Columns by the least depth at which a function is called, those without a function left out. */
function place(nodes: readonly Node[]): Node[][] {
  const depths = [...new Set(nodes.map(({ column }) => column))].sort((a, b) => a - b);
  return depths.map((depth, index) => {
    const column = nodes.filter((node) => node.column === depth);
    column.forEach((node, row) => {
      node.row = row;
    });
    for (const node of column) node.column = index;
    return column;
  });
}
