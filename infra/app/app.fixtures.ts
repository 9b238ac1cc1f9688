import type { ServiceArgs } from "./service.plan.ts";

/** Settings of the app layer, each other than its default where a test looks for it. */
export const app: ServiceArgs["app"] = {
  upstreams: { tmdb: {}, plex: {}, youtube: {}, overseerr: {} },
  doubles: true,
  devToken: true,
  autoscale: true,
  rateLimitPerSecond: 50,
  rateLimitPerMinute: 600,
  visitorRateLimitPerMinute: 7,
  registrationRateLimitPerHour: 9,
  loginRateLimitPerMinute: 3,
  traceSampleRatio: 0.25,
  realUserSampleRatio: 1,
  logLevel: "info",
};
