"use client";
import { useEffect } from "react";
import type { Metric } from "web-vitals";
import { templateOf } from "../lib/pages.ts";

/**
 * Sends this page's web vitals, and once how long its loading took, when the page is hidden: template of its route and
 * figures, no personal data. The code for it is loaded after the page, which it must not slow down; the browser keeps what
 * it misses until then.
 */
export function RealUserMetrics({ traceparent }: { traceparent: string | undefined }) {
  useEffect(() => {
    // The page that was loaded: later ones of the same load have no loading time of their own.
    const page = templateOf(location.pathname);
    const vitals: Record<string, number> = {};
    let phases: (() => Record<string, number> | undefined) | undefined;
    const keep = ({ name, value }: Metric) => {
      vitals[name.toLowerCase()] = Math.min(value, name === "CLS" ? 100 : 3_600_000);
    };
    import("../lib/vitals.ts").then(
      (loaded) => {
        phases = loaded.phases;
        for (const on of [loaded.onCLS, loaded.onINP, loaded.onLCP]) on(keep, { reportAllChanges: true });
        for (const on of [loaded.onFCP, loaded.onTTFB]) on(keep);
      },
      () => undefined,
    );
    const send = () => {
      if (document.visibilityState !== "hidden" || Object.keys(vitals).length === 0) return;
      const navigation = phases?.();
      if (navigation) phases = undefined;
      const report = { page, vitals, ...(navigation ? { navigation } : {}), ...(traceparent ? { traceparent } : {}) };
      navigator.sendBeacon("/api/v1/rum", new Blob([JSON.stringify(report)], { type: "application/json" }));
      for (const name of Object.keys(vitals)) delete vitals[name];
    };
    document.addEventListener("visibilitychange", send);
    return () => document.removeEventListener("visibilitychange", send);
  }, [traceparent]);
  return null;
}
