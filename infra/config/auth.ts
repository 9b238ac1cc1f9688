import { z } from "zod";

const oidc = z.strictObject({
  /** Address of the OpenID Connect provider: its discovery document is below it. */
  issuer: z.url({ protocol: /^https$/, hostname: /\./, error: "must be an https URL with a full host name" }),
  /** As the provider knows this stack. It sends people back to https://<gateway.hostname>/ops/sign-in/callback. */
  clientId: z.string().min(1),
  /** The client's secret at the provider. */
  clientSecret: z.string().min(8),
  /** What is asked for; "openid" is added. @default ["email"] */
  scopes: z.array(z.string().regex(/^[!#-[\]-~]+$/, "must be one word")).default(["email"]),
  /** Claim of the ID token that makes an administrator: a text or a list of texts. @default groups */
  adminClaim: z.string().min(1).default("groups"),
  /** Its values of which one is enough. */
  adminValues: z.array(z.string().min(1)).min(1),
});

/** By what people sign in to the operators' pages: Prometheus, Alertmanager, Jaeger, Loki, Grafana, incidents. */
export const authSection = z
  .strictObject({
    /** The organisation's own sign-in. @default none: administrators' accounts alone */
    oidc: oidc.optional(),
    /** Let administrators sign in there with address and password. @default true */
    localAccounts: z.boolean().default(true),
  })
  .refine(({ oidc, localAccounts }) => localAccounts || oidc, {
    path: ["localAccounts"],
    message: "must be true without oidc: nothing else would let anybody in",
  });

export type AuthConfig = z.output<typeof authSection>;
