"use client";
import { useRouter } from "next/navigation";
import type { ReactNode } from "react";

/**
 * A link to another page of ours, without loading the document again. The framework's own link also fetches pages before
 * they are asked for, and costs 5 KB on each page.
 */
export function Link({ href, children }: { href: string; children: ReactNode }) {
  const router = useRouter();
  return (
    <a
      href={href}
      onClick={(event) => {
        // Another tab, another window, a download: the browser's affair.
        if (event.defaultPrevented || event.button !== 0) return;
        if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        router.push(href);
      }}
    >
      {children}
    </a>
  );
}
