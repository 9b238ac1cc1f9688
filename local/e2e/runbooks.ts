import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { kubectl, type Stack, targetOf } from "@media/drills/stack";
import { call, json } from "@media/drills/verify/http";
import { memberWith } from "@media/drills/verify/postgres";
import { type Command, commandsIn, filled, type Values } from "@media/drills/verify/runbook-commands";
import { execa } from "execa";
import { REPO } from "../lib/paths.ts";
import { MINUTE } from "./commands.ts";

const FOLDER = join(REPO, "docs/runbooks");
const commands = readdirSync(FOLDER)
  .filter((file) => file.endsWith(".md"))
  .flatMap((file) => commandsIn(file.slice(0, -3), readFileSync(join(FOLDER, file), "utf8")));

/** What changes the stack is given in a form that changes nothing: the server judges it, or the program explains it. */
const HARMLESS: readonly (readonly [RegExp, string])[] = [
  // This verb has no dry run.
  [/ rollout restart (\S+)/, " get $1"],
  [/( rollout undo .*| scale .*| delete pod .*)$/, "$1 --dry-run=server"],
  [/ patronictl (reinit|restart|switchover|failover).*$/, " patronictl $1 --help"],
  [/ pgbackrest .*\bbackup$/, " pgbackrest help backup"],
  [/^make /, "make -n "],
  [/^pulumi (\w+).*$/, "pulumi $1 --help"],
  [/ logs (.*) -f$/, " logs $1 --tail=1"],
];
/** Programs of a member, which runbooks name without the way to it. */
const OF_MEMBER = /^(patronictl|pgbackrest) /;
/** What only a person on the node can give. */
const ON_NODE = /^(crictl|du) /;
/** Answers of a stack on which what the runbook is about has not happened; the command was understood. */
const NOTHING_THERE =
  /previous terminated container .* not found|no rollout history found|no last deployment to roll back/;

const harmless = (text: string) => HARMLESS.reduce((changed, [from, to]) => changed.replace(from, to), text);

/** Every command of docs/runbooks, on the running stack. Ring 1 has seen that what they name is declared (docs/runbooks.test.ts). */
export function runbooks(stack: Stack): void {
  let values: Values;
  const env = () => {
    const { file } = stack.kubeconfig;
    return file ? { KUBECONFIG: file } : {};
  };
  const shell = (command: string) =>
    execa("bash", ["-o", "pipefail", "-c", command], {
      cwd: REPO,
      env: env(),
      all: true,
      reject: false,
      timeout: 40_000,
    });
  const inMember = (command: string) =>
    `kubectl -n ${stack.namespace} exec ${values.primary} -c postgres -- ${command}`;

  async function give({ kind, text }: Command): Promise<{ ok: boolean; said: string }> {
    if (kind === "promql") {
      const { prometheusUrl } = await targetOf(stack);
      const answer = await call(`${prometheusUrl}/api/v1/query?query=${encodeURIComponent(text)}`);
      return { ok: json<{ status: string }>(answer, 200).status === "success", said: answer.text };
    }
    const put = filled(text, values);
    if (kind === "sql") {
      // Only prepared: some end sessions, or delete.
      const statement = JSON.stringify(`begin; prepare one as ${put}; rollback`);
      const { exitCode, all = "" } = await shell(inMember(`psql -XAtq -v ON_ERROR_STOP=1 -d media -c ${statement}`));
      return { ok: exitCode === 0, said: all };
    }
    const given = harmless(OF_MEMBER.test(put) ? inMember(put) : put);
    const { exitCode, all = "" } = await shell(given);
    const refused = /NOAUTH|WRONGPASS/.test(all);
    return { ok: (exitCode === 0 && !refused) || NOTHING_THERE.test(all), said: `${given}\n${all}` };
  }

  describe("commands of the runbooks", () => {
    beforeAll(async () => {
      const pods = await kubectl(stack, ["get", "pods", "-l", "app.kubernetes.io/name=api", "-o", "name"]);
      const primary = (await memberWith(stack, "primary")).replace("pod/", "");
      values = {
        namespace: stack.namespace,
        container: "api",
        primary,
        member: primary,
        pod: (pods.split("\n")[0] ?? "").replace("pod/", ""),
        deployment: "api",
        replicas: "1",
        pid: "0",
        trace: "0".repeat(32),
      };
    }, MINUTE);

    test.each(commands.filter(({ text }) => !ON_NODE.test(text)).map((one) => [one.runbook, one.text, one] as const))(
      "%s: %s",
      async (_name, _text, command) => {
        const { ok, said } = await give(command);
        expect({ ok, said: ok ? "" : said.slice(-800) }).toEqual({ ok: true, said: "" });
      },
      MINUTE,
    );

    test.each([
      ["a container that is not there", "shell", "kubectl -n NS logs PRIMARY -c nothing"],
      ["a pod that is not there", "shell", "kubectl -n NS describe pod postgres-99"],
      ["a column that is not there", "sql", "select nothing from pg_stat_activity"],
      ["a program that fails before a filter", "shell", "kubectl -n NS get nothing | tail"],
    ] as const)(
      "the control: %s fails",
      async (_what, kind, text) => expect((await give({ runbook: "Test", kind, text })).ok).toBe(false),
      MINUTE,
    );
  });
}
