import { flameGraph } from "./flame.ts";
import { framesOfFolded } from "./frames.ts";
import type { Section } from "./page.ts";
import { hotSpots } from "./words.ts";

/** What only the owner of a node can do: look into the processes of a pod from outside. Each names the pod by its uid. */
export interface NodeOwner {
  /** Output of `perf script` for the pod's processes, sampled so long. */
  perf(uid: string, seconds: number): Promise<string>;
  /** The stack of every thread of the pod's processes, now, as gdb prints it. */
  stacks(uid: string): Promise<string>;
}

/** Times a second that perf looks: no multiple of what timers do. */
export const PERF_HERTZ = 49;

/** Stacks of `perf script`, one a line: "program;outermost;…;innermost count". */
export function fold(script: string): string[] {
  const counts = new Map<string, number>();
  for (const sample of script.split(/\n\s*\n/)) {
    const [head = "", ...lines] = sample.trim().split("\n");
    const program = /^(\S.*?)\s+\d+(\/\d+)?\s/.exec(head)?.[1];
    if (!program || lines.length === 0) continue;
    const frames = lines.map((line) => {
      const [, symbol = "", file = ""] = /^\s*[0-9a-f]+\s+(.+?)\s+\(([^)]*)\)\s*$/.exec(line) ?? [];
      const name = symbol.replace(/\+0x[0-9a-f]+$/, "");
      return name === "" || name === "[unknown]" ? `[${file.split("/").at(-1) || "unknown"}]` : name;
    });
    const stack = [program, ...frames.reverse()].map((frame) => frame.replaceAll(";", ",")).join(";");
    counts.set(stack, (counts.get(stack) ?? 0) + 1);
  }
  return [...counts].map(([stack, count]) => `${stack} ${count}`);
}

const show = (samples: number) => `${(samples / PERF_HERTZ).toFixed(2)} s`;

export function nativeProfiled(script: string, title: string) {
  const root = framesOfFolded(fold(script));
  const flame = flameGraph(root, title, show);
  const spots = hotSpots(root, show);
  const about = [
    `${root.total} samples, ${PERF_HERTZ} a second of CPU: native code and kernel; what V8 compiled has no name here`,
  ];
  return {
    raw: { ending: "perf.txt", text: script },
    flame,
    about,
    words: [...about, ...spots.slice(0, 6).map((line) => `  ${line}`)],
    sections: [
      { head: "Flame graph", svg: flame },
      { head: "Hot spots", lines: spots },
    ] satisfies Section[],
  };
}

/** The threads of a process, those with the same stack together: what many wait for comes first. */
export function threadsOf(gdb: string): { readonly count: number; readonly frames: readonly string[] }[] {
  const threads = gdb.split(/^Thread \d+ .*$/m).slice(1);
  const stacks = threads.map((text) =>
    [...text.matchAll(/^#\d+\s+(?:0x[0-9a-f]+ in )?(.+)$/gm)].map(([, frame = ""]) =>
      frame.replace(/ \(.*?\)/, "").trim(),
    ),
  );
  const groups = Map.groupBy(
    stacks.filter((frames) => frames.length > 0),
    (frames) => frames.join("\n"),
  );
  return [...groups.values()]
    .map((group) => ({ count: group.length, frames: group[0] as string[] }))
    .sort((a, b) => b.count - a.count);
}

export function stacksProfiled(gdb: string) {
  const threads = threadsOf(gdb);
  const words = threads.map(({ count, frames }) => `${count} threads in ${frames.slice(0, 3).join(" ← ")}`);
  return {
    raw: { ending: "gdb.txt", text: gdb },
    words: words.slice(0, 8),
    sections: threads.map(({ count, frames }) => ({
      head: `${count} threads`,
      lines: frames.slice(0, 40),
    })) satisfies Section[],
  };
}
