import type { Metadata, Viewport } from "next";
import { headers } from "next/headers";
import type { ReactNode } from "react";
import { Account } from "../components/account.tsx";
import { Connection } from "../components/connection.tsx";
import { Link } from "../components/link.tsx";
import { RealUserMetrics } from "../components/real-user-metrics.tsx";
import "./style.css";

export const metadata: Metadata = {
  title: "Media requests",
  description: "Search films and series, request them, and follow them until they are there.",
};
export const viewport: Viewport = { width: "device-width", initialScale: 1, colorScheme: "light dark" };

/** Share of page loads that report their web vitals. */
const SAMPLE_RATIO = Number(process.env.REAL_USER_SAMPLE_RATIO ?? 1);

const PAGES = {
  "/": "Discover",
  "/requests": "Requests",
  "/library": "Library",
  "/plans": "Plans",
  "/status": "Status",
  "/admin": "Administration",
};

export default async function Layout({ children }: { children: ReactNode }) {
  // Read for each request: a nonce that is rendered once for all would be no nonce.
  const traceparent = (await headers()).get("traceparent") ?? undefined;
  return (
    <html lang="en">
      <body>
        <a className="skip" href="#main">
          Skip to content
        </a>
        <header>
          <strong>Media requests</strong>
          <nav aria-label="Pages">
            {Object.entries(PAGES).map(([path, name]) => (
              <Link key={path} href={path}>
                {name}
              </Link>
            ))}
          </nav>
          <Account />
        </header>
        <Connection />
        {children}
        {Math.random() < SAMPLE_RATIO ? <RealUserMetrics traceparent={traceparent} /> : null}
      </body>
    </html>
  );
}
