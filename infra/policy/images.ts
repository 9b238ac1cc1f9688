import { eachContainer } from "./read.ts";
import type { ObjectPolicy } from "./types.ts";

/** Publishers on public registries whose images we run; a registry of one's own is not judged. */
const PUBLISHERS = [
  "docker.io/grafana/",
  "docker.io/jaegertracing/",
  "docker.io/library/",
  "docker.io/otel/",
  "docker.io/prom/",
  "docker.io/versity/",
  "registry.k8s.io/",
];
const PUBLIC = ["docker.io", "gcr.io", "ghcr.io", "quay.io", "registry.k8s.io", "public.ecr.aws"];

/** The parts of a reference: "docker.io/prom/prometheus", "v2.53.3", "sha256:…". */
export function partsOf(reference: string): { repository: string; tag?: string; digest?: string } {
  const [named = "", digest] = reference.split("@");
  const tag = /:([\w.-]+)$/.exec(named)?.[1];
  const short = tag ? named.slice(0, -tag.length - 1) : named;
  const [host = ""] = short.split("/");
  const hasHost = short.includes("/") && /[.:]|^localhost$/.test(host);
  const repository = hasHost ? short : `docker.io/${short.includes("/") ? "" : "library/"}${short}`;
  return { repository, ...(tag ? { tag } : {}), ...(digest ? { digest } : {}) };
}

/** Which images run. */
export const imagePolicies: readonly ObjectPolicy[] = [
  {
    name: "image-has-version",
    description: "An image is named by a version or a digest: `latest` is another program tomorrow.",
    instead: "name the version, or better pin it by digest in `media-platform:images.pinned`",
    level: "mandatory",
    check: (resource) =>
      eachContainer(resource, ({ spec }) => {
        const { tag, digest } = partsOf(spec.image);
        if (digest || (tag && tag !== "latest")) return undefined;
        return ["image", `is ${spec.image}, which names no version`];
      }),
  },
  {
    name: "image-by-digest",
    description: "An image is named by its digest, so that all nodes run the same bytes.",
    instead: "pin it in `media-platform:images.pinned.<folder>`, as `make up` does",
    level: "advisory",
    because:
      "the catalogue names published images by version until their digests are recorded; `make up` pins all of them",
    check: (resource) =>
      eachContainer(resource, ({ spec }) => !partsOf(spec.image).digest && ["image", `is ${spec.image}`]),
  },
  {
    name: "image-publisher-listed",
    description: "Images of public registries come from publishers that we know.",
    instead:
      "take a listed publisher's image, mirror it to your registry, or add the publisher to infra/policy/images.ts",
    level: "mandatory",
    check: (resource) =>
      eachContainer(resource, ({ spec }) => {
        const { repository } = partsOf(spec.image);
        const judged = PUBLIC.includes(repository.split("/")[0] ?? "");
        return (
          judged &&
          !PUBLISHERS.some((publisher) => repository.startsWith(publisher)) && ["image", `is of ${repository}`]
        );
      }),
  },
];
