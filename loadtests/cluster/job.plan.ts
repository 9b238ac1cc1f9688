import { RESTRICTED_CONTAINER, RESTRICTED_POD } from "@media/drills/restricted";

/** What the generator's pod is made from. */
export interface GeneratorArgs {
  readonly stack: string;
  readonly namespace: string;
  /** Of the Job and all that belongs to it. */
  readonly name: string;
  /** An image of ours with Node.js: the api's, which the nodes have already. */
  readonly image: string;
  readonly pullSecrets?: readonly { readonly name: string }[] | undefined;
  /** After which Kubernetes ends it. */
  readonly deadlineSeconds: number;
}

/** Service and port of the gateway for pods; the certificate has its name. */
export const GATEWAY = { service: "gateway-inside", port: 8444 };
/** Folder of the generator's files. */
export const WORK = "/work";
/** Marks what load tests made. */
export const MARK = "media-platform/load-generator";
const CONTAINER = "generator";
/** The pod of a Job that ended is removed after this time, also where nobody is left to do it. */
const TTL_SECONDS = 60;
const LABEL = { name: "app.kubernetes.io/name", instance: "app.kubernetes.io/instance" };

const labelsOf = ({ stack, name }: GeneratorArgs) => ({
  [LABEL.name]: "load-generator",
  [LABEL.instance]: stack,
  "app.kubernetes.io/component": "loadtest",
  "app.kubernetes.io/part-of": "media-platform",
  [MARK]: name,
});

/**
 * The Job whose pod the generator runs in. Its container waits until its time is over: the generator is started in it by
 * `kubectl exec`, so that neither the plan nor the token is in a manifest.
 */
export function jobPlan(args: GeneratorArgs) {
  const { namespace, name, image, pullSecrets, deadlineSeconds } = args;
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, namespace, labels: labelsOf(args) },
    spec: {
      backoffLimit: 0,
      activeDeadlineSeconds: deadlineSeconds,
      ttlSecondsAfterFinished: TTL_SECONDS,
      template: {
        metadata: { labels: labelsOf(args) },
        spec: {
          restartPolicy: "Never",
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 1,
          ...(pullSecrets && { imagePullSecrets: pullSecrets }),
          securityContext: { ...RESTRICTED_POD, fsGroup: RESTRICTED_POD.runAsGroup },
          containers: [
            {
              name: CONTAINER,
              image,
              command: ["sleep", String(deadlineSeconds)],
              env: [
                { name: "HOME", value: WORK },
                { name: "TMPDIR", value: WORK },
              ],
              resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "1Gi" } },
              securityContext: RESTRICTED_CONTAINER,
              volumeMounts: [{ name: "work", mountPath: WORK }],
            },
          ],
          volumes: [{ name: "work", emptyDir: { sizeLimit: "2Gi" } }],
        },
      },
    },
  };
}

/** The generator reaches the stack's gateway and asks DNS, nothing else; nothing reaches it. They go with the Job. */
export function policyPlans(args: GeneratorArgs, jobUid: string) {
  const { stack, namespace, name } = args;
  const owner = { apiVersion: "batch/v1", kind: "Job", name, uid: jobUid };
  const generator = { matchLabels: { [MARK]: name } };
  const gateway = { matchLabels: { [LABEL.name]: "gateway", [LABEL.instance]: stack } };
  const ports = [{ protocol: "TCP", port: GATEWAY.port }];
  const dns = ["UDP", "TCP"].map((protocol) => ({ protocol, port: 53 }));
  const policy = (suffix: string, spec: object) => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name: `${name}${suffix}`, namespace, labels: labelsOf(args), ownerReferences: [owner] },
    spec,
  });
  return [
    policy("", {
      podSelector: generator,
      policyTypes: ["Egress", "Ingress"],
      egress: [{ to: [{ podSelector: gateway }], ports }, { ports: dns }],
      ingress: [],
    }),
    policy("-gateway", {
      podSelector: gateway,
      policyTypes: ["Ingress"],
      ingress: [{ from: [{ podSelector: generator }], ports }],
    }),
  ];
}
