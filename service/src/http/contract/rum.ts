import { pageTimings } from "../../observability/metrics/page-timings.ts";
import { operation } from "./operation.ts";

export const rum = {
  reportTimings: operation({
    method: "post",
    path: "/api/v1/rum",
    tag: "telemetry",
    summary: "Tell how long a page took in the browser, as `navigator.sendBeacon` does",
    access: "beacon",
    // A beacon with any other type would need a preflight that it cannot wait for when the page goes away.
    bodyTypes: ["application/json", "text/plain"],
    body: pageTimings,
    answers: { 204: { description: "Counted." } },
  }),
};
