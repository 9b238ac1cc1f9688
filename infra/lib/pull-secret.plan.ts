import * as pulumi from "@pulumi/pulumi";
import type { ImagesConfig } from "../config/schema.ts";
import { LABEL, PART_OF } from "./naming.ts";
import { base64 } from "./secrets.ts";

/** The Secret by which every pod of a stack pulls its images, where the configuration has credentials. */
export const PULL_SECRET = "registry-credentials";

export function pullSecretPlan(stack: string, namespace: string, credentials: ImagesConfig["credentials"]) {
  const auths = Object.fromEntries(
    Object.entries(credentials).map(([registry, { username, password }]) => {
      const auth = Buffer.from(`${username}:${password}`).toString("base64");
      return [registry, { username, password, auth }];
    }),
  );
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: {
      name: PULL_SECRET,
      namespace,
      labels: { [LABEL.instance]: stack, [LABEL.name]: PULL_SECRET, [LABEL.partOf]: PART_OF },
    },
    type: "kubernetes.io/dockerconfigjson",
    data: { ".dockerconfigjson": base64(pulumi.secret(JSON.stringify({ auths }))) },
  };
}
