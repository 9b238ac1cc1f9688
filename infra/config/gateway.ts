import { z } from "zod";

const dnsName = z
  .string()
  .regex(/^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$/, "must be a host name");

const pace = z.strictObject({
  /** How fast the rest of an answer is sent at most, in KiB per second. Each answer has a pace of its own. */
  kibPerSecond: z.int().min(1).max(1_048_576),
  /** How much of it is sent as fast as it can be, in KiB. @default 0 */
  afterKib: z.int().min(0).max(1_048_576).default(0),
});

/** Routes of which answers may be held to a pace. */
export const PACED_ROUTES = ["api", "catalogue", "pages", "static"] as const;
export type PacedRoute = (typeof PACED_ROUTES)[number];

/** How clients reach the gateway, and by which certificate they know it. */
export const gatewaySection = z
  .strictObject({
    /** The public name: clients' DNS leads it to the load balancer. @default none, and none is needed with node ports */
    hostname: dnsName.optional(),
    certificate: z
      .strictObject({
        /** A Secret of type kubernetes.io/tls in the stack's namespace, kept by others; the gateway takes over what changes in it. */
        secretName: z.string().min(1).optional(),
        /** cert-manager's issuer, which signs a Certificate for `hostname`: by DNS-01, as the gateway has no port 80. */
        issuer: z
          .strictObject({
            name: z.string().min(1),
            /** @default ClusterIssuer */
            kind: z.enum(["ClusterIssuer", "Issuer"]).default("ClusterIssuer"),
          })
          .optional(),
      })
      .refine(({ secretName, issuer }) => !(secretName && issuer), "must have secretName or issuer, not both")
      /** @default the stack's own authority signs it, which clients have to trust (output caPem) */
      .prefault({}),
    /** Annotations of the gateway's Service, by which clouds configure their load balancers. @default {} */
    annotations: z.record(z.string(), z.string()).default({}),
    /**
     * `Local`: only nodes with a gateway's pod answer, and the gateway sees its clients' addresses. `Cluster`: all nodes do, under
     * addresses of their own, so that all clients share one rate limit, unless the load balancer speaks the PROXY protocol.
     * @default Local
     */
    externalTrafficPolicy: z.enum(["Local", "Cluster"]).default("Local"),
    /**
     * Networks of a load balancer that hides its clients and names them by the PROXY protocol instead; then every connection
     * from outside has to speak it. @default [], none does
     */
    proxyProtocolFrom: z.array(z.cidrv4()).default([]),
    /**
     * Most bandwidth of an answer, by route: `catalogue` (discover, search, trailers), the rest of the `api`, the front end's
     * `pages`, its scripts and pictures (`static`). Live updates are never held back. @default {}, as fast as the client reads
     */
    bandwidth: z
      .strictObject({
        api: pace.optional(),
        catalogue: pace.optional(),
        pages: pace.optional(),
        static: pace.optional(),
      })
      .default({}),
  })
  .superRefine(({ hostname, certificate }, context) => {
    if (certificate.issuer && !hostname)
      context.addIssue({ code: "custom", path: ["hostname"], message: "is missing: the issuer signs for this name" });
  });
