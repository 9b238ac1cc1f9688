import { setTimeout as sleep } from "node:timers/promises";
import { kubectl, type Stack } from "@media/drills/stack";
import type { Section } from "./page.ts";
import { mebibytes } from "./words.ts";

/** What /proc says of a pod's first process, and of the network that its containers share. */
export interface Reading {
  readonly io: Readonly<Record<string, number>>;
  /** Counters of the pod's interfaces without loopback. */
  readonly net: { readonly received: number; readonly sent: number; readonly dropped: number };
  readonly sockets: readonly Socket[];
  /** Segments of TCP sent, and sent again. */
  readonly tcp: { readonly sent: number; readonly again: number };
  /** What its file descriptors are. */
  readonly files: readonly string[];
}

interface Socket {
  readonly state: string;
  readonly localPort: number;
  readonly peer: string;
  readonly peerPort: number;
  /** Bytes not yet sent or acknowledged, and not yet read. */
  readonly queued: number;
  readonly unread: number;
}

const MARK = "=====";
const FILES = ["/proc/1/io", "/proc/1/net/dev", "/proc/1/net/snmp", "/proc/1/net/tcp", "/proc/1/net/tcp6"];
const SCRIPT = `${FILES.map((file) => `cat ${file} 2>/dev/null; echo ${MARK}`).join("; ")}; ls -l /proc/1/fd 2>/dev/null | sed -n 's/.* -> //p'`;

export async function readProc(stack: Stack, pod: string, container: string): Promise<Reading> {
  const text = await kubectl(stack, ["exec", pod, "-c", container, "--", "sh", "-c", SCRIPT]);
  return parseProc(text);
}

export function parseProc(text: string): Reading {
  const [io = "", dev = "", snmp = "", tcp4 = "", tcp6 = "", files = ""] = text.split(`${MARK}\n`);
  const counters = [...io.matchAll(/^(\w+): (\d+)$/gm)].map(([, name = "", value]) => [name, Number(value)] as const);
  const interfaces = [...dev.matchAll(/^\s*(\w+):\s*(.+)$/gm)].filter(([, name]) => name !== "lo");
  const net = { received: 0, sent: 0, dropped: 0 };
  for (const [, , rest = ""] of interfaces) {
    const fields = rest.trim().split(/\s+/).map(Number);
    net.received += fields[0] ?? 0;
    net.sent += fields[8] ?? 0;
    net.dropped += (fields[3] ?? 0) + (fields[11] ?? 0);
  }
  const [names = [], values = []] = [...snmp.matchAll(/^Tcp: (.+)$/gm)].map(([, line = ""]) => line.split(" "));
  const tcp = (name: string) => Number(values[names.indexOf(name)] ?? 0);
  return {
    io: Object.fromEntries(counters),
    net,
    sockets: [...socketsOf(tcp4), ...socketsOf(tcp6)],
    tcp: { sent: tcp("OutSegs"), again: tcp("RetransSegs") },
    files: files.split("\n").filter(Boolean),
  };
}

const STATES = [
  "",
  "established",
  "syn sent",
  "syn received",
  "fin wait 1",
  "fin wait 2",
  "time wait",
  "closed",
  "close wait",
  "last ack",
  "listening",
  "closing",
];

function socketsOf(table: string): Socket[] {
  return [
    ...table.matchAll(/^\s*\d+: ([0-9A-F]+):([0-9A-F]+) ([0-9A-F]+):([0-9A-F]+) ([0-9A-F]+) ([0-9A-F]+):([0-9A-F]+)/gm),
  ].map(([, , localPort = "", peer = "", peerPort = "", state = "", queued = "", unread = ""]) => ({
    state: STATES[Number.parseInt(state, 16)] ?? state,
    localPort: Number.parseInt(localPort, 16),
    peer: addressOf(peer),
    peerPort: Number.parseInt(peerPort, 16),
    queued: Number.parseInt(queued, 16),
    unread: Number.parseInt(unread, 16),
  }));
}

/** The kernel writes an IPv4 address as one number in its own byte order; in IPv6 the last of four is the mapped IPv4's. */
function addressOf(hex: string): string {
  const last = hex.slice(-8);
  return [6, 4, 2, 0].map((at) => Number.parseInt(last.slice(at, at + 2), 16)).join(".");
}

/** Names of the cluster's addresses: services, and pods by their workload. */
async function namesOf(stack: Stack): Promise<Map<string, string>> {
  const { items } = JSON.parse(await kubectl(stack, ["get", "services,pods", "-o", "json"])) as {
    items: { kind: string; metadata: { name: string }; spec: { clusterIP?: string }; status: { podIP?: string } }[];
  };
  return new Map(
    items.flatMap(({ kind, metadata, spec, status }) => {
      const address = kind === "Service" ? spec.clusterIP : status.podIP;
      return address ? [[address, kind === "Service" ? `service ${metadata.name}` : metadata.name] as const] : [];
    }),
  );
}

/** Reads twice, and says what happened between. */
export async function profileProc(
  kind: "io" | "network",
  stack: Stack,
  pod: string,
  container: string,
  seconds: number,
): Promise<{ raw: string; words: string[]; sections: Section[] }> {
  const before = await readProc(stack, pod, container);
  const started = performance.now();
  await sleep(seconds * 1_000);
  const after = await readProc(stack, pod, container);
  const took = (performance.now() - started) / 1_000;
  const names = await namesOf(stack);
  const words = kind === "io" ? ioWords(before, after, took) : networkWords(before, after, took, names);
  const table =
    kind === "io"
      ? { head: ["what", "open"], rows: openFiles(after) }
      : { head: ["peer", "state", "connections", "unsent", "unread"], rows: peers(after, names) };
  return {
    raw: JSON.stringify({ before, after, seconds: took }, null, 2),
    words,
    sections: [
      { head: kind === "io" ? "Reading and writing" : "Traffic", lines: words },
      { head: kind === "io" ? "Open files" : "Connections at the end", table },
    ],
  };
}

export function ioWords(before: Reading, after: Reading, seconds: number): string[] {
  const rate = (name: string) => Math.max(0, (after.io[name] ?? 0) - (before.io[name] ?? 0)) / seconds;
  if (after.io.rchar === undefined) return ["/proc/1/io cannot be read in this pod: its process runs as another user"];
  return [
    `read ${mebibytes(rate("rchar"))}/s in ${rate("syscr").toFixed(0)} calls/s, of which ${mebibytes(rate("read_bytes"))}/s came from a disk`,
    `written ${mebibytes(rate("wchar"))}/s in ${rate("syscw").toFixed(0)} calls/s, of which ${mebibytes(rate("write_bytes"))}/s went to a disk`,
    `${after.files.length} open files, ${after.files.filter((file) => file.startsWith("socket:")).length} of them sockets`,
  ];
}

function openFiles({ files }: Reading): string[][] {
  const kinds = Map.groupBy(files, (file) => file.replace(/:\[\d+\]$/, ""));
  return [...kinds]
    .map(([kind, group]) => [kind, String(group.length)])
    .sort((a, b) => Number(b[1]) - Number(a[1]))
    .slice(0, 40);
}

export function networkWords(
  before: Reading,
  after: Reading,
  seconds: number,
  names: ReadonlyMap<string, string>,
): string[] {
  const sent = after.tcp.sent - before.tcp.sent;
  const again = after.tcp.again - before.tcp.again;
  const waiting = after.sockets.filter(({ state, queued, unread }) => state === "established" && queued + unread > 0);
  return [
    `received ${mebibytes((after.net.received - before.net.received) / seconds)}/s, sent ${mebibytes((after.net.sent - before.net.sent) / seconds)}/s, ${after.net.dropped - before.net.dropped} packets dropped`,
    `${again} of ${sent} TCP segments were sent again (${((again / Math.max(1, sent)) * 100).toFixed(2)} %)`,
    `${waiting.length} connections had bytes that were not yet sent or not yet read`,
    ...peers(after, names)
      .slice(0, 8)
      .map(([peer, state, count]) => `${count} × ${state}: ${peer}`),
  ];
}

/** Connections by whom they go to; of those that came in, by our port. */
function peers({ sockets }: Reading, names: ReadonlyMap<string, string>): string[][] {
  const listening = new Set(sockets.filter(({ state }) => state === "listening").map(({ localPort }) => localPort));
  const open = sockets.filter(({ state }) => state !== "listening");
  const groups = Map.groupBy(open, ({ localPort, peer, peerPort, state }) => {
    const name = names.get(peer) ?? peer;
    return `${listening.has(localPort) ? `${name} to our port ${localPort}` : `to ${name}, port ${peerPort}`}\n${state}`;
  });
  const sum = (group: readonly Socket[], of: (socket: Socket) => number) =>
    group.reduce((all, one) => all + of(one), 0);
  return [...groups]
    .map(([key, group]) => [
      ...key.split("\n"),
      String(group.length),
      String(sum(group, ({ queued }) => queued)),
      String(sum(group, ({ unread }) => unread)),
    ])
    .sort((a, b) => Number(b[2]) - Number(a[2]));
}
