import { z } from "zod";
import { type UpstreamName, upstreamNames } from "./upstreams.ts";

const upstream = z.strictObject({
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

type UpstreamSchemas = Record<UpstreamName, ReturnType<typeof upstream.prefault>>;
const upstreamsSection = z.strictObject(
  Object.fromEntries(upstreamNames.map((name) => [name, upstream.prefault({})])) as UpstreamSchemas,
);

const calls = (fallback: number) => z.int().min(1).max(10_000_000).default(fallback);

/** The service and what it talks to. */
export const appSection = z.strictObject({
  /** The services that others run: TMDB, Plex, YouTube, Overseerr. @default their doubles */
  upstreams: upstreamsSection.prefault({}),
  /** Run the doubles of the upstreams. @default true */
  doubles: z.boolean().default(true),
  /**
   * Generate a token that authorises every request, and let callers decide by their `traceparent` whether their trace is
   * kept; never for users' stacks. @default false
   */
  devToken: z.boolean().default(false),
  /**
   * E-mail address of the first administrator. The account is made while there is no administrator; its password is
   * generated. Required without `devToken`: no other way leads to an administrator. @default none
   */
  firstAdmin: z.email().optional(),
  /** Key by which the payment provider signs its events, 16 characters or more; two, one a line, while one follows the other. @default a generated one */
  paymentWebhookKey: z.string().min(16).optional(),
  /**
   * Let the numbers of pods of gateway, web, api and worker follow the load, from the tier's `replicas` to its
   * `maxReplicas`: their CPU, by the cluster's metrics API (metrics-server), and what `autoscaling.adapter` gives. Without
   * either the numbers stay at their least. @default true
   */
  autoscale: z.boolean().default(true),
  /** Requests per second that the gateway lets through from one address; more are answered with 429. @default 200 */
  rateLimitPerSecond: z.int().min(1).default(200),
  /** Requests one token may make in a minute. @default 12000 */
  rateLimitPerMinute: calls(12_000),
  /** Requests one address may make in a minute before it is signed in. @default 60 */
  visitorRateLimitPerMinute: calls(60),
  /** Tries per account, address and minute to sign in; ten times as many from all addresses together. @default 10 */
  loginRateLimitPerMinute: calls(10),
  /** Accounts that one network may ask for in an hour. @default 20 */
  registrationRateLimitPerHour: calls(20),
  /** Share of traces kept, 0 to 1. @default 0.1 */
  traceSampleRatio: z.number().min(0).max(1).default(0.1),
  /** Share of page loads whose web vitals browsers report, 0 to 1. @default 1 */
  realUserSampleRatio: z.number().min(0).max(1).default(1),
  /** @default info */
  logLevel: z.enum(["debug", "info", "warn", "error"]).default("info"),
});
