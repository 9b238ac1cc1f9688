/** A function in a tree of stacks. Values are microseconds of CPU, or bytes. */
export interface Frame {
  readonly name: string;
  /** File and line, or what runs it: "service/src/http/app.ts:12", "node:net", "V8". */
  readonly where: string;
  /** Its own, without what it called. */
  self: number;
  /** With all it called. */
  total: number;
  readonly children: Map<string, Frame>;
}

export interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

/** What `Profiler.stop` returns. */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: CallFrame;
    readonly children?: readonly number[];
  }[];
  /** Microseconds. */
  readonly startTime: number;
  readonly endTime: number;
  readonly samples?: readonly number[];
  readonly timeDeltas?: readonly number[];
}

/** What `HeapProfiler.getSamplingProfile` returns. */
export interface HeapProfile {
  readonly head: HeapNode;
}

interface HeapNode {
  readonly callFrame: CallFrame;
  readonly selfSize: number;
  readonly children: readonly HeapNode[];
}

const frame = (name: string, where: string): Frame => ({ name, where, self: 0, total: 0, children: new Map() });

/** A tree of stacks with the time of each function; stacks that are the same are one. The event loop's waiting is left out. */
export function framesOfCpu({ nodes, samples = [], timeDeltas = [] }: CpuProfile): { root: Frame; idleUs: number } {
  const self = new Map<number, number>();
  samples.forEach((id, index) => {
    self.set(id, (self.get(id) ?? 0) + Math.max(0, timeDeltas[index] ?? 0));
  });
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const root = frame("all", "");
  let idleUs = 0;
  const walk = (id: number, into: Frame): void => {
    const node = byId.get(id);
    if (!node) return;
    const { functionName } = node.callFrame;
    if (functionName === "(idle)") {
      idleUs += self.get(id) ?? 0;
      return;
    }
    const here = functionName === "(root)" ? into : childOf(into, node.callFrame);
    here.self += self.get(id) ?? 0;
    for (const child of node.children ?? []) walk(child, here);
  };
  const [first] = nodes;
  if (first) walk(first.id, root);
  addUp(root);
  return { root, idleUs };
}

/** A tree of stacks with the bytes that each function allocated and that are still held. */
export function framesOfHeap({ head }: HeapProfile): Frame {
  const root = frame("all", "");
  const walk = (node: HeapNode, into: Frame): void => {
    const here = node.callFrame.functionName === "(root)" ? into : childOf(into, node.callFrame);
    here.self += node.selfSize;
    for (const child of node.children) walk(child, here);
  };
  walk(head, root);
  addUp(root);
  return root;
}

/** A tree of stacks from lines "outermost;…;innermost value", as `perf script` and its like are folded. */
export function framesOfFolded(lines: readonly string[]): Frame {
  const root = frame("all", "");
  for (const line of lines) {
    const at = line.lastIndexOf(" ");
    let here = root;
    for (const name of line.slice(0, at).split(";")) {
      const found = here.children.get(name) ?? frame(name, "native");
      here.children.set(name, found);
      here = found;
    }
    here.self += Number(line.slice(at + 1));
  }
  addUp(root);
  return root;
}

function childOf(parent: Frame, { functionName, url, lineNumber }: CallFrame): Frame {
  const name = functionName || "(anonymous)";
  const where = whereOf(url, lineNumber, name);
  const key = `${name} ${where}`;
  const found = parent.children.get(key) ?? frame(name, where);
  parent.children.set(key, found);
  return found;
}

function whereOf(url: string, line: number, name: string): string {
  if (url === "") return name.startsWith("(") ? "V8" : "native";
  return `${url.replace(/^file:\/\/(\/app\/)?/, "")}${line >= 0 ? `:${line + 1}` : ""}`;
}

function addUp(here: Frame): number {
  here.total = here.self;
  for (const child of here.children.values()) here.total += addUp(child);
  return here.total;
}

/** A function wherever it stands in the tree. */
export interface Spot {
  readonly name: string;
  readonly where: string;
  readonly self: number;
  /** Time in which it was somewhere on the stack; recursion counts once. */
  readonly total: number;
}

/** All functions, those with the most of their own first. */
export function spotsOf(root: Frame): Spot[] {
  const spots = new Map<string, { name: string; where: string; self: number; total: number }>();
  const walk = (here: Frame, above: ReadonlySet<string>): void => {
    const key = `${here.name} ${here.where}`;
    const spot = spots.get(key) ?? { name: here.name, where: here.where, self: 0, total: 0 };
    spot.self += here.self;
    if (!above.has(key)) spot.total += here.total;
    spots.set(key, spot);
    const next = new Set(above).add(key);
    for (const child of here.children.values()) walk(child, next);
  };
  for (const child of root.children.values()) walk(child, new Set());
  return [...spots.values()].sort((a, b) => b.self - a.self);
}

/** To whose code a function belongs: "service", an npm package, "node", "V8". */
export function ownerOf(where: string): string {
  const [, name] = /node_modules\/((?:@[^/]+\/)?[^/:]+)/.exec(where) ?? [];
  if (name) return name;
  if (where.startsWith("node:")) return "node";
  if (where === "V8" || where === "native") return where;
  return where.split("/")[0] ?? where;
}
