/** How an image of ours is built. Paths are relative to the repository's root. */
export interface BuildPlan {
  /** Folder that the builder sees; the Dockerfile is `<name>/Dockerfile`. */
  context: string;
  /** What goes into the image, as the context's .dockerignore lets it through: files, and folders with all they hold. */
  inputs: readonly string[];
}

/** The images that the program builds, by their name and folder. */
export const BUILDS = {
  service: {
    context: "",
    inputs: [
      "package.json",
      "package-lock.json",
      ".npmrc",
      ".dockerignore",
      "dashboards/package.json",
      "drills/package.json",
      "infra/package.json",
      "loadtests/package.json",
      "local/package.json",
      "local/providers/package.json",
      "service/Dockerfile",
      "service/migrations",
      "service/package.json",
      "service/src",
    ],
  },
  web: {
    context: "web",
    inputs: [
      "web/package.json",
      "web/package-lock.json",
      "web/.npmrc",
      "web/.dockerignore",
      "web/Dockerfile",
      "web/budget.ts",
      "web/next.config.ts",
      "web/openapi.json",
      "web/serve.ts",
      "web/src",
      "web/tsconfig.json",
    ],
  },
} as const satisfies Record<string, BuildPlan>;

export type BuildName = keyof typeof BUILDS;
