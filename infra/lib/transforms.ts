import { UserError } from "./errors.ts";
import type { Manifest, WorkloadSpec } from "./workload.types.ts";

/** The changes that a spec asks for at its children, by "Kind/name" or, for all of a kind, "Kind". */
export class Transforms {
  readonly #owner: string;
  readonly #changes: NonNullable<WorkloadSpec["transform"]>;
  readonly #children: string[] = [];

  constructor({ name, transform }: Pick<WorkloadSpec, "name" | "transform">) {
    this.#owner = name;
    this.#changes = transform ?? {};
  }

  /** The manifest of the child of that name, changed as asked. */
  apply(name: string, manifest: Manifest): Manifest {
    const keys = [`${manifest.kind}/${name}`, manifest.kind];
    this.#children.push(...keys);
    const change = keys.map((key) => this.#changes[key]).find(Boolean);
    return change ? change(manifest) : manifest;
  }

  /** To be called after the last child. Throws when a key names no child: a change that is never made would go unnoticed. */
  checkKeys(): void {
    const unknown = Object.keys(this.#changes).filter((key) => !this.#children.includes(key));
    if (unknown.length === 0) return;
    const named = this.#children.filter((key) => key.includes("/"));
    throw new UserError(
      `${this.#owner}: transform names ${unknown.join(", ")}, which it does not have. It has: ${named.join(", ")}`,
    );
  }
}
