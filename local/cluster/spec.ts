import { join } from "node:path";
import { BIN } from "../toolchain/build.ts";
import { encryptionFile } from "./encryption.ts";
import type { Layout } from "./layout.ts";

interface Process {
  readonly name: string;
  readonly argv: readonly string[];
  readonly env?: readonly string[];
  readonly waitFor?: string;
}

/** Where `supervisor` reads it. */
export const specFile = (layout: Layout) => join(layout.dir, "spec.json");

/** What `supervisor` reads (supervisor/main.go has the same shape). Pure. */
export function spec(layout: Layout) {
  return {
    name: layout.name,
    runDir: layout.runDir,
    logDir: layout.logDir,
    varDir: layout.varDir,
    pkiDir: layout.pkiDir,
    cgroup: layout.cgroup,
    link: layout.link,
    registry: String(layout.registryPort),
    serviceIp: layout.serviceIp,
    host: hostProcesses(layout),
    inside: insideProcesses(layout),
  };
}

function hostProcesses(layout: Layout): Process[] {
  return [
    {
      name: "registry",
      argv: ["docker-registry", "serve", join(layout.etcDir, "registry.yaml")],
      env: ["OTEL_TRACES_EXPORTER=none"],
    },
    {
      // Only builds: the options keep it away from the host's network, which a Docker daemon changes by default.
      // Its mounts are in a namespace that ends with it.
      name: "dockerd",
      argv: [
        "unshare",
        "--mount",
        "--propagation=private",
        "dockerd",
        "--bridge=none",
        "--iptables=false",
        "--ip-forward=false",
        "--ip-masq=false",
        "--log-level=warn",
        `--host=unix://${layout.dockerSocket}`,
        `--data-root=${join(layout.dir, "docker")}`,
        `--exec-root=${join(layout.runDir, "docker")}`,
        `--pidfile=${join(layout.runDir, "docker.pid")}`,
      ],
    },
  ];
}

function insideProcesses(layout: Layout): Process[] {
  const pki = (file: string) => join(layout.pkiDir, file);
  const etc = (file: string) => join(layout.etcDir, file);
  const api = `tcp:${layout.link.inside}:6443`;
  return [
    {
      name: "etcd",
      argv: [
        "etcd",
        `--data-dir=${join(layout.dir, "etcd")}`,
        "--listen-client-urls=http://127.0.0.1:2379",
        "--advertise-client-urls=http://127.0.0.1:2379",
        "--listen-peer-urls=http://127.0.0.1:2380",
        "--initial-advertise-peer-urls=http://127.0.0.1:2380",
        "--initial-cluster=default=http://127.0.0.1:2380",
        // One member on one machine: what survives a killed process is enough here, and fsync is most of its time.
        "--unsafe-no-fsync",
        "--auto-compaction-retention=1h",
        "--quota-backend-bytes=1073741824",
        "--logger=zap",
        "--log-level=warn",
      ],
    },
    {
      name: "kube-apiserver",
      waitFor: "tcp:127.0.0.1:2379",
      argv: [
        join(BIN, "kube-apiserver"),
        "--etcd-servers=http://127.0.0.1:2379",
        `--advertise-address=${layout.link.inside}`,
        "--bind-address=0.0.0.0",
        "--secure-port=6443",
        `--service-cluster-ip-range=${layout.serviceCidr}`,
        `--service-node-port-range=${layout.nodePorts.join("-")}`,
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        "--kubelet-preferred-address-types=InternalIP",
        `--client-ca-file=${pki("ca.crt")}`,
        `--tls-cert-file=${pki("apiserver.crt")}`,
        `--tls-private-key-file=${pki("apiserver.key")}`,
        `--kubelet-client-certificate=${pki("apiserver-kubelet.crt")}`,
        `--kubelet-client-key=${pki("apiserver-kubelet.key")}`,
        `--proxy-client-cert-file=${pki("front-proxy.crt")}`,
        `--proxy-client-key-file=${pki("front-proxy.key")}`,
        `--requestheader-client-ca-file=${pki("ca.crt")}`,
        "--requestheader-allowed-names=front-proxy-client",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-username-headers=X-Remote-User",
        `--service-account-key-file=${pki("service-account.pub")}`,
        `--service-account-signing-key-file=${pki("service-account.key")}`,
        "--service-account-issuer=https://kubernetes.default.svc",
        `--encryption-provider-config=${encryptionFile(layout)}`,
        "--profiling=false",
        "--event-ttl=1h",
      ],
    },
    {
      name: "kube-controller-manager",
      waitFor: api,
      argv: [
        join(BIN, "kube-controller-manager"),
        `--kubeconfig=${etc("controller-manager.kubeconfig")}`,
        `--cluster-cidr=${layout.podCidr}`,
        "--use-service-account-credentials",
        `--service-account-private-key-file=${pki("service-account.key")}`,
        `--root-ca-file=${pki("ca.crt")}`,
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
        "--profiling=false",
        `--cluster-signing-cert-file=${pki("ca.crt")}`,
        `--cluster-signing-key-file=${pki("ca.key")}`,
        "--horizontal-pod-autoscaler-sync-period=5s", // the default, 15 s, is a third of the time that a scale-out may take
        "--v=2", // why an object with finalizers is kept is said from here on
      ],
    },
    {
      name: "kube-scheduler",
      waitFor: api,
      argv: [
        join(BIN, "kube-scheduler"),
        `--kubeconfig=${etc("scheduler.kubeconfig")}`,
        "--leader-elect=false",
        "--bind-address=127.0.0.1",
        "--profiling=false",
      ],
    },
    {
      name: "containerd",
      waitFor: `file:${etc("containerd.toml")}`,
      argv: ["containerd", "--config", etc("containerd.toml"), "--log-level", "warn"],
    },
    {
      name: "kubelet",
      waitFor: "unix:/run/containerd/containerd.sock",
      argv: [
        join(BIN, "kubelet"),
        `--config=${etc("kubelet.yaml")}`,
        `--kubeconfig=${etc("kubelet.kubeconfig")}`,
        `--hostname-override=${layout.name}`,
        `--node-ip=${layout.link.inside}`,
        "--root-dir=/var/lib/kubelet",
      ],
    },
    { name: "policies", waitFor: api, argv: [join(BIN, "supervisor"), "policies", specFile(layout)] },
    { name: "kube-proxy", waitFor: api, argv: [join(BIN, "kube-proxy"), `--config=${etc("proxy.yaml")}`] },
  ];
}
