import type { Metadata, Viewport } from "next";
import { headers } from "next/headers";
import type { ReactNode } from "react";
import { RealUserMetrics } from "../components/real-user-metrics.tsx";
import "./style.css";

export const metadata: Metadata = {
  title: "Media requests",
  description: "Search films and series, request them, and follow them until they are there.",
};
export const viewport: Viewport = { width: "device-width", initialScale: 1, colorScheme: "light dark" };

export default async function Layout({ children }: { children: ReactNode }) {
  // Read for each request: a nonce that is rendered once for all would be no nonce.
  const traceparent = (await headers()).get("traceparent") ?? undefined;
  return (
    <html lang="en">
      <body>
        <a className="skip" href="#main">
          Skip to content
        </a>
        {children}
        <RealUserMetrics traceparent={traceparent} />
      </body>
    </html>
  );
}
