import type { Input } from "@pulumi/pulumi";
import { z } from "zod";
import { alertsSection, REQUIRED_ALERT_KEYS } from "./alerts.ts";
import { appSection } from "./app.ts";
import { authSection } from "./auth.ts";
import { autoscalingSection } from "./autoscaling.ts";
import { connectionProblems } from "./connections.ts";
import { credentialsSection } from "./credentials.ts";
import { gatewaySection } from "./gateway.ts";
import { imagesSection } from "./images.ts";
import { sizesOf, sizesSection } from "./sizes.ts";
import { standbyProblems } from "./standby.ts";
import { upstreamNames } from "./upstreams.ts";

/** The parts of a stack, in the order in which they are built. */
export const layerNames = ["cluster", "data", "observability", "app", "recovery"] as const;
export const layerName = z.enum(layerNames);
export type LayerName = z.infer<typeof layerName>;

const kubernetes = z.strictObject({
  /** Context of the kubeconfig that names the cluster. */
  context: z.string().min(1),
  /** Path of the kubeconfig. @default $KUBECONFIG, then ~/.kube/config */
  kubeconfig: z.string().min(1).optional(),
  /** How long to wait at most for a workload to become ready, in seconds. @default each workload's own, 300 or more */
  readySeconds: z.int().min(5).optional(),
  /** Storage class of all volumes. @default the cluster's own default class */
  storageClass: z.string().min(1).optional(),
});

const access = z.strictObject({
  /**
   * How people reach the gateway, and through it, signed in, Prometheus, Alertmanager, Jaeger, Loki and Grafana.
   * @default NodePort
   */
  type: z.enum(["NodePort", "LoadBalancer", "ClusterIP"]).default("NodePort"),
  /**
   * With node ports, give Prometheus, Alertmanager, Jaeger, Loki, Pushgateway and the alert sink node ports of their own.
   * They have no sign-in: for tools on a private network, never for users' stacks. @default false
   */
  direct: z.boolean().default(false),
  /** The address under which node ports are reached: of a node with a gateway's pod, others do not answer. @default 127.0.0.1 */
  host: z.string().min(1).default("127.0.0.1"),
});

const store = {
  /** Address of the S3 store, an https URL. */
  endpoint: z.url({ protocol: /^https$/ }),
  bucket: z.string().min(3),
  /** @default us-east-1 */
  region: z.string().min(1).default("us-east-1"),
  /** Certificate authority of the endpoint, PEM. @default the image's own CA bundle */
  caPem: z.string().includes("BEGIN CERTIFICATE").optional(),
  accessKey: z.string().min(1),
  secretKey: z.string().min(1),
  /** Key of the backups, a long random text; keep it elsewhere too, for without it no backup can be read. @default none */
  cipherPass: z.string().min(16).optional(),
};

const backups = z.strictObject({
  ...store,
  /**
   * Encrypt the backups (AES-256-CBC). Without `cipherPass` the stack generates the key and shows it in its output
   * `generatedBackupKey`: it goes with the stack, so keep a copy elsewhere, or set it. @default true
   */
  encrypted: z.boolean().default(true),
  /**
   * Keys that may delete in the bucket. With them the stack's other keys need no right to delete, and what expires is
   * removed by a container of its own, which alone has these. @default the other keys delete
   */
  expiry: z.strictObject({ accessKey: z.string().min(1), secretKey: z.string().min(1) }).optional(),
  /**
   * The store of another stack, or a copy of it, that a new stack begins from while its own store has no backup. It is only
   * read: give it keys that can do no more. @default a new stack without a backup begins empty
   */
  restoreFrom: z.strictObject(store).optional(),
  /**
   * Follow `restoreFrom` all the time instead of beginning from it once: the stack is a warm standby, its database is read-only,
   * and neither app nor recovery run. Taking it back promotes the stack; it is never made a standby again (docs/recovery.md).
   * @default false
   */
  standby: z.boolean().default(false),
});

const grafana = z.strictObject({
  /** Run Grafana; without it `make dashboards` draws the same dashboards. @default true */
  enabled: z.boolean().default(true),
  /**
   * Prometheus of another stack or cluster, with which the dashboard Comparison compares this one: an address that this
   * cluster's pods reach, and that lets them in. @default none: the stack is compared with itself
   */
  otherPrometheusUrl: z.url({ protocol: /^https?$/ }).optional(),
});

const quota = z.strictObject({
  /** Pods that the stack's namespace may hold at most, those that a rollout adds included. @default 100 */
  pods: z.int().min(1).default(100),
});

const certificates = z
  .strictObject({
    /** Validity of the stack's authority; fixed dates, so that nothing changes from one run to the next. */
    notBefore: z.iso.date().default("2026-01-01"),
    notAfter: z.iso.date().default("2036-01-01"),
    /** The day by which servers' certificates are renewed (lib/certificates.ts). @default today */
    asOf: z.iso.date().default(() => new Date().toISOString().slice(0, 10)),
  })
  .refine(({ asOf, notAfter }) => asOf < notAfter, { path: ["notAfter"], message: "has passed: set a later date" });

export const schema = z
  .strictObject({
    kubernetes,
    images: imagesSection,
    tier: z.enum(["small", "medium", "large"]),
    /** Sizes that differ from the tier's; `make tune` sets them. @default {} */
    sizes: sizesSection.prefault({}),
    layers: z.array(layerName).min(1),
    access: access.prefault({}),
    backups: backups.optional(),
    app: appSection.prefault({}),
    auth: authSection.prefault({}),
    autoscaling: autoscalingSection.prefault({}),
    gateway: gatewaySection.prefault({}),
    alerts: alertsSection.prefault({}),
    grafana: grafana.prefault({}),
    certificates: certificates.prefault({}),
    quota: quota.prefault({}),
    /** Which generation of each generated credential is valid; `make rotate` sets it (docs/credentials.md). @default the first of each */
    credentials: credentialsSection.default({}),
    /** Stacks for which the base stack keeps a bucket with keys of its own. @default [] */
    backupStoreTenants: z.array(z.string().regex(/^[a-z][a-z0-9-]*$/)).default([]),
    /** Refuse to delete the namespace and the volumes. @default false */
    protect: z.boolean().default(false),
    /**
     * Stateful resources that may be replaced or deleted, as "Kind/name": without it `make preview-report` stops such a
     * change. Remove it with the next change. @default []
     */
    confirmReplacements: z.array(z.string().regex(/^[A-Z]\w+\/[\w.-]+$/, 'must be "Kind/name"')).default([]),
  })
  .superRefine((config, context) => {
    if (config.layers.includes("data") && !config.backups) {
      context.addIssue({ code: "custom", path: ["backups"], message: "is missing: the data layer archives there" });
    }
    for (const issue of standbyProblems(config)) context.addIssue({ code: "custom", ...issue });
    if (config.layers.includes("app") && !config.layers.includes("data")) {
      context.addIssue({
        code: "custom",
        path: ["layers"],
        message: "must have data too: the app layer keeps its state there",
      });
    }
    if (config.layers.includes("app") && config.access.type === "LoadBalancer" && !config.gateway.hostname) {
      const message = "is missing: clients would refuse the certificate at the load balancer's address";
      context.addIssue({ code: "custom", path: ["gateway", "hostname"], message });
    }
    if (config.layers.includes("app") && !config.app.devToken && !config.app.firstAdmin) {
      const message = "is missing: without app.devToken nothing else can make an administrator";
      context.addIssue({ code: "custom", path: ["app", "firstAdmin"], message });
    }
    if (config.auth.oidc && !config.gateway.hostname) {
      const message = "is missing: the provider of auth.oidc sends people back to this name";
      context.addIssue({ code: "custom", path: ["gateway", "hostname"], message });
    }
    for (const { path, message } of connectionProblems(sizesOf(config.tier, config.sizes)))
      context.addIssue({ code: "custom", path: ["sizes", ...path], message });
    const needed = ["data", "observability"] as const;
    const absent = needed.filter((name) => !config.layers.includes(name));
    if (config.layers.includes("recovery") && absent.length > 0) {
      const message = `must have ${absent.join(" and ")} too: the recovery layer restores the database's backups and reports to Pushgateway`;
      context.addIssue({ code: "custom", path: ["layers"], message });
    }
    const alone = config.layers.includes("app") && !config.app.doubles;
    for (const [section, key] of config.layers.includes("observability") && !config.app.doubles
      ? REQUIRED_ALERT_KEYS
      : []) {
      if ((config.alerts[section] as Record<string, unknown>)[key]) continue;
      const message = "is missing: no sink takes alerts here (app.doubles is false)";
      context.addIssue({ code: "custom", path: ["alerts", section, key], message });
    }
    for (const name of alone ? upstreamNames : []) {
      for (const key of ["baseUrl", "credential"] as const) {
        if (config.app.upstreams[name][key]) continue;
        const message = "is missing: no double answers here (app.doubles is false)";
        context.addIssue({ code: "custom", path: ["app", "upstreams", name, key], message });
      }
    }
  });

export type Config = z.output<typeof schema>;
export type ImagesConfig = Config["images"];
export type BackupsConfig = NonNullable<Config["backups"]>;
/** How a backup store is reached. */
export type StoreConfig = Omit<BackupsConfig, "encrypted" | "expiry" | "restoreFrom" | "standby" | "cipherPass"> & {
  cipherPass?: Input<string> | undefined;
};
