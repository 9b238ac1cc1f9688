import type { Context } from "../../lib/context.ts";
import { stableLabels } from "../../lib/naming.ts";

/** What cert-manager makes the gateway's Secret from, and renews it by. */
export function certificateManifest(
  { stack, namespace }: Pick<Context, "stack" | "namespace">,
  hostname: string,
  issuer: { name: string; kind: string },
) {
  return {
    apiVersion: "cert-manager.io/v1",
    kind: "Certificate",
    metadata: { name: "gateway", namespace, labels: stableLabels(stack, "gateway", "app") },
    spec: {
      secretName: "gateway-certificate",
      dnsNames: [hostname],
      issuerRef: { group: "cert-manager.io", kind: issuer.kind, name: issuer.name },
      privateKey: { algorithm: "ECDSA", size: 256, rotationPolicy: "Always" },
      usages: ["digital signature", "server auth"],
    },
  };
}
