import { join } from "node:path";
import { runScript, versionOf } from "../script.ts";
import type { Tool } from "../tool.ts";

/** Locust, a program of its own on PATH, with its faster client. */
export const locust: Tool = {
  name: "locust",
  model: "open",
  latency:
    "Locust's response_time: from sending to the last byte, with connecting where a connection is new; counted from when it was sent, and within a session a request waits for the one before",
  version: () => versionOf("locust", /locust ([\d.]+)/),
  run: (run) =>
    runScript(run, {
      command: () => ["locust", "-f", join(import.meta.dirname, "locustfile.py"), ...ARGUMENTS],
      env: () => ({ LOCUST_SKIP_MONKEY_PATCH: "", PYTHONDONTWRITEBYTECODE: "1" }),
    }),
};

/** One user: it begins every session of the plan, since Locust's own users wait for their answers (a closed model). */
const ARGUMENTS = [
  "--headless",
  "-u",
  "1",
  "-r",
  "1",
  "--only-summary",
  "--stop-timeout",
  "1",
  "--loglevel",
  "WARNING",
];
