import { join } from "node:path";
import { stringify } from "yaml";
import { CACHE } from "../lib/paths.ts";
import type { Layout } from "./layout.ts";

/** Configuration files of the cluster's processes, by path. Pure. */
export function files(layout: Layout): Record<string, string> {
  const etc = (name: string) => join(layout.etcDir, name);
  return {
    [layout.kubeconfig]: kubeconfig(layout, "admin"),
    ...Object.fromEntries(
      ["controller-manager", "scheduler", "proxy", "kubelet"].map((user) => [
        etc(`${user}.kubeconfig`),
        kubeconfig(layout, user),
      ]),
    ),
    [etc("kubelet.yaml")]: kubelet(layout),
    [etc("proxy.yaml")]: proxy(layout),
    [etc(`registry.d/127.0.0.1:${layout.registryPort}/hosts.toml`)]:
      `[host."http://${layout.link.host}:${layout.registryPort}"]\n  capabilities = ["pull", "resolve"]\n`,
    [etc("registry.yaml")]: registry(layout),
    [etc("cni/10-bridge.conflist")]: JSON.stringify(cni(layout), null, 2),
    [etc("resolv.conf")]: "# the cluster has no way out: names outside it are not resolved\n",
  };
}

/** Client certificates go in as data, so that the file can be copied to where it is needed. */
export const KUBECONFIG_CONTEXT = (layout: Layout) => `media-platform-${layout.name}`;

function kubeconfig(layout: Layout, user: string): string {
  const context = KUBECONFIG_CONTEXT(layout);
  const pki = (file: string) => join(layout.pkiDir, file);
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": context,
    clusters: [{ name: context, cluster: { server: layout.apiServer, "certificate-authority": pki("ca.crt") } }],
    users: [{ name: user, user: { "client-certificate": pki(`${user}.crt`), "client-key": pki(`${user}.key`) } }],
    contexts: [{ name: context, context: { cluster: context, user } }],
  });
}

function kubelet(layout: Layout): string {
  return stringify({
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    address: layout.link.inside,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: join(layout.pkiDir, "ca.crt") },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: join(layout.pkiDir, "kubelet.crt"),
    tlsPrivateKeyFile: join(layout.pkiDir, "kubelet.key"),
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${layout.cgroup}`,
    failCgroupV1: false,
    failSwapOn: false,
    clusterDNS: [layout.dnsIp],
    clusterDomain: "cluster.local",
    containerRuntimeEndpoint: "unix:///run/containerd/containerd.sock",
    resolvConf: join(layout.etcDir, "resolv.conf"),
    // In sizes, not shares: on a large disk that is mostly used, ten percent may be more than anyone needs.
    evictionHard: { "memory.available": "200Mi", "nodefs.available": "1Gi", "imagefs.available": "1Gi" },
    imageGCHighThresholdPercent: 99,
    imageGCLowThresholdPercent: 98,
    maxPods: 200,
    serializeImagePulls: false,
    maxParallelImagePulls: 3,
    containerLogMaxSize: "20Mi",
    containerLogMaxFiles: 3,
    shutdownGracePeriod: "0s",
    // What a person waits for at every rolled pod is mostly these.
    syncFrequency: "10s",
    nodeStatusUpdateFrequency: "10s",
    logging: { verbosity: 1 },
  });
}

function proxy(layout: Layout): string {
  return stringify({
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    bindAddress: "0.0.0.0",
    clientConnection: { kubeconfig: join(layout.etcDir, "proxy.kubeconfig") },
    clusterCIDR: layout.podCidr,
    hostnameOverride: layout.name,
    mode: "iptables",
    // The connection table's size belongs to the host and is read-only in here.
    conntrack: { maxPerCore: 0, min: 0 },
    iptables: { minSyncPeriod: "100ms" },
  });
}

/** containerd's is apart: it names the pause image, and containerd waits for the file until that is built. */
export function containerdFile(layout: Layout, pauseImage: string): Record<string, string> {
  return { [join(layout.etcDir, "containerd.toml")]: containerd(layout, pauseImage) };
}

function containerd(layout: Layout, pauseImage: string): string {
  return `version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.internal.v1.tracing"]
[grpc]
  address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${pauseImage}"
  # Without CAP_SYS_RESOURCE no process may lower its OOM score; harmless where it is held.
  restrict_oom_score_adj = true
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${join(layout.etcDir, "cni")}"
  [plugins."io.containerd.grpc.v1.cri".registry]
    config_path = "${join(layout.etcDir, "registry.d")}"
`;
}

function registry(layout: Layout): string {
  return stringify({
    version: 0.1,
    log: { level: "warn", accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(CACHE, "registry") }, delete: { enabled: false } },
    http: { addr: `127.0.0.1:${layout.registryPort}` },
  });
}

function cni(layout: Layout): object {
  return {
    cniVersion: "0.4.0",
    name: "pods",
    plugins: [
      {
        type: "bridge",
        bridge: "cni0",
        isGateway: true,
        ipMasq: true,
        hairpinMode: true,
        ipam: {
          type: "host-local",
          ranges: [[{ subnet: layout.podCidr }]],
          routes: [{ dst: "0.0.0.0/0" }],
          dataDir: "/run/cni-ipam",
        },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  };
}
