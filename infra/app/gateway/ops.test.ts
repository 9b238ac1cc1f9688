import type { IncomingMessage } from "node:http";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import type { OpsPage } from "../../lib/ops.ts";
import { type Edge, startEdge } from "./edge.fixtures.ts";
import { OPS_PAGES } from "./ops.plan.ts";

/** What a real nginx passes on to programs behind the sign-in, and what it asks the responder. */
interface Asked {
  url: string;
  method: string;
  headers: IncomingMessage["headers"];
}
const PAGES = Object.keys(OPS_PAGES) as OpsPage[];
let edge: Edge;
let asked: Asked[] = [];
let passed: Asked[] = [];
let location: string | undefined;
let isAway = false;
const noteOf = ({ url = "", method = "", headers }: IncomingMessage): Asked => ({ url, method, headers });

/** The responder: whoever is "admin" may, whoever is "user" may not. */
const roleOf = ({ cookie = "" }: IncomingMessage["headers"]) => /operator=(admin|user)/.exec(cookie)?.[1];

beforeAll(async () => {
  edge = await startEdge((_req, res) => res.end("the service"), {}, undefined, {
    ops: {
      pages: PAGES,
      responder: (req, res) => {
        asked.push(noteOf(req));
        if (isAway) return void req.socket.destroy();
        const role = roleOf(req.headers);
        const status = role === "admin" ? 204 : role === "user" ? 403 : 401;
        if (req.url === "/ops/check") return void res.writeHead(status, { "x-operator": "ann%40example.com" }).end();
        res
          .writeHead(status === 204 ? 405 : status, { "content-type": "application/problem+json" })
          .end("the responder");
      },
      program: (req, res) => {
        passed.push(noteOf(req));
        res.writeHead(location ? 302 : 200, {
          "content-type": "text/html",
          "set-cookie": "__Secure-media-operator=theirs; Path=/ops",
          ...(location ? { location } : {}),
        });
        res.end('<html><head><base href="/" /></head></html>');
      },
    },
  });
});
afterAll(() => edge?.stop());
beforeEach(() => {
  [asked, passed, location, isAway] = [[], [], undefined, false];
});

const ADMIN = { cookie: "__Secure-media-operator=admin; other=1", authorization: "Bearer secret" };
const visit = (path: string, init: RequestInit = {}) =>
  edge.call(path, { redirect: "manual", headers: ADMIN, ...init });
const READ: Record<OpsPage, string> = {
  prometheus: "/ops/prometheus/api/v1/query?query=up%7Ba%3D%22b%22%7D",
  alertmanager: "/ops/alertmanager/api/v2/alerts",
  jaeger: "/ops/jaeger/search",
  loki: "/ops/loki/loki/api/v1/query_range?query=%7B%7D",
  grafana: "/ops/grafana/d/a/b",
};

test.each(PAGES)("%s: an administrator's request reaches it, without cookie, token and our prefix", async (name) => {
  const answer = await visit(READ[name], {
    headers: { ...ADMIN, "x-webauth-user": "root", "x-webauth-role": "Admin" },
  });
  expect(answer.status).toBe(200);
  expect(passed.map(({ url }) => url)).toEqual([READ[name].replace(`/ops/${name}`, "")]);
  const { cookie, authorization, host } = passed[0]?.headers ?? {};
  expect([cookie, authorization, host]).toEqual([undefined, undefined, `127.0.0.1:${edge.port}`]);
  expect(asked.map(({ url }) => url)).toEqual(["/ops/check"]);
  expect(asked[0]?.headers).toMatchObject({ ...ADMIN, "x-asked-method": "GET" });
  expect(answer.headers.get("set-cookie")).toBeNull();
  const policy = answer.headers.get("content-security-policy");
  expect(policy).toContain(`connect-src https://127.0.0.1:${edge.port}/ops/${name}/;`);
  expect(answer.headers.get("cross-origin-opener-policy")).toBe("same-origin");
});

test.each(PAGES)("%s: who is not signed in, and who is a user, gets the responder's answer", async (name) => {
  for (const [headers, status] of [
    [{}, 401],
    [{ cookie: "operator=user" }, 403],
  ] as const) {
    asked = [];
    const answer = await visit(READ[name], { headers });
    expect([answer.status, await answer.text()]).toEqual([status, "the responder"]);
    // With the whole address, so that it can lead the person back.
    expect(asked.map(({ url }) => url)).toEqual(["/ops/check", READ[name]]);
  }
  expect(passed).toEqual([]);
});

test.each([READ.prometheus, "/ops", "/incidents/1"])(
  "%s while the responder is away: nothing is shown, and the answer is a problem that says to come again",
  async (path) => {
    isAway = true;
    const answer = await visit(path);
    expect([answer.status, answer.headers.get("retry-after")]).toEqual([502, "1"]);
    expect(await answer.json()).toMatchObject({ code: "service-bad-answer", status: 502 });
    expect(passed).toEqual([]);
  },
);

test.each([
  ["POST", "/ops/prometheus/api/v1/admin/tsdb/delete_series"],
  ["POST", "/ops/prometheus/-/quit"],
  ["GET", "/ops/prometheus/-/reload"],
  ["GET", "/ops/prometheus/debug/pprof/heap"],
  ["GET", "/ops/prometheus/x/../-/reload"],
  ["POST", "/ops/alertmanager/api/v2/alerts"],
  ["DELETE", "/ops/alertmanager/api/v2/alerts"],
  ["POST", "/ops/alertmanager/-/reload"],
  ["GET", "/ops/loki/flush"],
  ["GET", "/ops/loki/ingester/shutdown"],
  ["POST", "/ops/loki/loki/api/v1/push"],
  ["DELETE", "/ops/loki/loki/api/v1/delete"],
  ["POST", "/ops/jaeger/api/traces"],
  ["POST", "/ops/grafana/login"],
])("%s %s is not passed on, not even for an administrator", async (method, path) => {
  expect((await visit(path, { method })).status).toBe(405);
  expect(passed).toEqual([]);
});

test.each([
  ["POST", "/ops/alertmanager/api/v2/silences"],
  ["DELETE", "/ops/alertmanager/api/v2/silence/0b1c2d3e-0000-4000-8000-000000000000"],
  ["POST", "/ops/grafana/api/ds/query"],
])("%s %s is, and the responder is asked about the method", async (method, path) => {
  expect((await visit(path, { method, body: method === "POST" ? "{}" : null })).status).toBe(200);
  expect(asked[0]).toMatchObject({ url: "/ops/check", headers: { "x-asked-method": method } });
  expect(passed[0]?.method).toBe(method);
});

test("a caller cannot answer for the method", async () => {
  await visit("/ops/alertmanager/api/v2/silences", { method: "POST", headers: { ...ADMIN, "x-asked-method": "GET" } });
  expect(asked[0]?.headers["x-asked-method"]).toBe("POST");
  expect((await visit("/-/operator")).status).not.toBe(204);
});

test("Grafana is told who it is, whatever the caller says; Jaeger's page finds its parts", async () => {
  await visit(READ.grafana, { headers: { ...ADMIN, "x-webauth-user": "root" } });
  expect(passed[0]?.headers).toMatchObject({ "x-webauth-user": "ann%40example.com", "x-webauth-role": "Editor" });
  expect(await (await visit(READ.jaeger)).text()).toContain('<base href="/ops/jaeger/" />');
});

test.each([
  ["/graph", "/ops/prometheus/graph"],
  ["/ops/prometheus/graph", "/ops/prometheus/graph"],
])("a redirect to %s stays among its pages", async (to, seen) => {
  location = to;
  const { pathname } = new URL((await visit("/ops/prometheus/")).headers.get("location") ?? "", "http://x");
  expect(pathname).toBe(seen);
});

test("the sign-in and the incidents are the responder's; without a responder there is none of it", async () => {
  for (const path of ["/ops", "/ops/sign-in?to=/ops", "/incidents/1"]) await visit(path);
  expect(asked.map(({ url }) => url)).toEqual(["/ops", "/ops/sign-in?to=/ops", "/incidents/1"]);
  expect(asked[0]?.headers.host).toBe(`127.0.0.1:${edge.port}`);
  const alone = await startEdge((_req, res) => res.end("the service"));
  expect(await (await alone.call("/ops/prometheus/")).text()).toBe("a page");
  await alone.stop();
});
