"use client";
/** An error of the page itself: never blank, and with a way out. */
export default function PageError({ reset }: { reset: () => void }) {
  return (
    <main id="main">
      <h1>This page failed</h1>
      <p>The error was on our side.</p>
      <button type="button" onClick={reset}>
        Try again
      </button>
    </main>
  );
}
