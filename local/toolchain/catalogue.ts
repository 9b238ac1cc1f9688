import { PACKAGED, type Packaged } from "./packaged.ts";
import type { Patch } from "./prepare.ts";
import type { Published } from "./published.ts";

/** A program that is built from a pinned Go module, or installed from pinned packages. */
export interface Tool {
  /** Name of the binary. */
  readonly name: string;
  /** Folder with go.mod and go.sum, or with what pins its packages, below local/. Tools of one module share what they compile. */
  readonly module: string;
  /** Go package of its main function; of no use for one of packages. */
  readonly package: string;
  /** How it is installed from packages. @default it is built */
  readonly packaged?: Packaged;
  /** Values set into variables at link time, `-X name=value`. @default none */
  readonly set?: readonly string[];
  /** Further names it is called by. @default none */
  readonly links?: readonly string[];
  /** Built by `make up`, or only when a test, a load run or a check of the supply chain asks for it. */
  readonly for: "up" | "test" | "load" | "supply";
  /** A plugin that is downloaded where its publisher can be reached. @default built on every machine */
  readonly published?: Published;
  /** A module that is changed before the build. @default none */
  readonly patch?: Patch;
  /** Linked without libc, for an image that holds nothing else. @default false */
  readonly isStatic?: boolean;
  /** How one that is already on PATH shows that it is of the right version. @default never taken from PATH */
  readonly found?: { readonly args: readonly string[]; readonly output: RegExp };
}

const PULUMI = "3.180.0"; // later engines start policy packs in a way that the last Go language host refuses
/** Version of the embedded Kubernetes; a test holds it against its go.mod. */
export const KUBERNETES = "1.34.4";
/** Version of the Kubernetes SDK and plugin; a test holds it against infra/package.json. */
export const PULUMI_KUBERNETES = "4.25.0";
const NAMES = ["kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet", "kubectl"];

const module = (folder: string) => `toolchain/${folder}`;

/** In build order: the cluster first, so that it can start while the rest is built; the long ones early. */
export const TOOLS: readonly Tool[] = [
  { name: "supervisor", module: "cluster/supervisor", package: ".", for: "up" },
  { name: "pause", module: module("pause"), package: ".", isStatic: true, for: "up" },
  {
    name: "kubernetes",
    module: module("kubernetes"),
    package: ".",
    set: [
      `k8s.io/component-base/version.gitVersion=v${KUBERNETES}`,
      "k8s.io/component-base/version.gitMajor=1",
      "k8s.io/component-base/version.gitMinor=34",
    ],
    links: NAMES,
    for: "up",
  },
  { name: "coredns", module: module("kubernetes"), package: "github.com/coredns/coredns", for: "up" },
  {
    name: "local-path-provisioner",
    module: module("kubernetes"),
    package: "github.com/rancher/local-path-provisioner",
    for: "up",
  },
  { name: "kube-state-metrics", module: module("kubernetes"), package: "k8s.io/kube-state-metrics/v2", for: "up" },
  {
    name: "pulumi",
    module: module("pulumi"),
    package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
    set: [`github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v${PULUMI}`],
    for: "up",
  },
  {
    name: "pulumi-language-nodejs",
    module: module("pulumi-language-nodejs"),
    package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
    for: "up",
  },
  {
    name: "pulumi-resource-kubernetes",
    module: module("pulumi-resource-kubernetes"),
    package: ".",
    set: [`main.version=${PULUMI_KUBERNETES}`],
    published: { plugin: "kubernetes", version: PULUMI_KUBERNETES },
    patch: {
      // The commit of release 4.25.0: the plugin's module has no tags of its own.
      path: "github.com/pulumi/pulumi-kubernetes/provider/v4",
      version: "v4.0.0-20260115033456-f47bc2d6f199",
      sum: "h1:j2bphCf7c2YhnBrhwht2f3TNRRgcMImltUlAgzxr9H4=",
      embed: {
        "schema.json": "cmd/pulumi-resource-kubernetes/schema.json",
        "terraform-mapping.json": "cmd/pulumi-resource-kubernetes/terraform-mapping.json",
      },
      versionOf: ["schema.json", PULUMI_KUBERNETES],
    },
    isStatic: true,
    for: "up",
  },
  { name: "loki", module: module("loki"), package: "github.com/grafana/loki/v3/cmd/loki", for: "up" },
  { name: "jaeger", module: module("jaeger"), package: "github.com/jaegertracing/jaeger/cmd/jaeger", for: "up" },
  { name: "otelcol", module: module("otelcol"), package: ".", for: "up" },
  {
    name: "metrics-server",
    module: module("metrics-server"),
    package: "sigs.k8s.io/metrics-server/cmd/metrics-server",
    for: "up",
  },
  {
    name: "prometheus-adapter",
    module: module("prometheus-adapter"),
    package: "sigs.k8s.io/prometheus-adapter/cmd/adapter",
    isStatic: true,
    for: "up",
  },
  { name: "versitygw", module: module("versitygw"), package: "github.com/versity/versitygw/cmd/versitygw", for: "up" },
  {
    name: "k6",
    module: module("k6"),
    package: "go.k6.io/k6",
    for: "test",
    found: { args: ["version"], output: /v1\.8\.1/ },
  },
  {
    name: "kubeconform",
    module: module("kubeconform"),
    package: "github.com/yannh/kubeconform/cmd/kubeconform",
    for: "test",
  },
  {
    name: "kube-score",
    module: module("kube-score"),
    package: "github.com/zegl/kube-score/cmd/kube-score",
    for: "test",
  },
  {
    name: "actionlint",
    module: module("actionlint"),
    package: "github.com/rhysd/actionlint/cmd/actionlint",
    for: "test",
  },
  {
    name: "govulncheck",
    module: module("govulncheck"),
    package: "golang.org/x/vuln/cmd/govulncheck",
    for: "supply",
  },
  { name: "indexdb", module: module("govulncheck"), package: "golang.org/x/vulndb/cmd/indexdb", for: "supply" },
  ...Object.entries(PACKAGED).map(
    ([name, packaged]): Tool => ({ name, module: module(name), package: name, packaged, for: "load" }),
  ),
];
