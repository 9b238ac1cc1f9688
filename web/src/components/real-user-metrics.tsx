"use client";
import { usePathname } from "next/navigation";
import { useEffect } from "react";
import { type Metric, onCLS, onFCP, onINP, onLCP, onTTFB } from "web-vitals";

const PAGES = ["/", "/login"];

/** Sends this page's web vitals once, when the page is hidden: route template and figures, no personal data. */
export function RealUserMetrics({ traceparent }: { traceparent: string | undefined }) {
  const path = usePathname();
  useEffect(() => {
    const vitals: Record<string, number> = {};
    const keep = ({ name, value }: Metric) => {
      vitals[name.toLowerCase()] = name === "CLS" ? Math.min(value, 100) : Math.min(value, 3_600_000);
    };
    onCLS(keep, { reportAllChanges: true });
    onFCP(keep);
    onINP(keep, { reportAllChanges: true });
    onLCP(keep, { reportAllChanges: true });
    onTTFB(keep);
    const page = PAGES.includes(path) ? path : "other";
    const send = () => {
      if (document.visibilityState !== "hidden" || Object.keys(vitals).length === 0) return;
      const body = JSON.stringify({ page, vitals: { ...vitals }, ...(traceparent ? { traceparent } : {}) });
      navigator.sendBeacon("/api/v1/rum", new Blob([body], { type: "application/json" }));
      for (const name of Object.keys(vitals)) delete vitals[name];
    };
    document.addEventListener("visibilitychange", send);
    return () => document.removeEventListener("visibilitychange", send);
  }, [path, traceparent]);
  return null;
}
