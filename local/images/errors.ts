/** A failed step: which image, what failed, where to read on and what to do. Shown without a stack trace; exit 2. */
export class ImageError extends Error {
  readonly image: string;

  constructor(image: string, problem: string, remedy: string, log?: string) {
    super([`image ${image}: ${problem}`, log ? `  log: ${log}` : "", `  remedy: ${remedy}`].filter(Boolean).join("\n"));
    this.name = "ImageError";
    this.image = image;
  }
}
