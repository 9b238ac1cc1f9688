import { pino } from "pino";
import { createMetrics } from "../observability/metrics/metrics.ts";
import { adminHandler, type ReadinessCheck } from "./admin-server.ts";
import { Lifecycle, listen } from "./lifecycle.ts";

const log = pino({ level: "silent" });

test("closes in the opposite order, once, and in spite of one that fails", async () => {
  const lifecycle = new Lifecycle(log);
  const closed: string[] = [];
  lifecycle.onClose("first", async () => closed.push("first"));
  lifecycle.onClose("broken", () => Promise.reject(new Error("no")));
  lifecycle.onClose("last", async () => closed.push("last"));
  await Promise.all([lifecycle.drain(0), lifecycle.drain(0)]);
  expect(closed).toEqual(["last", "first"]);
});

describe("the admin port", () => {
  const open = async (readiness: ReadinessCheck[], stuck?: () => string | undefined) => {
    const lifecycle = new Lifecycle(log);
    const handler = adminHandler({ metrics: createMetrics("1"), lifecycle, readiness, ...(stuck && { stuck }) });
    const port = await listen(lifecycle, "admin", 0, handler);
    const get = async (path: string) => {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    return { lifecycle, get };
  };

  test("is unready while starting and while draining, and ready between", async () => {
    const { lifecycle, get } = await open([]);
    expect(await get("/readyz")).toEqual({ status: 503, body: { status: "starting" } });
    lifecycle.started();
    expect(await get("/readyz?x=1")).toEqual({ status: 200, body: { status: "ready" } });
    const drained = lifecycle.drain(0.2);
    expect(await get("/readyz")).toEqual({ status: 503, body: { status: "draining" } });
    expect((await get("/livez")).status).toBe(200);
    await drained;
  });

  test("names what is out of reach, also what does not answer at all", async () => {
    const { lifecycle, get } = await open([
      { name: "fine", check: async () => {} },
      { name: "refused", check: () => Promise.reject(new Error("refused")) },
      { name: "frozen", check: () => new Promise(() => {}) },
    ]);
    lifecycle.started();
    expect(await get("/readyz")).toEqual({
      status: 503,
      body: { status: "unready", unreachable: ["refused", "frozen"] },
    });
    await lifecycle.drain(0);
  });

  test("what was reached once and is then away degrades the process, and does not take it out", async () => {
    let away = false;
    const check = () => (away ? Promise.reject(new Error("away")) : Promise.resolve());
    const { lifecycle, get } = await open([{ name: "shared", check }]);
    lifecycle.started();
    expect(await get("/readyz")).toEqual({ status: 200, body: { status: "ready" } });
    away = true;
    expect(await get("/readyz")).toEqual({ status: 200, body: { status: "degraded", unreachable: ["shared"] } });
    await lifecycle.drain(0);
  });

  test("is not alive when stuck, and says why", async () => {
    const { lifecycle, get } = await open([], () => "no poll for 61 s");
    expect(await get("/livez")).toEqual({ status: 503, body: { status: "stuck", reason: "no poll for 61 s" } });
    expect((await get("/nothing")).status).toBe(404);
    await lifecycle.drain(0);
  });
});
