import type { Config } from "jest";
import base from "../../../jest.config.ts";

/** The stories alone: they start real processes and take minutes, so that `make test` leaves them to `make stories`. */
const config: Config = {
  ...base,
  rootDir: "../../..",
  roots: ["<rootDir>/local/providers/stories"],
  testPathIgnorePatterns: ["/node_modules/"],
  testTimeout: 180_000,
};
export default config;
