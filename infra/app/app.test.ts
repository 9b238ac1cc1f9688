import { describe, expect, test } from "@jest/globals";
import { PACES } from "../config/autoscaling.ts";
import { tiers } from "../config/tiers.ts";
import { upstreamNames } from "../config/upstreams.ts";
import { dataHandles } from "../data/handles.ts";
import { endpointOf } from "../lib/handles.ts";
import { app } from "./app.fixtures.ts";
import { responderPlan } from "./responder.plan.ts";
import { apiPlan, doublesPlan, proberPlan, type ServiceArgs, workerPlan } from "./service.plan.ts";

const args: ServiceArgs = {
  sizes: tiers.small,
  app,
  data: dataHandles({
    login: { user: "media_0a1b2c3d", password: "d" },
    passwords: { superuser: "s", redisCache: "c", redisState: "r", responder: "o" },
  }),
  observability: {
    collector: endpointOf("collector", "collector:otlp-http"),
    pushgateway: endpointOf("pushgateway", "pushgateway:http"),
  },
  image: { reference: "registry/service@sha256:1", version: "1.2.3" },
  secrets: {
    "database-password": "d",
    "dev-token": "t",
    "token-key": "k",
    ...Object.fromEntries(upstreamNames.map((name) => [`${name}-credential`, name])),
  },
};

describe("the service's processes", () => {
  test("run from one image, each under its own name", () => {
    const plans = [apiPlan(args), workerPlan(args), doublesPlan(args), proberPlan(args), responderPlan(args)];
    const names = ["api", "worker", "doubles", "prober", "responder"];
    expect(plans.map(({ name }) => name)).toEqual(names);
    const started = plans.map(({ command }) => command?.filter((word) => !String(word).startsWith("--")).join(" "));
    expect(started).toEqual(names.map((name) => `node service/src/main.ts ${name}`));
  });

  test("leave room in their pods for what is not JavaScript's", () => {
    for (const { command, resources } of [apiPlan(args), workerPlan(args), doublesPlan(args), proberPlan(args)]) {
      const old = Number(/--max-old-space-size=(\d+)/.exec(command?.join(" ") ?? "")?.[1]);
      expect(old).toBeGreaterThan(60);
      expect(old).toBeLessThan(resources.memoryMi / 2);
    }
  });

  test("get addresses in their environment and passwords as files", () => {
    const { env, secrets } = apiPlan(args);
    expect(env).toMatchObject({
      PGHOST: "pgbouncer",
      MIGRATE_PGHOST: "postgres",
      REDIS_STATE_SENTINELS: "redis-state-sentinel:26379",
      PGPASSWORD_FILE: "/run/secrets/media/database-password",
      DEV_TOKEN_FILE: "/run/secrets/media/dev-token",
      SERVICE_VERSION: "1.2.3",
    });
    expect(secrets?.media).toEqual({ path: "/run/secrets/media", data: args.secrets });
  });

  test("get only the secrets that they use", () => {
    expect(workerPlan(args).secrets?.media?.data).toEqual({
      "database-password": "d",
      "overseerr-credential": "overseerr",
    });
    expect(doublesPlan(args).secrets).toBeUndefined();
    expect(Object.keys(proberPlan(args).secrets?.media?.data ?? {})).toEqual(
      upstreamNames.map((name) => `${name}-credential`),
    );
  });

  test("limit as configured, and have pools of the tier's size", () => {
    expect(apiPlan(args).env).toMatchObject({
      LOGIN_RATE_LIMIT_PER_MINUTE: "3",
      RATE_LIMIT_PER_MINUTE: "600",
      VISITOR_RATE_LIMIT_PER_MINUTE: "7",
      REGISTRATION_RATE_LIMIT_PER_HOUR: "9",
      PG_POOL_MAX: String(tiers.small.api.poolMax),
    });
    expect(workerPlan(args).env?.PG_POOL_MAX).toBe(String(tiers.small.worker.poolMax));
  });

  test("api and worker follow their load, unless the stack says otherwise or leaves no room", () => {
    expect(apiPlan(args).autoscale).toEqual({ maxReplicas: 3, cpuMilli: 400, pace: PACES.api });
    expect(workerPlan(args).autoscale).toEqual({ maxReplicas: 2, cpuMilli: 400, pace: PACES.worker });
    const changed = (changes: object) => ({ ...args.sizes, api: { ...args.sizes.api, ...changes } });
    expect(apiPlan({ ...args, sizes: changed({ cpuTargetMilli: 60 }) }).autoscale).toMatchObject({ cpuMilli: 60 });
    for (const plan of [
      doublesPlan(args),
      apiPlan({ ...args, app: { ...app, autoscale: false } }),
      apiPlan({ ...args, sizes: changed({ maxReplicas: 1 }) }),
    ])
      expect(plan).not.toHaveProperty("autoscale");
  });

  test("with the adapter requests per second and the queue's age count too", () => {
    const asked = { ...args, autoscaling: { adapter: true } };
    const requests = { name: "workload_requests_per_second", per: "pod", target: 50 };
    const age = { name: "workload_queue_age_seconds", per: "workload", target: 30 };
    expect(apiPlan(asked).autoscale?.figures).toEqual([requests]);
    expect(workerPlan(asked).autoscale?.figures).toEqual([age]);
    expect(apiPlan({ ...args, autoscaling: { adapter: false } }).autoscale).not.toHaveProperty("figures");
  });

  test("know of no dev token where there is none", () => {
    const { env } = apiPlan({ ...args, secrets: { "database-password": "d" } });
    expect(env).not.toHaveProperty("DEV_TOKEN_FILE");
  });

  test("send traces only in a stack with a collector", () => {
    expect(doublesPlan(args)).toMatchObject({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: "http://collector:4318" },
      connectsTo: ["collector:otlp-http"],
    });
    expect(doublesPlan({ ...args, observability: undefined }).connectsTo).toEqual([]);
  });

  test("ask the doubles, or where the configuration says, and each its own", () => {
    const own = { tmdb: { baseUrl: "https://api.themoviedb.org" }, plex: { baseUrl: "http://192.168.1.7:32400" } };
    const some: ServiceArgs["app"] = { ...app, upstreams: { ...app.upstreams, ...own } };
    const elsewhere = { youtube: { baseUrl: "https://y.example" }, overseerr: { baseUrl: "https://o.example" } };
    const none: ServiceArgs["app"] = { ...some, upstreams: { ...own, ...elsewhere } };
    const links = (settings: ServiceArgs["app"]) =>
      apiPlan({ ...args, app: settings }).connectsTo?.filter((link) => /doubles|upstreams/.test(link));
    expect([app, some, none].map(links)).toEqual([["doubles:http"], ["doubles:http", "upstreams"], ["upstreams"]]);
    expect(proberPlan({ ...args, app: some }).env).toMatchObject({
      TMDB_BASE_URL: "https://api.themoviedb.org",
      PLEX_BASE_URL: "http://192.168.1.7:32400",
      YOUTUBE_BASE_URL: "http://doubles:8080/youtube",
      OVERSEERR_BASE_URL: "http://doubles:8080/overseerr",
    });
    expect(links(app)).not.toContain("upstreams");
    // The worker asks Overseerr and no other upstream.
    const worked = (settings: ServiceArgs["app"]) => workerPlan({ ...args, app: settings });
    const worker = (settings: ServiceArgs["app"]) =>
      worked(settings).connectsTo?.filter((link) => /doubles|upstreams/.test(link));
    expect([app, some, none].map(worker)).toEqual([["doubles:http"], ["doubles:http"], ["upstreams"]]);
    const urls = Object.keys(worked(some).env ?? {}).filter((name) => name.endsWith("_BASE_URL"));
    expect(urls).toEqual(["OVERSEERR_BASE_URL"]);
  });

  test("the responder may do at the Kubernetes API what its playbooks do, in its namespace alone", () => {
    const { rbac, env, connectsTo, volumes } = responderPlan({
      ...args,
      alerts: {
        automation: "dry-run",
        escalation: { afterMinutes: [5, 10], reviewMinutes: 7 },
        pagerduty: { url: "https://events.pagerduty.com/v2/enqueue" },
      },
    });
    expect(rbac?.cluster).toBeUndefined();
    expect(rbac?.namespace).toEqual([
      { apiGroups: [""], resources: ["pods"], verbs: ["delete", "get", "list"] },
      {
        apiGroups: [""],
        resources: ["persistentvolumeclaims"],
        resourceNames: [0, 1, 2, 3, 4].map((n) => `data-postgres-${n}`),
        verbs: ["delete", "get", "patch"],
      },
      { apiGroups: ["apps"], resources: ["replicasets"], verbs: ["list"] },
      { apiGroups: ["apps"], resources: ["deployments"], resourceNames: ["api"], verbs: ["patch"] },
      {
        apiGroups: ["apps"],
        resources: ["deployments/scale"],
        resourceNames: ["api", "worker"],
        verbs: ["get", "patch"],
      },
      {
        apiGroups: ["autoscaling"],
        resources: ["horizontalpodautoscalers"],
        resourceNames: ["api", "worker"],
        verbs: ["get", "patch"],
      },
    ]);
    expect(env).toMatchObject({
      OPERATIONS_PGUSER: "responder",
      ESCALATION_MINUTES: "5,10",
      REVIEW_MINUTES: "7",
      AUTOMATION: "dry-run",
      SCALE_OUT_MOST: "api=2,worker=2",
      VOLUME_MOST_GI: "postgres=10",
      SPOOL_FOLDER: volumes?.spool?.path,
    });
    expect(connectsTo).toEqual(expect.arrayContaining(["alertmanager:http", "kubernetes-api", "prometheus:http"]));
    // Without a service of PagerDuty the doubles' sink takes its place.
    expect([env?.PAGERDUTY_URL, connectsTo]).toEqual([
      "http://sink:8090/pagerduty/v2/enqueue",
      expect.arrayContaining(["sink:sink"]),
    ]);
    expect(connectsTo).not.toContain("alert-receivers");
  });

  test("the responder has people sign in as the configuration says, and reaches a provider only where there is one", () => {
    const { env, connectsTo } = responderPlan({ ...args, opsPages: ["prometheus", "loki"] });
    expect(env).toMatchObject({ LOCAL_SIGN_IN: "on", OPS_PAGES: "prometheus,loki" });
    expect(Object.keys(env ?? {}).filter((name) => name.startsWith("OIDC_"))).toEqual([]);
    expect(connectsTo).not.toContain("identity-provider");
    // Sessions that ended are not let in.
    expect(connectsTo).toEqual(expect.arrayContaining(["redis-state:redis", "redis-state-sentinel:sentinel"]));
    const oidc = {
      issuer: "https://id.example.com",
      clientId: "media",
      clientSecret: "the-secret",
      scopes: ["email", "openid"],
      adminClaim: "groups",
      adminValues: ["cn=operators,dc=example"],
    };
    const secrets = { ...args.secrets, "oidc-client-secret": "the-secret" };
    const plan = responderPlan({ ...args, secrets, auth: { oidc, localAccounts: false } });
    expect(plan.env).toMatchObject({
      LOCAL_SIGN_IN: "off",
      OIDC_ISSUER: "https://id.example.com",
      OIDC_SCOPE: "openid email",
      OIDC_ADMIN_VALUES: '["cn=operators,dc=example"]',
      OIDC_CLIENT_SECRET_FILE: "/run/secrets/media/oidc-client-secret",
    });
    expect(JSON.stringify(plan.env)).not.toContain("the-secret");
    expect(plan.connectsTo).toContain("identity-provider");
    expect(apiPlan({ ...args, secrets }).secrets?.media?.data).not.toHaveProperty("oidc-client-secret");
  });

  test("the prober's round ends before the next one begins", () => {
    const { kind, schedule, connectsTo } = proberPlan(args);
    expect([kind, schedule.cron]).toEqual(["CronJob", "* * * * *"]);
    expect(schedule.deadlineSeconds).toBeLessThan(60);
    expect(connectsTo).toEqual(["doubles:http", "pushgateway:http", "gateway-inside:inside"]);
  });

  test("have longer to stop than they take to drain", () => {
    const { env, drain } = apiPlan(args);
    expect(drain?.graceSeconds).toBeGreaterThan(Number(env?.DRAIN_SECONDS) + 15);
  });
});
