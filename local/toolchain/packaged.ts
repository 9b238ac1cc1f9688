import { execFile } from "node:child_process";
import { chmod, cp, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { installDebian } from "../host/packages.ts";
import { LOGS, REPO } from "../lib/paths.ts";
import { run } from "../lib/run.ts";
import type { Tool } from "./catalogue.ts";

type Command = readonly [string, ...string[]];

/** A program that is installed from packages of a registry, by a list in the tool's folder that pins each of them by its hash. */
export interface Packaged {
  /** What must be on the machine first: a command that succeeds where it is, and the Debian package that brings it. */
  readonly needs: readonly { readonly probe: Command; readonly debian: string }[];
  /** Commands that install it, run one after the other in a copy of the tool's folder. */
  readonly install: readonly Command[];
  /** The line of shell that starts it; `$here` is the folder. */
  readonly start: string;
}

/** `npm ci` refuses a package whose hash is not the one in package-lock.json. */
const npm = (start: string): Packaged => ({
  needs: [],
  install: [["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error"]],
  start,
});

const MAVEN = ["mvn", "-q", "-B", "-Dmaven.repo.local=../../maven"] as const;
const MAVEN_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1";

/** Load tools. None of them is part of `make up` or `make test`. */
export const PACKAGED = {
  artillery: npm('ARTILLERY_DISABLE_TELEMETRY=1 exec node "$here/node_modules/artillery/bin/run" "$@"'),
  playwright: {
    ...npm('exec node "$here/node_modules/playwright-core/cli.js" "$@"'),
    // The distribution's browser: the package's own would come from outside the registries.
    needs: [{ probe: ["chromium", "--version"], debian: "chromium" }],
  },
  locust: {
    needs: [{ probe: ["python3", "-c", "import ensurepip, venv"], debian: "python3-venv" }],
    install: [
      ["python3", "-m", "venv", "venv"],
      ["venv/bin/pip", "install", "--quiet", "--require-hashes", "--no-deps", "-r", "requirements.txt"],
    ],
    start: 'exec "$here/venv/bin/locust" "$@"',
  },
  jmeter: {
    needs: [
      { probe: ["java", "-version"], debian: "openjdk-17-jre-headless" },
      { probe: ["mvn", "--version"], debian: "maven" },
    ],
    install: [
      // Maven's repository checks no hash of ours, so the list of checksums does.
      [...MAVEN, `${MAVEN_PLUGIN}:copy-dependencies`, "-DoutputDirectory=jars"],
      ["sh", "arrange.sh", "check"],
      [
        ...MAVEN,
        `${MAVEN_PLUGIN}:unpack-dependencies`,
        "-DoutputDirectory=config",
        "-DincludeArtifactIds=ApacheJMeter_config",
      ],
      ["sh", "arrange.sh", "arrange"],
    ],
    start: 'exec java $JVM_ARGS -jar "$here/bin/ApacheJMeter.jar" -d "$here" "$@"',
  },
} as const satisfies Record<string, Packaged>;

/**
 * Installs it into the folder of `target`, which is written last: a folder without it is not finished, and made anew.
 *
 * @param target the program that starts it
 * @throws UserError that names the log
 */
export async function install(tool: Tool, packaged: Packaged, target: string, report: (line: string) => void) {
  await installDebian(await missing(packaged), report);
  const folder = dirname(target);
  await rm(folder, { recursive: true, force: true });
  await mkdir(dirname(folder), { recursive: true });
  await cp(join(REPO, "local", tool.module), folder, { recursive: true });
  for (const command of packaged.install)
    await run(
      {
        subject: `tool ${tool.name}`,
        doing: "installing",
        command,
        cwd: folder,
        log: join(LOGS, "tools", `${tool.name}.log`),
        remedy: "read the log; with the network or disk at fault, run the same command again",
      },
      report,
    );
  const lines = ["#!/bin/sh", 'here=$(dirname "$(readlink -f "$0")")', packaged.start, ""];
  await writeFile(`${target}.new`, lines.join("\n"));
  await chmod(`${target}.new`, 0o755);
  await rename(`${target}.new`, target);
}

/** The Debian packages that bring what is not there. */
async function missing({ needs }: Packaged): Promise<string[]> {
  const there = await Promise.all(
    needs.map(({ probe: [program, ...args] }) =>
      promisify(execFile)(program, args).then(
        () => true,
        () => false,
      ),
    ),
  );
  return needs.flatMap(({ debian }, index) => (there[index] ? [] : [debian]));
}
