import { setTimeout as sleep } from "node:timers/promises";
import { ROLES } from "../src/model/roles.ts";
import { person } from "../test/calls.ts";
import { DEV_TOKEN, type Platform, WEBHOOK_KEY } from "../test/platform.ts";
import { held, judge } from "./held.ts";
import { run, schemathesis } from "./python.ts";
import { startSigning } from "./signing.ts";

const REQUEST_SECONDS = 10;
/** Time for connections to end by themselves. */
const SETTLE_MS = 8_000;
const LIMITS = ["RATE_LIMIT", "VISITOR_RATE_LIMIT", "BEACON_RATE_LIMIT", "LOGIN_RATE_LIMIT"];

interface Effort {
  examples: string;
  seed: string;
}

/** A user who signs out, or gets another role, has no session from then on. The dev token has no session that could end. */
const STAY = ["logout", "changeRole"].flatMap((id) => ["--exclude-operation-id", id]);

/**
 * Sends an api whatever its own OpenAPI document allows, and what it forbids: with the dev token as any caller would, and
 * in each role with the payment provider's signatures, so that checks of who calls are passed too. Schemathesis judges
 * the answers by the document; a 5xx, a call that hangs, a process that ends, and handles or memory that stay
 * afterwards are faults too. Returns what was wrong.
 */
export async function document({ spawn: start }: Platform, effort: Effort): Promise<string[]> {
  const python = await schemathesis();
  const api = start("api", Object.fromEntries(LIMITS.map((name) => [`${name}_PER_MINUTE`, "10000000"])));
  const httpPort = Number((await api.logged("started")).httpPort);
  const signing = await startSigning(httpPort, WEBHOOK_KEY);
  await run(python, options(httpPort, DEV_TOKEN, { ...effort, examples: "3" }), { show: false });
  const before = held(api.child);
  const findings: string[] = [];
  const attack = async (name: string, args: string[]) => {
    process.stderr.write(`as ${name} …\n`);
    const code = await run(python, args, { show: true });
    if (code !== 0) findings.push(`as ${name}: schemathesis found what it printed above`);
  };
  await attack("dev", options(httpPort, DEV_TOKEN, effort));
  for (const role of ROLES) {
    // Only now: the calls before may have changed the roles of existing users.
    const { token } = await person(httpPort, `fuzz-${role}`, role);
    await attack(role, [...options(signing.port, token, effort), ...STAY]);
  }
  signing.close();
  await sleep(SETTLE_MS);
  const ended = api.child.exitCode ?? api.child.signalCode ?? undefined;
  // What has ended holds nothing.
  const after = ended === undefined ? held(api.child) : before;
  process.stderr.write(`handles ${before.handles} → ${after.handles}, memory ${before.mib} → ${after.mib} MiB\n`);
  return [...findings, ...judge(api.lines, ended, before, after)];
}

function options(port: number, token: string, { examples, seed }: Effort): string[] {
  const url = `http://127.0.0.1:${port}/api/v1/openapi.json`;
  return [
    ...["-m", "schemathesis.cli", "run", url, "--header", `Authorization: Bearer ${token}`, "--seed", seed],
    ...["--max-examples", examples, "--request-timeout", String(REQUEST_SECONDS), "--no-color"],
    "--continue-on-failure",
    // What a body may be is for our validator; that it accepts all of it and nothing else is not promised where rules span fields.
    ...["--exclude-checks", "positive_data_acceptance,negative_data_rejection"],
  ];
}
