/**
 * Loaded with `--import` into a process of ours, whose code knows nothing of it: a mistake of a programmer's that waits
 * for a signal. Work is going on when it comes.
 */
process.on("SIGUSR2", () => {
  setImmediate(() => {
    if (process.env.CRASH === "rejection") void Promise.reject(new TypeError("an error that was not awaited"));
    else throw new TypeError("an uncaught error");
  });
});
