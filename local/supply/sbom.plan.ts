import { createHash } from "node:crypto";
import { Enums, Models, Serialize, Spec } from "@cyclonedx/cyclonedx-library";
import type { Part } from "./contents.ts";

/** Version of CycloneDX that the documents follow. */
export const CYCLONEDX = Spec.Version.v1dot6;

/** Debian's release of all images (local/images/base.ts). */
const DISTRIBUTION = "distro=debian-13";

/** Address of a part in the form of package-url, by which scanners know it. */
export function purlOf({ kind, name, version, architecture }: Part): string | undefined {
  const of = (type: string, path: string, query = "") => `pkg:${type}/${path}@${encodeURIComponent(version)}${query}`;
  switch (kind) {
    case "deb":
      return of(
        "deb/debian",
        encodeURIComponent(name),
        `?${architecture ? `arch=${architecture}&` : ""}${DISTRIBUTION}`,
      );
    case "npm":
      return of("npm", name.replace(/^@/, "%40"));
    case "golang":
      return of("golang", name.split("/").map(encodeURIComponent).join("/"));
    case "program":
      return undefined;
  }
}

/**
 * What an image holds, as CycloneDX JSON. The same parts give the same text: no time, and a serial number of the contents.
 *
 * @param reference `registry/name@sha256:…`
 */
export function sbomOf(name: string, reference: string, parts: readonly Part[]): string {
  const digest = reference.split("@sha256:")[1] ?? "";
  const image = new Models.Component(Enums.ComponentType.Container, name, {
    bomRef: name,
    version: `sha256:${digest}`,
    hashes: new Models.HashDictionary([[Enums.HashAlgorithm["SHA-256"], digest]]),
  });
  const bom = new Models.Bom({ metadata: new Models.Metadata({ component: image }) });
  for (const component of componentsOf(parts)) {
    bom.components.add(component);
    image.dependencies.add(component.bomRef);
  }
  bom.serialNumber = serialOf([reference, ...parts.map((part) => JSON.stringify(part))]);
  const normalizer = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6);
  return `${new Serialize.JsonSerializer(normalizer).serialize(bom, { sortLists: true, space: 1 })}\n`;
}

/** A component for each version of each part; a Go module names every program that it is in. */
function componentsOf(parts: readonly Part[]): Models.Component[] {
  const together = new Map<string, Part[]>();
  for (const part of parts) {
    const key = `${part.kind} ${part.name} ${part.version} ${part.architecture ?? ""}`;
    together.set(key, [...(together.get(key) ?? []), part]);
  }
  return [...together].map(([key, same]) => {
    const [part] = same as [Part];
    const properties = [
      ...(part.source ? [new Models.Property("media-platform:source", part.source)] : []),
      ...[...new Set(same.flatMap(({ within }) => within ?? []))]
        .sort()
        .map((program) => new Models.Property("media-platform:within", program)),
    ];
    const purl = purlOf(part);
    const type = part.kind === "program" ? Enums.ComponentType.Application : Enums.ComponentType.Library;
    return new Models.Component(type, part.name, {
      bomRef: purl ?? key,
      version: part.version,
      ...(purl ? { purl } : {}),
      properties: new Models.PropertyRepository(properties),
    });
  });
}

/** A UUID of version 5's form, made of the contents. */
function serialOf(contents: readonly string[]): string {
  const hex = createHash("sha256")
    .update([...contents].sort().join("\n"))
    .digest("hex");
  const variant = ((Number.parseInt(hex[16] ?? "0", 16) & 3) | 8).toString(16);
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-5${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
