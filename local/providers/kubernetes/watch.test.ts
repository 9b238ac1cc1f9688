import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type Props, stringAt } from "../lib/values.ts";
import { awaitReady, type Outcome } from "./await.ts";
import { deleteObject } from "./delete.ts";
import { FakeApi, type Fault } from "./fake-api.ts";

const PODS = "/api/v1/namespaces/n/pods";
const pod = (phase: string, note = "ö"): Props => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "p", namespace: "n", annotations: { note } },
  status: { phase },
});

let api: FakeApi;
let cancel: AbortController;
let statuses: string[];
beforeEach(async () => {
  api = await FakeApi.start();
  cancel = new AbortController();
  statuses = [];
});
afterEach(() => {
  cancel.abort();
  api.stop();
});

const waiting = (timeout: number) => ({
  timeout,
  signal: cancel.signal,
  status: (text: string) => void statuses.push(text),
});
const await1 = (first: Props, timeout = 20): Promise<Outcome> =>
  awaitReady(api.client, `${PODS}/p`, first, {}, waiting(timeout));
const phaseOf = ({ live }: Outcome) => stringAt(live, "status", "phase");
const kinds = () => api.calls.map((call) => call.split(" ")[0]);
/** Until the server has been asked this often for that. */
async function asked(kind: string, times: number): Promise<void> {
  while (kinds().filter((call) => call === kind).length < times) await sleep(10);
}

describe("a wait", () => {
  test("asks nothing while nothing happens, and reads once when it is told that the object is ready", async () => {
    const outcome = await1(api.set(PODS, pod("Pending")));
    await asked("WATCH", 1);
    await sleep(1500);
    api.set(PODS, pod("Running"));
    await sleep(200);
    expect(api.calls).toEqual([`WATCH ${PODS}@2`]);
    api.set(PODS, pod("Succeeded"));
    expect(phaseOf(await outcome)).toBe("Succeeded");
    expect(api.calls).toEqual([`WATCH ${PODS}@2`, `GET ${PODS}/p`]);
  });

  test("without any event it runs out", async () => {
    const { reasons } = await await1(api.set(PODS, pod("Pending")), 1);
    expect(reasons[0]).toBe("Not ready after 1 s");
  });

  test("a word that the object is ready is not enough: what is read decides", async () => {
    const outcome = await1(api.set(PODS, pod("Pending")), 2);
    await asked("WATCH", 1);
    api.set(PODS, pod("Succeeded"));
    // Before the read comes, it is another.
    api.set(PODS, pod("Pending"));
    expect((await outcome).reasons[0]).toBe("Not ready after 2 s");
  });

  test("an object that something else deletes", async () => {
    const outcome = await1(api.set(PODS, pod("Pending")));
    await asked("WATCH", 1);
    api.remove(PODS, "p");
    expect((await outcome).reasons).toEqual(["The object was deleted by something else while waiting"]);
  });

  test("a cancel ends it at once", async () => {
    const outcome = await1(api.set(PODS, pod("Pending")));
    await asked("WATCH", 1);
    const from = performance.now();
    cancel.abort();
    expect((await outcome).reasons).toContain("Cancelled while waiting");
    expect(performance.now() - from).toBeLessThan(500);
  });

  test("a server that stops answering is bounded by the time-out", async () => {
    const first = api.set(PODS, pod("Pending"));
    for (const path of [`${PODS}/p`, "/api/v1/namespaces/n/events"]) api.hung.add(path);
    const outcome = await1(first, 1);
    await asked("WATCH", 1);
    api.set(PODS, pod("Succeeded"));
    expect((await outcome).reasons).toEqual(
      expect.arrayContaining(["Not ready after 1 s", "The API server does not answer"]),
    );
  }, 20_000);
});

describe("a watch that fails", () => {
  /** The requests after the first watch, when the object becomes ready after the fault. */
  async function through(...faults: Fault[]): Promise<string[]> {
    api.faults = faults;
    const outcome = await1(api.set(PODS, pod("Pending")));
    await asked("WATCH", 1);
    api.set(PODS, pod("Running"));
    await sleep(50);
    api.set(PODS, pod("Succeeded"));
    expect(phaseOf(await outcome)).toBe("Succeeded");
    return api.calls.slice(1);
  }

  test("is dropped between two events: the next goes on at the version of the last one, without a list", async () => {
    const line = JSON.stringify({ type: "MODIFIED", object: api.set(PODS, pod("Running")) });
    expect(await through({ cutAfter: Buffer.byteLength(line) + 1 })).toEqual([`WATCH ${PODS}@4`, `GET ${PODS}/p`]);
  });

  test("is dropped in the middle of a line: the half is not read, and comes again whole", async () => {
    expect(await through({ cutAfter: 40 })).toEqual([`WATCH ${PODS}@2`, `GET ${PODS}/p`]);
  });

  test("comes byte by byte, through the middle of letters", async () => {
    expect(await through({ crawl: 2 })).toEqual([`GET ${PODS}/p`]);
  });

  test.each<[string, Fault]>([
    ["a version that is too old, said in the stream", "gone"],
    ["a version that is too old, said by the status", "gone at once"],
    ["a server in trouble", "error"],
    ["a line that is no JSON", { garbage: "<html>bad gateway</html>\n" }],
    ["a line that is no event", { garbage: '{"items":[]}\n' }],
    ["an event without an object", { garbage: '{"type":"ADDED"}\n' }],
  ])("%s begins with a new list", async (_, fault) => {
    const calls = await through(fault);
    expect(calls[0]).toBe(`LIST ${PODS}`);
    expect(calls.at(-1)).toBe(`GET ${PODS}/p`);
  });

  test("again and again: the pauses grow", async () => {
    api.faults = Array.from({ length: 50 }, () => "gone" as const);
    const outcome = await1(api.set(PODS, pod("Pending")), 2);
    expect((await outcome).reasons[0]).toBe("Not ready after 2 s");
    expect(kinds().filter((call) => call === "WATCH").length).toBeLessThan(8);
  });

  test("refused, though lists are not: the list is asked for each second", async () => {
    const calls = await through(...Array.from({ length: 50 }, () => "refused" as const));
    expect(calls.filter((call) => call.startsWith("WATCH"))).toEqual([]);
    expect(calls).toContain(`LIST ${PODS}`);
  });

  test("refused with the list: the object itself is asked for each second", async () => {
    api.forbidden.add(PODS);
    const calls = await through();
    expect(calls.filter((call) => call.startsWith("GET")).length).toBeGreaterThanOrEqual(2);
  });
});

describe("what a real API server said, told by a watch", () => {
  const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
  const paths: { [kind: string]: string } = {
    Deployment: DEPLOYMENTS,
    ReplicaSet: "/apis/apps/v1/namespaces/default/replicasets",
  };
  const events = JSON.parse(readFileSync(join(import.meta.dirname, "recorded/deployment.json"), "utf8")) as {
    object: Props;
  }[];

  test("a Deployment is waited for through its rollout", async () => {
    const play = ({ object }: { object: Props }) => api.set(paths[String(object.kind)] ?? "", object);
    const edited = events.findIndex(({ object }) => object.kind === "Deployment" && generation(object) === 2);
    const before = events.slice(0, edited + 1).map(play);
    const path = `${DEPLOYMENTS}/o`;
    const outcome = awaitReady(api.client, path, before.at(-1) ?? {}, {}, waiting(30));
    await asked("WATCH", 2);
    const rest = events.slice(edited + 1);
    for (const event of rest.slice(0, -1)) {
      play(event);
      await sleep(20);
    }
    const early = await Promise.race([outcome, sleep(500)]);
    expect(early).toBeUndefined();
    for (const event of rest.slice(-1)) play(event);
    const { live, reasons } = await outcome;
    expect(reasons).toEqual([]);
    expect(live.status).toMatchObject({ readyReplicas: 2, updatedReplicas: 2, observedGeneration: 2 });
    expect(statuses.some((text) => /rollout is not finished|pods of this revision/.test(text))).toBe(true);
  });
  const generation = (object: Props) => (object.metadata as Props).generation;
});

describe("a deletion", () => {
  const MAPS = "/api/v1/namespaces/n/configmaps";
  const held = (finalizers: string[]): Props => ({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "m", namespace: "n", finalizers },
  });
  const remove = (state: Props, timeoutMs: number) =>
    deleteObject(api.client, `${MAPS}/m`, state, { ...waiting(0), timeoutMs, skipAwait: false });

  test("is waited for without asking, and its finalizers are told as they go", async () => {
    const outcome = remove(api.set(MAPS, held(["a/b", "c/d"])), 20_000);
    await asked("WATCH", 1);
    await sleep(1200);
    api.set(MAPS, held(["c/d"]));
    while (!statuses.includes("Waiting for finalizers: c/d")) await sleep(10);
    api.remove(MAPS, "m");
    expect(await outcome).toEqual({ gone: true });
    // The DELETE and the read after it, a read for each event.
    expect(kinds()).toEqual(["GET", "GET", "WATCH", "GET", "GET"]);
  });

  test("that happens while a read is still under way is not missed", async () => {
    const outcome = remove(api.set(MAPS, held(["a/b"])), 20_000);
    await asked("WATCH", 1);
    api.late.set(`${MAPS}/m`, 300);
    api.set(MAPS, held(["c/d"]));
    await asked("GET", 3);
    const from = performance.now();
    api.remove(MAPS, "m");
    expect(await outcome).toEqual({ gone: true });
    expect(performance.now() - from).toBeLessThan(5_000);
  });

  test("is found by asking where a read after its last event goes unanswered", async () => {
    const outcome = remove(api.set(MAPS, held(["a/b"])), 20_000);
    await asked("WATCH", 1);
    api.broken.add(`${MAPS}/m`);
    const from = performance.now();
    api.remove(MAPS, "m");
    await asked("GET", 3);
    api.broken.clear();
    expect(await outcome).toEqual({ gone: true });
    expect(performance.now() - from).toBeLessThan(5_000);
  });

  test("runs out with the finalizers that hold it", async () => {
    const state = api.set(MAPS, held(["a/b"]));
    expect(await remove(state, 1000)).toEqual({ gone: false, finalizers: ["a/b"], cancelled: false });
  });

  test("an object of the same name that is made anew is another", async () => {
    const outcome = remove(api.set(MAPS, held(["a/b"])), 20_000);
    await asked("WATCH", 1);
    api.set(MAPS, { ...held([]), metadata: { name: "m", namespace: "n", uid: "another" } });
    expect(await outcome).toEqual({ gone: true });
  });
});
