import type { NextConfig } from "next";

/** One folder with all that the server needs, for an image without npm. */
const config: NextConfig = {
  output: "standalone",
  poweredByHeader: false,
  reactStrictMode: true,
  // The gateway compresses nothing twice: text leaves this process compressed, and only once.
  compress: true,
  devIndicators: false,
  turbopack: { root: import.meta.dirname },
};
export default config;
