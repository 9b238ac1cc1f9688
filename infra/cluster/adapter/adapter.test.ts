import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { problemsOf, readCatalogue } from "@media/dashboards/contract";
import { SCALING_FIGURES } from "@media/dashboards/scaling";
import { freePorts } from "@media/service/test/programs";
import { parse } from "yaml";
import { adapterConfig, adapterPlan, apiServicePlan, authenticationReaderPlan, routerConfig } from "./adapter.plan.ts";

const plan = adapterPlan({ certPem: "certificate", keyPem: "key of certificate" });

describe("the adapter", () => {
  test("may ask who a caller is and what it may do, and nothing else", () => {
    expect(plan.rbac).toEqual({
      cluster: [
        { apiGroups: ["authentication.k8s.io"], resources: ["tokenreviews"], verbs: ["create"] },
        { apiGroups: ["authorization.k8s.io"], resources: ["subjectaccessreviews"], verbs: ["create"] },
      ],
    });
    const place = { stack: "base", namespace: "media-base" };
    expect(authenticationReaderPlan(place)).toMatchObject({
      metadata: { namespace: "kube-system" },
      roleRef: { kind: "Role", name: "extension-apiserver-authentication-reader" },
      subjects: [{ name: "prometheus-adapter", namespace: "media-base" }],
    });
  });

  test("is known to the API server by its authority, and its key is in a Secret alone", () => {
    const { metadata, spec } = apiServicePlan({ stack: "base", namespace: "media-base" }, "Q0E=");
    expect(metadata.name).toBe("v1beta1.external.metrics.k8s.io");
    expect(spec).toMatchObject({ caBundle: "Q0E=", service: { name: "prometheus-adapter", port: 443 } });
    expect(spec).not.toHaveProperty("insecureSkipTLSVerify");
    expect(JSON.stringify({ ...plan, secrets: undefined })).not.toContain("key of certificate");
  });

  test("speaks TLS to its probes, and to Prometheus by its router alone", () => {
    expect(Object.values(plan.probes ?? {}).map(({ scheme }) => scheme)).toEqual(["HTTPS", "HTTPS", "HTTPS"]);
    expect(plan.args).toContain("--prometheus-url=http://127.0.0.1:9090");
    expect(routerConfig()).toContain("listen 127.0.0.1:9090;");
  });
});

describe("each rule", () => {
  const { externalRules } = parse(adapterConfig()) as {
    externalRules: { seriesQuery: string; name: { matches: string; as: string }; metricsQuery: string }[];
  };
  const catalogue = readCatalogue();
  const [rule] = externalRules;
  const queryOf = (series: string) =>
    (rule?.metricsQuery ?? "")
      .replace("<<.Series>>", series)
      .replace("<<.LabelMatchers>>", 'workload="api",namespace="media-dev"');
  /** Problems of what the adapter would ask for a series. */
  const problems = (series: string) => problemsOf("rule", queryOf(series), catalogue);

  test.each(Object.values(SCALING_FIGURES))("asks PromQL of series that are recorded: %s", (figure) => {
    const series = `media:${figure}`;
    expect(problems(series)).toEqual([]);
    expect(series.replace(new RegExp(rule?.name.matches ?? ""), rule?.name.as ?? "")).toBe(figure);
    expect(series).toMatch(new RegExp(/=~"(.*)"/.exec(rule?.seriesQuery ?? "")?.[1] ?? "none"));
  });

  test("and one of a series that nothing records, or that is no PromQL, is a problem", () => {
    expect(problems("media:workload_wishes")).toEqual([expect.stringContaining("is in no scrape")]);
    expect(problems("media:workload{")).not.toEqual([]);
  });
});

describe("the router, in a real nginx", () => {
  const folder = mkdtempSync(join(tmpdir(), "media-router-"));
  const asked: string[] = [];
  let [nginx, prometheus]: [ChildProcess | undefined, Server | undefined] = [undefined, undefined];
  let url = "";

  beforeAll(async () => {
    prometheus = createServer((req, res) => {
      asked.push(String(req.url));
      res.end('{"status":"success","data":{"resultType":"vector","result":[]}}');
    });
    const [of, port] = await freePorts(2);
    prometheus.listen(of, "127.0.0.1");
    writeFileSync(join(folder, "nginx.conf"), onThisMachine(port, of));
    nginx = spawn("nginx", ["-c", join(folder, "nginx.conf"), "-g", "daemon off;"], {
      env: { PATH: `${process.env.PATH}:/usr/sbin` },
      stdio: "ignore",
    });
    url = `http://127.0.0.1:${port}`;
    for (let n = 0; n < 100 && !(await fetch(url).catch(() => undefined)); n++) await sleep(50);
  });
  afterAll(async () => {
    const gone = new Promise((resolve) => nginx?.once("exit", resolve));
    nginx?.kill("SIGTERM");
    await gone;
    prometheus?.close();
    rmSync(folder, { recursive: true });
  });

  /** The router's own configuration, with one Prometheus: that of media-dev. */
  function onThisMachine(port: number, ofDev: number): string {
    const text = routerConfig()
      .replace(/^\s*resolver.*;$/gm, "")
      .replace("listen 127.0.0.1:9090;", `listen 127.0.0.1:${port};`)
      .replace("prometheus.$namespace.@services@:9090;", "$of;")
      .replace("http {", `http {\n map $namespace $of { media-dev 127.0.0.1:${ofDev}; default 127.0.0.1:1; }`)
      .replaceAll("/tmp/", `${folder}/`)
      .replace("/dev/stderr", join(folder, "error.log"));
    return process.getuid?.() === 0 ? `user root;\n${text}` : text;
  }

  /** As the adapter asks. */
  const query = (text: string) => fetch(`${url}/api/v1/query?${new URLSearchParams({ query: text, time: "1.5" })}`);
  const of = (namespace: string) => `max(media:workload_requests_per_second{workload="api",namespace="${namespace}"})`;

  test("sends a query to the Prometheus of the namespace that it names, unchanged", async () => {
    expect((await query(of("media-dev"))).status).toBe(200);
    expect(new URL(`${url}${asked.at(-1)}`).searchParams.get("query")).toBe(of("media-dev"));
  });

  test("says which figures there are, also while no Prometheus answers", async () => {
    const before = asked.length;
    const { data } = (await (await fetch(`${url}/api/v1/series?match[]=x`)).json()) as { data: { __name__: string }[] };
    expect(data.map(({ __name__ }) => __name__)).toEqual(
      Object.values(SCALING_FIGURES).map((figure) => `media:${figure}`),
    );
    expect(asked).toHaveLength(before);
  });

  test.each([
    ["a stack whose Prometheus is away", of("media-prod"), 502],
    ["a namespace that is no stack's", of("kube-system"), 400],
    ["a namespace that leads out of the names", of("media-dev.evil"), 400],
    ["no namespace at all", "up", 400],
  ])("negative control: of %s nothing is known", async (_, text, status) => {
    const before = asked.length;
    expect((await query(text)).status).toBe(status);
    expect(asked).toHaveLength(before);
  });

  test("answers nothing else of Prometheus' API", async () => {
    expect((await fetch(`${url}/api/v1/status/config?query=namespace%3D%22media-dev%22`)).status).toBe(404);
  });
});
