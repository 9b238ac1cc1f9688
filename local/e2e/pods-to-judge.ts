import fc from "fast-check";

// biome-ignore lint/suspicious/noExplicitAny: changes reach arbitrary paths of pods.
type Loose = any;
type Change = (pod: Loose, container: Loose) => unknown;

/** A pod that the profile `restricted` admits. */
const pod = () => ({
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "judged", annotations: {} },
  spec: {
    securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: "RuntimeDefault" } },
    // One that keeps running: it may have probes.
    initContainers: [{ ...container("first", 8080), restartPolicy: "Always" }],
    containers: [container("main", 8081), container("second", 8082)],
    volumes: [{ name: "scratch", emptyDir: {} }],
  },
});

const container = (name: string, containerPort: number) => ({
  name,
  image: "registry.example.com/a:1",
  ports: [{ containerPort }],
  securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
});

const volume =
  (source: object): Change =>
  (spec) =>
    spec.volumes.push({ name: `v${spec.volumes.length}`, ...source });
const ofPod =
  (values: object): Change =>
  (spec) =>
    Object.assign(spec, values);
const ofPodContext =
  (values: object): Change =>
  (spec) =>
    Object.assign(spec.securityContext, values);
const ofContext =
  (values: object): Change =>
  (_, one) =>
    Object.assign(one.securityContext, values);
const without =
  (field: string): Change =>
  (_, one) =>
    delete one.securityContext[field];
const withoutOfPod =
  (field: string): Change =>
  (spec) =>
    delete spec.securityContext[field];
const probe =
  (kind: string, action: object): Change =>
  (_, one) => {
    one[kind] = action;
  };

/** What is valid to write in a pod and has to do with the profile: forbidden, allowed, and what only looks forbidden. */
export const CHANGES: Readonly<Record<string, Change>> = {
  "host network": ofPod({ hostNetwork: true }),
  "no host network": ofPod({ hostNetwork: false }),
  "host processes": ofPod({ hostPID: true }),
  "host memory": ofPod({ hostIPC: true }),
  privileged: ofContext({ privileged: true, allowPrivilegeEscalation: true }),
  "not privileged": ofContext({ privileged: false }),
  "escalation allowed": ofContext({ allowPrivilegeEscalation: true }),
  "escalation not named": without("allowPrivilegeEscalation"),
  "no capability dropped": without("capabilities"),
  "one capability dropped": ofContext({ capabilities: { drop: ["NET_RAW"] } }),
  "capabilities dropped in small letters": ofContext({ capabilities: { drop: ["all"] } }),
  "more than all dropped": ofContext({ capabilities: { drop: ["NET_RAW", "ALL"] } }),
  "capability for low ports": ofContext({ capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] } }),
  "capability CHOWN": ofContext({ capabilities: { drop: ["ALL"], add: ["CHOWN"] } }),
  "two capabilities": ofContext({ capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE", "NET_RAW"] } }),
  "root allowed": ofContext({ runAsNonRoot: false }),
  "root forbidden twice": ofContext({ runAsNonRoot: true }),
  "root allowed in the pod": ofPodContext({ runAsNonRoot: false }),
  "root not named": withoutOfPod("runAsNonRoot"),
  "user 0": ofContext({ runAsUser: 0 }),
  "user 1": ofContext({ runAsUser: 1 }),
  "user 0 in the pod": ofPodContext({ runAsUser: 0 }),
  "no user": withoutOfPod("runAsUser"),
  "group 0": ofPodContext({ runAsGroup: 0, fsGroup: 0, supplementalGroups: [0] }),
  "no seccomp": withoutOfPod("seccompProfile"),
  "seccomp of the container": ofContext({ seccompProfile: { type: "RuntimeDefault" } }),
  "seccomp unconfined": ofContext({ seccompProfile: { type: "Unconfined" } }),
  "seccomp unconfined in the pod": ofPodContext({ seccompProfile: { type: "Unconfined" } }),
  "seccomp of a file": ofPodContext({ seccompProfile: { type: "Localhost", localhostProfile: "a.json" } }),
  "AppArmor unconfined": ofContext({ appArmorProfile: { type: "Unconfined" } }),
  "AppArmor of the runtime": ofContext({ appArmorProfile: { type: "RuntimeDefault" } }),
  "AppArmor unconfined in the pod": ofPodContext({ appArmorProfile: { type: "Unconfined" } }),
  "AppArmor of a file": ofPodContext({ appArmorProfile: { type: "Localhost", localhostProfile: "a" } }),
  "SELinux type of containers": ofContext({ seLinuxOptions: { type: "container_t", level: "s0:c1" } }),
  "SELinux type of others": ofPodContext({ seLinuxOptions: { type: "spc_t" } }),
  "SELinux user": ofContext({ seLinuxOptions: { user: "system_u" } }),
  "SELinux role": ofPodContext({ seLinuxOptions: { role: "system_r" } }),
  "whole /proc": (spec, one) => {
    spec.hostUsers = false;
    one.securityContext.procMount = "Unmasked";
  },
  "usual /proc": ofContext({ procMount: "Default" }),
  "sysctl of the pod": ofPodContext({ sysctls: [{ name: "net.ipv4.tcp_syncookies", value: "1" }] }),
  "sysctl of ports": ofPodContext({ sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "0" }] }),
  "sysctl of the node": ofPodContext({ sysctls: [{ name: "kernel.msgmax", value: "1" }] }),
  "port of the node": (_, one) => one.ports.push({ containerPort: 9, hostPort: 9 }),
  "port 0 of the node": (_, one) => one.ports.push({ containerPort: 9, hostPort: 0 }),
  "folder of the node": volume({ hostPath: { path: "/var/log" } }),
  "network file system": volume({ nfs: { server: "a", path: "/" } }),
  "block device": volume({ iscsi: { targetPortal: "a", iqn: "iqn.2001-04.com.example:a", lun: 0 } }),
  ConfigMap: volume({ configMap: { name: "a" } }),
  Secret: volume({ secret: { secretName: "a" } }),
  claim: volume({ persistentVolumeClaim: { claimName: "a" } }),
  "several sources": volume({ projected: { sources: [{ configMap: { name: "a" } }] } }),
  driver: volume({ csi: { driver: "a.example.com" } }),
  "fields of the pod": volume({ downwardAPI: { items: [{ path: "a", fieldRef: { fieldPath: "metadata.name" } }] } }),
  "probe of the pod": probe("livenessProbe", { httpGet: { path: "/", port: 1 } }),
  "probe of another host": probe("readinessProbe", { httpGet: { path: "/", port: 1, host: "10.0.0.1" } }),
  "socket of another host": probe("livenessProbe", { tcpSocket: { port: 1, host: "a.example.com" } }),
  "hook of another host": probe("lifecycle", { preStop: { httpGet: { path: "/", port: 1, host: "a.example.com" } } }),
};

const NAMES = Object.keys(CHANGES);
/** Which containers a change is made to: the first is an init container. */
const PLACES = ["initContainers.0", "containers.0", "containers.1"] as const;

export interface Judged {
  /** The changes, for a person who reads that the verdicts differ. */
  readonly title: string;
  readonly pod: ReturnType<typeof pod>;
}

function changed(steps: readonly { readonly name: string; readonly place: string }[]): Judged {
  const made = pod() as Loose;
  for (const { name, place } of steps) {
    const [list = "", index = "0"] = place.split(".");
    CHANGES[name]?.(made.spec, made.spec[list][Number(index)]);
  }
  return { title: steps.map(({ name, place }) => `${name} (${place})`).join(", "), pod: made };
}

/** The pod without a change, with each change alone in each place, and with two to four of them together. */
export function podsToJudge(together: number, seed: number): Judged[] {
  const step = fc.record({ name: fc.constantFrom(...NAMES), place: fc.constantFrom(...PLACES) });
  const several = fc.uniqueArray(step, { minLength: 2, maxLength: 4, selector: ({ name }) => name });
  const alone = NAMES.flatMap((name) => PLACES.map((place) => changed([{ name, place }])));
  return [changed([]), ...alone, ...fc.sample(several, { numRuns: together, seed }).map(changed)];
}
