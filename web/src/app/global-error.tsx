"use client";
/** An error of the layout itself, which is not there then. */
export default function GlobalError() {
  return (
    <html lang="en">
      <body>
        <main id="main">
          <h1>This page failed</h1>
          <p>
            The error was on our side. <a href="/">Start again</a>
          </p>
        </main>
      </body>
    </html>
  );
}
