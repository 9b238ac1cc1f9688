import { join } from "node:path";
import { layoutOf } from "../cluster/layout.ts";
import { REPO } from "../lib/paths.ts";
import { imagesOf } from "../supply/images.ts";
import { writeSbom } from "../supply/sbom.ts";
import type { Options } from "./options.ts";

const FOLDER = join(REPO, "build", "sbom");

/** Writes what each image of the cluster holds to build/sbom, as CycloneDX JSON that its schema accepts. */
export async function sbom({ name }: Options): Promise<void> {
  const images = await imagesOf(layoutOf(name));
  for (const [image, reference] of images) {
    const { file, deb, npm, golang, program } = await writeSbom(image, reference, FOLDER);
    console.log(
      `${image.padEnd(24)} ${deb} Debian, ${npm} npm, ${golang} Go, ${program} other; ${file.slice(REPO.length + 1)}`,
    );
  }
  console.log(
    `${images.size} images, each valid CycloneDX. Known vulnerabilities of Debian and npm packages: not checked.`,
  );
  console.log("Of the Go programs: make vulnerabilities");
}
