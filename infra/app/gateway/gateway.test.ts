import { describe, expect, test } from "@jest/globals";
import { CATALOGUE, type ProblemCode } from "@media/service/problems";
import { tiers } from "../../config/tiers.ts";
import type { OpsPage } from "../../lib/ops.ts";
import { app } from "../app.fixtures.ts";
import { certificateManifest } from "./certificate.plan.ts";
import { gatewayPlan, nginxConfig } from "./gateway.plan.ts";
import { OPS_PAGES } from "./ops.plan.ts";
import { PROBLEMS } from "./problems.ts";

/** Socket.IO's server speaks at least every 25 s. */
const PING_SECONDS = 25;

describe("the gateway", () => {
  test("passes the responder's pages on where there is one, and never its webhook", () => {
    const text = nginxConfig(app, { ops: ["prometheus"] });
    expect(text).toMatch(/location ~ \^\/\(incidents\|ops\)\(\/\|\$\) \{[^}]*proxy_pass http:\/\/responder;/);
    expect(text).not.toContain("webhook");
    expect(text).not.toMatch(/\{\{|\}\}/);
    expect(nginxConfig(app)).not.toContain("responder");
  });

  test("connects to the programs whose pages it serves, and to no other", () => {
    const plan = (ops?: OpsPage[]) =>
      gatewayPlan({ sizes: tiers.small.gateway, app, ops, tls: { certificate: "CERT", key: "KEY" } }).connectsTo;
    expect(plan(["loki", "grafana"])).toEqual([
      "api-pods:http",
      "web-pods:http",
      "responder:http",
      "loki:http",
      "grafana:http",
    ]);
    expect(plan()).toEqual(["api-pods:http", "web-pods:http"]);
  });

  test("no page of another program is there without the question who asks, or with cookie or token", () => {
    const text = nginxConfig(app, { ops: Object.keys(OPS_PAGES) as OpsPage[] });
    const locations = text.split(/^ {4}location /m).filter((part) => part.startsWith('~ "^/ops/'));
    // Two of them have one more for what may be changed.
    expect(locations).toHaveLength(7);
    for (const location of locations)
      for (const line of [
        "auth_request /-/operator;",
        'Authorization "";',
        'Cookie "";',
        "proxy_hide_header Set-Cookie;",
      ])
        expect(location).toContain(line);
    const reading = locations.filter((location) => location.includes("limit_except GET {"));
    expect(reading).toHaveLength(5);
  });

  test("limits as configured and knows its upstream", () => {
    const text = nginxConfig(app);
    expect(text).toContain("rate=50r/s");
    expect(text).toContain("burst=100 nodelay");
    expect(text).toContain("server api-pods.@domain@:8080 resolve max_fails=3 fail_timeout=3s;");
    expect(text).not.toMatch(/\{\{|\}\}/);
  });

  test.each([
    [0, "* 00;"],
    [0.001, "0.10% 01; * 00;"],
    [0.25, "25.00% 01; * 00;"],
    [1, "* 01;"],
  ])("a share of %p of the traces that begin here is kept: %s", (traceSampleRatio, rules) => {
    expect(nginxConfig({ ...app, traceSampleRatio })).toContain(`    ${rules}\n`);
  });

  test.each(Object.keys(PROBLEMS).map(Number))(
    "its own error %d is a problem document with the request's id",
    (status) => {
      const text = nginxConfig(app);
      const body = new RegExp(`return ${status} '(.*)';`).exec(text)?.[1] ?? "";
      const { type, hint, ...rest } = JSON.parse(body);
      expect(rest).toMatchObject({ status, requestId: "$request_id" });
      expect(hint).toMatch(/^[A-Z].*\.$/);
      if (type === "about:blank") expect(rest).not.toHaveProperty("code");
      else expect([type, CATALOGUE[rest.code as ProblemCode]]).toMatchObject([`/problems/${rest.code}`, { status }]);
      // nginx would take them for the string's end, and for a variable.
      expect(body.replace("$request_id", "")).not.toMatch(/['$\\]/);
      expect(text).toMatch(new RegExp(`error_page [\\d ]+ =${status} /-/problems/${status};`));
    },
  );

  test("keeps a socket open for longer than its two ends are silent", () => {
    const location = /location \/socket\.io\/ \{([^}]*)\}/.exec(nginxConfig(app))?.[1] ?? "";
    expect(location).toContain("proxy_set_header Upgrade $http_upgrade;");
    const seconds = Number(/proxy_read_timeout (\d+)s;/.exec(location)?.[1]);
    expect(seconds).toBeGreaterThan(PING_SECONDS);
  });

  test("knows every error that nginx can give by itself in this configuration", () => {
    expect(Object.keys(PROBLEMS)).toEqual(
      expect.arrayContaining(["400", "404", "413", "414", "429", "431", "502", "504"]),
    );
    const codes = [...nginxConfig(app).matchAll(/error_page ([\d ]+) =/g)].flatMap(([, list]) => list?.split(" "));
    expect(codes).toEqual(expect.arrayContaining(["494", "495", "496", "497"]));
    expect(new Set(codes).size).toBe(codes.length);
  });

  test("says when to try again in errors that pass", () => {
    const waits = Object.entries(PROBLEMS).filter(([, { retryAfter }]) => retryAfter !== undefined);
    expect(waits.map(([status]) => status)).toEqual(["429", "502", "503", "504"]);
    expect(nginxConfig(app).match(/add_header Retry-After/g)).toHaveLength(waits.length);
  });

  test("its errors keep the headers that every answer has", () => {
    const server = [...nginxConfig(app).matchAll(/^ {4}add_header (\S+ .*) always;/gm)].map(([, header]) => header);
    const location = /location = \/-\/problems\/404 \{([^}]*)/.exec(nginxConfig(app))?.[1] ?? "";
    for (const header of server) expect(location).toContain(`add_header ${header} always;`);
    expect(server).toHaveLength(4);
  });

  test("is scraped where its counts are", () => {
    const plan = gatewayPlan({ sizes: tiers.small.gateway, app, tls: { certificate: "CERT", key: "KEY" } });
    expect(plan.metrics).toEqual({ port: "status" });
    expect(Object.keys(plan.files?.config?.data ?? {})).toEqual([
      "metrics.js",
      "nginx.conf",
      "renew.sh",
      "resolve.sh",
      "start.sh",
    ]);
    expect(nginxConfig(app)).toContain("js_import metrics from /etc/nginx/metrics.js;");
  });

  test("takes its certificate from a Secret of others, where one is named, and makes none itself", () => {
    const plan = gatewayPlan({ sizes: tiers.small.gateway, app, tls: { secretName: "media-tls" } });
    expect(plan.volumes?.tls).toEqual({
      type: "secret",
      path: "/run/secrets/gateway",
      readOnly: true,
      secretName: "media-tls",
    });
    expect(plan.secrets).toEqual({});
  });

  test("has a Certificate made by cert-manager for the public name alone", () => {
    const { metadata, spec } = certificateManifest({ stack: "prod", namespace: "media-prod" }, "media.example.com", {
      name: "letsencrypt",
      kind: "ClusterIssuer",
    });
    expect(metadata.namespace).toBe("media-prod");
    expect(spec).toMatchObject({
      secretName: "gateway-certificate",
      dnsNames: ["media.example.com"],
      issuerRef: { group: "cert-manager.io", kind: "ClusterIssuer", name: "letsencrypt" },
    });
  });

  test("believes the PROXY protocol from the networks that are named, at the public port alone; else of none", () => {
    const text = nginxConfig(app, { proxyProtocolFrom: ["10.0.0.0/8", "192.0.2.0/24"] });
    expect(text).toContain("listen 8443 ssl proxy_protocol;");
    expect(text).toContain("listen 8444 ssl;");
    expect(text).toContain("set_real_ip_from 10.0.0.0/8; set_real_ip_from 192.0.2.0/24;");
    expect(nginxConfig(app)).not.toMatch(/proxy_protocol|real_ip/);
  });

  test("has the configuration tested and reread that it was started with", () => {
    const plan = gatewayPlan({ sizes: tiers.small.gateway, app, tls: { secretName: "media-tls" } });
    const of = (name: string) => String(plan.files?.config?.data[name]);
    const [, started] = /exec nginx -c (\S+)/.exec(of("start.sh")) ?? [];
    expect(of("start.sh")).toContain("sh /etc/nginx/renew.sh &");
    expect(of("renew.sh")).toContain(`config="\${NGINX_CONFIG:-${started}}"`);
  });

  test("has its key in a secret", () => {
    const { secrets } = gatewayPlan({ sizes: tiers.small.gateway, app, tls: { certificate: "CERT", key: "KEY" } });
    expect(secrets?.tls?.data).toEqual({ "tls.crt": "CERT", "tls.key": "KEY" });
  });
});
