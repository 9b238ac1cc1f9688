import type { Input } from "@pulumi/pulumi";
import { readBeside } from "../lib/files.ts";

const SCRIPTS = [
  "beside.py",
  "failure.py",
  "laboratory.py",
  "ledger.py",
  "live.py",
  "proof.py",
  "pushgateway.py",
  "recover.py",
  "repository.py",
  "sabotage.py",
  "scratch.py",
  "simulation.py",
  "upgrade.py",
  "writer.py",
];

/** The programs of the recovery layer, as files of a pod. */
export function recoveryScripts(): Record<string, Input<string>> {
  return Object.fromEntries(SCRIPTS.map((file) => [file, readBeside(import.meta.url, `scripts/${file}`)]));
}
