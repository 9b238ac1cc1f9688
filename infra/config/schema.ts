import { z } from "zod";
import { type OutsideService, outsideNames, outsideServices } from "./outside.ts";

/** The parts of a stack, in the order in which they are built. */
export const layerNames = ["cluster", "data", "app", "observability"] as const;
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

const images = z.strictObject({
  /** Registry that holds what we build: "host:port" or "host/path". */
  registry: z.string().min(1),
  /** References by digest, by folder of local/images; `service` too may be given. @default {} */
  pinned: z.record(z.string(), z.string().includes("@sha256:", "must be a reference by digest")).default({}),
  /** Network of the builds of the program's own images. @default docker's own */
  buildNetwork: z.string().min(1).optional(),
});

const access = z.strictObject({
  /**
   * How people reach the exposed services. A load balancer is made for the gateway alone: Prometheus, Loki, Jaeger and
   * Pushgateway ask nobody who they are, so with it they stay inside, for `kubectl port-forward`. @default NodePort
   */
  type: z.enum(["NodePort", "LoadBalancer", "ClusterIP"]).default("NodePort"),
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
  /** Encrypts what is stored; keep it elsewhere too, for without it no backup can be read. @default not encrypted */
  cipherPass: z.string().min(16).optional(),
};

const backups = z.strictObject({
  ...store,
  /**
   * The store of another stack, or a copy of it, that a new stack begins from while its own store has no backup. It is only
   * read: give it keys that can do no more. @default a new stack without a backup begins empty
   */
  restoreFrom: z.strictObject(store).optional(),
});

const outsideService = z.strictObject({
  /**
   * Where it is: a public name, `name.namespace.svc` inside the cluster, or the IPv4 address of a server on a private
   * network. Only that host's port is opened to us, and of the public names no private address.
   * @default its double, where `app.doubles` is on
   */
  baseUrl: z
    .url({ protocol: /^https?$/, hostname: /\./, error: "must be an http(s) URL with a full host name or an address" })
    .optional(),
  /** Its token or key; the double takes any. @default a generated one, where its double answers */
  credential: z.string().min(1).optional(),
});

type OutsideSchemas = Record<OutsideService, ReturnType<typeof outsideService.prefault>>;
const outside = z.strictObject(
  Object.fromEntries(outsideNames.map((name) => [name, outsideService.prefault({})])) as OutsideSchemas,
);

const perMinute = (fallback: number) => z.int().min(1).max(10_000_000).default(fallback);

const app = z.strictObject({
  /** The services that others run: TMDB, Plex, YouTube, Overseerr. @default their doubles */
  outside: outside.prefault({}),
  /** Run the doubles of the outside services. @default true */
  doubles: z.boolean().default(true),
  /**
   * Generate a token that authorises every request, and let callers decide by their `traceparent` whether their trace is
   * kept; never for users' stacks. @default false
   */
  devToken: z.boolean().default(false),
  /** E-mail address of the first administrator, who is made while there is none; the password is generated. @default nobody */
  firstAdmin: z.email().optional(),
  /** Key by which the payment provider signs its events, 16 characters or more; two, one a line, while one follows the other. @default a generated one */
  paymentWebhookKey: z.string().min(16).optional(),
  /** Requests per second that the gateway lets through from one address; more are answered with 429. @default 200 */
  rateLimitPerSecond: z.int().min(1).default(200),
  /** Requests one token may make in a minute. @default 12000 */
  rateLimitPerMinute: perMinute(12_000),
  /** Requests one address may make in a minute before it is signed in. @default 60 */
  visitorRateLimitPerMinute: perMinute(60),
  /** Tries per account, address and minute to sign in; ten times as many from all addresses together. @default 10 */
  loginRateLimitPerMinute: perMinute(10),
  /** Share of traces kept, 0 to 1. @default 0.1 */
  traceSampleRatio: z.number().min(0).max(1).default(0.1),
  /** @default info */
  logLevel: z.enum(["debug", "info", "warn", "error"]).default("info"),
});

const certificates = z.strictObject({
  /** Validity of every generated certificate; fixed dates, so that nothing changes from one run to the next. */
  notBefore: z.iso.date().default("2026-01-01"),
  notAfter: z.iso.date().default("2036-01-01"),
});

export const schema = z
  .strictObject({
    kubernetes,
    images,
    tier: z.enum(["small", "medium", "large"]),
    layers: z.array(layerName).min(1),
    access: access.prefault({}),
    backups: backups.optional(),
    app: app.prefault({}),
    certificates: certificates.prefault({}),
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
    const alone = config.layers.includes("app") && !config.app.doubles;
    for (const name of alone ? outsideNames : []) {
      for (const key of ["baseUrl", "credential"] as const) {
        if (config.app.outside[name][key]) continue;
        const message = "is missing: no double answers here (app.doubles is false)";
        context.addIssue({ code: "custom", path: ["app", "outside", name, key], message });
      }
    }
  });

export type Config = z.output<typeof schema>;
export type ImagesConfig = Config["images"];
export type BackupsConfig = NonNullable<Config["backups"]>;
/** How a backup store is reached. */
export type StoreConfig = Omit<BackupsConfig, "restoreFrom">;

/** An example of each key, shown in errors. */
export const examples: Record<string, string> = {
  "kubernetes.context": '"kind-media"',
  "kubernetes.kubeconfig": '"/home/me/.kube/config"',
  "kubernetes.readySeconds": "120",
  "kubernetes.storageClass": '"standard"',
  kubernetes: '{ context: "kind-media" }',
  images: '{ registry: "registry.example.com/media" }',
  "images.registry": '"registry.example.com/media"',
  "images.pinned": '{ postgres: "registry.example.com/media/postgres@sha256:…" }',
  "images.buildNetwork": '"host"',
  tier: '"small"',
  layers: '["data", "app", "observability"]',
  "access.type": '"NodePort"',
  "access.host": '"127.0.0.1"',
  backups: '{ endpoint: "https://s3.example.com", bucket: "media-dev", accessKey: "…", secretKey: "…" }',
  "backups.endpoint": '"https://s3.example.com"',
  "backups.bucket": '"media-dev"',
  "backups.region": '"eu-central-1"',
  "backups.caPem": '"-----BEGIN CERTIFICATE-----…"',
  "backups.accessKey": '"AKIA…"',
  "backups.secretKey": '"…"',
  "backups.cipherPass": '"a long random text"',
  "backups.restoreFrom": '{ endpoint: "https://s3.example.com", bucket: "media-prod", accessKey: "…", secretKey: "…" }',
  ...outsideExamples(),
  "app.doubles": "false",
  "app.devToken": "true",
  "app.firstAdmin": '"admin@example.com"',
  "app.paymentWebhookKey": '"whsec_…"',
  "app.traceSampleRatio": "0.1",
  "app.rateLimitPerSecond": "200",
  "app.rateLimitPerMinute": "12000",
  "app.visitorRateLimitPerMinute": "60",
  "app.loginRateLimitPerMinute": "10",
  "app.logLevel": '"info"',
  "certificates.notBefore": '"2026-01-01"',
  "certificates.notAfter": '"2036-01-01"',
  backupStoreTenants: '["dev", "prod"]',
  protect: "true",
  confirmReplacements: '["StatefulSet/postgres"]',
};

function outsideExamples(): Record<string, string> {
  return Object.fromEntries(
    outsideNames.flatMap((name) => [
      [`app.outside.${name}.baseUrl`, `"${outsideServices[name].example}"`],
      [`app.outside.${name}.credential`, '"…"'],
    ]),
  );
}
