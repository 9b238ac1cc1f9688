import type { Config } from "jest";

/** One configuration for rings 1 to 3. Ring 4 (the real stack) is `make e2e`; it is not jest's default run. */
const config: Config = {
  testEnvironment: "node",
  roots: ["infra", "service", "drills", "dashboards", "loadtests", "local", "docs", "web/test"].map(
    (folder) => `<rootDir>/${folder}`,
  ),
  testMatch: ["**/*.test.ts"],
  testPathIgnorePatterns: ["/node_modules/", "/e2e/"],
  extensionsToTreatAsEsm: [".ts"],
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      { jsc: { parser: { syntax: "typescript" }, target: "es2024" }, module: { type: "es6" } },
    ],
  },
  // Most of the time is spent waiting for timeouts, retries and recoveries, so more than one per core is quicker.
  maxWorkers: 3,
  testTimeout: 30_000,
};
export default config;
