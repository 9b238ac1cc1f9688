import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { kubectl, type Stack } from "@media/drills/stack";
import { UserError } from "../lib/errors.ts";
import { say } from "../lib/progress.ts";
import { openInspector } from "./inspector.ts";
import { type Kind, targetFor } from "./kinds.ts";
import { type NodeOwner, nativeProfiled, stacksProfiled } from "./native.ts";
import { profileCpu, profileMemory } from "./node.ts";
import { profilePage, type Section } from "./page.ts";
import { profileProc } from "./proc.ts";
import { profileRedis } from "./redis.ts";
import { profileSql } from "./sql.ts";

export interface ProfileArgs {
  readonly kind: string;
  readonly target: string;
  readonly stack: Stack;
  /** @default 20, for memory 60 */
  readonly seconds?: number;
  /** Folder for what it leaves. */
  readonly dir: string;
  /** Who can look into processes from their node. @default only pods are asked */
  readonly owner?: NodeOwner;
}

interface Taken {
  readonly raw: { readonly ending: string; readonly text: string };
  readonly flame?: string;
  readonly about?: readonly string[];
  readonly words: readonly string[];
  readonly sections: readonly Section[];
}

/** Takes a profile of one of a workload's pods, and returns the path of its page. */
export async function profile({ kind: kindName, target: name, stack, dir, ...args }: ProfileArgs): Promise<string> {
  const { kind, target } = targetFor(kindName, name);
  const seconds = args.seconds ?? (kind === "memory" ? 60 : 20);
  const pod = await busiestPod(stack, name);
  const title = `${kind} of ${pod.replace("pod/", "")}, stack ${stack.name}`;
  say(kind === "sql" || kind === "redis" ? title : `${title}: ${seconds} s`);
  const taken: Taken =
    kind === "native" || kind === "stacks"
      ? await fromNode(kind, args.owner, await uidOf(stack, pod), title, seconds)
      : await take(kind, stack, pod, target.container, title, seconds);
  mkdirSync(dir, { recursive: true });
  const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const path = (ending: string) => join(dir, `${stamp}-${name}-${kind}.${ending}`);
  writeFileSync(path(taken.raw.ending), taken.raw.text);
  if (taken.flame) writeFileSync(path("svg"), taken.flame);
  writeFileSync(path("html"), profilePage(title, taken.about ?? [], taken.sections));
  for (const line of taken.words) say(line);
  say(`page: ${path("html")}`);
  return path("html");
}

/** @throws UserError where this machine does not own the pod's node */
async function fromNode(
  kind: "native" | "stacks",
  owner: NodeOwner | undefined,
  uid: string,
  title: string,
  seconds: number,
): Promise<Taken> {
  if (!owner)
    throw new UserError(
      `KIND=${kind} looks into a process from its node, and this is not the node's owner`,
      "on the node, as root: perf record -e cpu-clock -F 49 -g -p <pid>, or gdb -p <pid>; from here: KIND=io, KIND=network, and cpu or memory of Node.js processes",
    );
  return kind === "native"
    ? nativeProfiled(await owner.perf(uid, seconds), title)
    : stacksProfiled(await owner.stacks(uid));
}

const uidOf = (stack: Stack, pod: string) => kubectl(stack, ["get", pod, "-o", "jsonpath={.metadata.uid}"]);

async function take(
  kind: Exclude<Kind, "native" | "stacks">,
  stack: Stack,
  pod: string,
  container: string,
  title: string,
  seconds: number,
): Promise<Taken> {
  const json = <T extends { raw: string }>(taken: T) => ({ ...taken, raw: { ending: "json", text: taken.raw } });
  if (kind === "sql") return json(await profileSql(stack));
  if (kind === "redis") return json(await profileRedis(stack, pod, container));
  if (kind === "io" || kind === "network") return json(await profileProc(kind, stack, pod, container, seconds));
  const inspector = await openInspector(stack, pod, container);
  try {
    return await (kind === "cpu" ? profileCpu : profileMemory)(inspector, title, seconds);
  } finally {
    await inspector.close();
  }
}

/** The pod that uses the most CPU, where the cluster can say; else the first that is ready. */
async function busiestPod(stack: Stack, name: string): Promise<string> {
  const selector = ["-l", `app.kubernetes.io/name=${name}`];
  const found = await kubectl(stack, [
    "get",
    "pods",
    ...selector,
    "--field-selector=status.phase=Running",
    "-o",
    "name",
  ]);
  const pods = found.split("\n").filter(Boolean);
  if (pods.length === 0)
    throw new UserError(`stack ${stack.name} runs no pod of ${name}`, "make status shows what runs");
  const top = await kubectl(stack, ["top", "pods", ...selector, "--no-headers", "--sort-by=cpu"]).catch(() => "");
  const busiest = top.split(/\s+/)[0];
  return pods.find((pod) => pod === `pod/${busiest}`) ?? (pods[0] as string);
}
