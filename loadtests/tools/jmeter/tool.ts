import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { perSecond } from "../arrivals.ts";
import { runScript, versionOf } from "../script.ts";
import type { Tool } from "../tool.ts";

/** Apache JMeter, a program of its own on PATH, with its open-model thread group. */
export const jmeter: Tool = {
  name: "jmeter",
  model: "open",
  latency:
    "JMeter's elapsed time, in whole milliseconds: from sending to the last byte; each session opens a connection of its own, and connecting counts. Within a session a request waits for the one before",
  async version() {
    const java = await promisify(execFile)("java", ["-version"], { env: process.env }).catch(() => ({ stderr: "" }));
    const own = await versionOf("jmeter", /(\d+\.\d+\.\d+)\s*$/m);
    return `${own}, java ${/"([\d.]+)"/.exec(java.stderr)?.[1] ?? "unknown"}`;
  },
  run: (run) =>
    runScript(run, {
      command: (file) => [
        "jmeter",
        "-n",
        "-t",
        join(import.meta.dirname, "plan.jmx"),
        "-j",
        file("jmeter.log"),
        // In the order in which JMeter wants them: what it knows by a letter first.
        `-Jscripts=${import.meta.dirname}`,
        `-Jschedule=${scheduleOf(run.plan.sessions.map(({ atMs }) => atMs))}`,
        `-Jhost=${new URL(run.target.url).hostname}`,
        `-Jport=${new URL(run.target.url).port}`,
        `-Jprotocol=${new URL(run.target.url).protocol.slice(0, -1)}`,
        ...PROPERTIES,
      ],
      env: (file) => ({ JVM_ARGS: `-Xms256m -Xmx1g -XX:+UseSerialGC -Djava.util.prefs.userRoot=${file("prefs")}` }),
      // 130: SIGINT.
      good: [0, 130],
    }),
};

const PROPERTIES = [
  // Else the program lives on for a minute after its end.
  "-Jjmeterengine.force.system.exit=true",
  "-Jsummariser.name=",
  "-Jhttpclient4.retrycount=0",
  "-Jjmeter.save.saveservice.autoflush=false",
];

/**
 * JMeter begins the threads of each second evenly, somewhat before their sessions are due; they wait for the moment itself.
 * The rate is said before and after, because JMeter goes evenly from one rate to the next. Some threads more than sessions are
 * begun, in case it rounds down. The end is told by the script, once every session has ended; the pause only outlasts it.
 */
function scheduleOf(moments: readonly number[]): string {
  const hold = (perSecond: number, seconds: number) =>
    `rate(${perSecond}/s) even_arrivals(${seconds} s) rate(${perSecond}/s)`;
  const parts = perSecond(moments).map(({ seconds, count }) =>
    count === 0 ? `pause(${seconds} s)` : hold(count, seconds),
  );
  return `${parts.join(" ")} ${hold(5, 3)} pause(14400 s)`;
}
