import { describe, expect, test } from "@jest/globals";
import { type Stack, targetOf } from "@media/drills/stack";
import { underLoad } from "@media/drills/steady-load";
import { CREDENTIAL_CHECKS, type Leaked } from "@media/drills/verify/credentials";
import { journey } from "@media/drills/verify/journey";
import { inPostgres } from "@media/drills/verify/postgres";
import { credentialsOf } from "@media/infra/credentials";
import { deploy } from "../stack/deploy.ts";
import { readGenerations, writeGenerations } from "../stack/generations.ts";
import { renewOverlay } from "../stack/overlay.ts";
import { dev, MINUTE, make } from "./commands.ts";

/** Clients make at least this many calls in a rotation. */
const FEW = 500;
/** What ring 4 has time for. All of them take 40 minutes: the old key of tokens stays for their life. */
export const SHORT_ROTATION = "redis-state dev-token";

/** Generated credentials (names, or "all") are replaced while clients use the stack. */
export function rotation(stack: Stack, what: string): void {
  const names = what === "all" ? credentialsOf("dev") : what.split(" ");
  const known = async () => (await targetOf(stack)) as Leaked;

  describe("rotation", () => {
    test("a dry run names the steps and changes nothing", async () => {
      const before = await known();
      const { all } = await make("rotate", `WHAT=${what}`, "DRY=1");
      expect(all).toMatch(/step 3 of 3: the old ones are refused/);
      expect((await known()).credentials).toEqual(before.credentials);
    });

    test(
      `make rotate WHAT="${what}" under load: no request fails, and the old ones are refused afterwards`,
      async () => {
        const before = await known();
        const { failures, calls } = await underLoad(stack, async () => {
          await make("rotate", `WHAT=${what}`);
        });
        expect(failures).toEqual([]);
        expect(calls).toBeGreaterThan(FEW);
        const after = await known();
        const changed = CREDENTIAL_CHECKS.filter(({ name }) => names.includes(name));
        for (const { name, isRefused, of } of changed) {
          expect([name, of(after) === of(before)]).toEqual([name, false]);
          expect([name, await isRefused(stack, before)]).toEqual([name, true]);
          // The control: what is refused is the old one, not everyone.
          expect([name, await isRefused(stack, after)]).toEqual([name, false]);
        }
        await journey(after);
      },
      50 * MINUTE,
    );

    test(
      "negative control: a token that is replaced without the steps between is refused to those who still show it",
      async () => {
        const generations = await readGenerations(dev());
        const { generation } = generations["dev-token"] ?? { generation: 1 };
        const { failures } = await underLoad(stack, async () => {
          await writeGenerations(dev(), { ...generations, "dev-token": { generation: generation + 1 } });
          await renewOverlay(dev());
          await deploy(dev());
        });
        expect(failures.length).toBeGreaterThan(0);
        expect(new Set(failures.map(({ answer }) => answer.slice(0, 3)))).toEqual(new Set(["401"]));
      },
      10 * MINUTE,
    );
  });
}

/** Those of the backup store, which all stacks share. */
export function storeRotation(stack: Stack): void {
  describe("rotation of the store", () => {
    test(
      "the store's keys and certificate: WAL is archived during and after it, and the old keys are refused",
      async () => {
        const keysBefore = await keysOf(stack);
        await make("rotate", "STACK=base", "WHAT=all");
        const keysAfter = await keysOf(stack);
        expect(keysAfter.key).not.toBe(keysBefore.key);
        expect(await lists(stack, keysBefore)).toBe(false);
        expect(await lists(stack, keysAfter)).toBe(true);
        await inPostgres(stack, "primary", ["pgbackrest", "--stanza=main", "check"]);
      },
      20 * MINUTE,
    );
  });
}

interface Keys {
  key: string;
  secret: string;
}

/** The keys that pgBackRest has now. */
async function keysOf(stack: Stack): Promise<Keys> {
  const text = await inPostgres(stack, "primary", ["cat", "/run/secrets/pgbackrest/keys.conf"]);
  const of = (option: string) => new RegExp(`^${option}=(.+)$`, "m").exec(text)?.[1] ?? "";
  return { key: of("repo1-s3-key"), secret: of("repo1-s3-key-secret") };
}

/** Whether the store answers these keys. What is set in the environment wins over pgBackRest's files. */
async function lists(stack: Stack, { key, secret }: Keys): Promise<boolean> {
  const script =
    "read -r PGBACKREST_REPO1_S3_KEY; read -r PGBACKREST_REPO1_S3_KEY_SECRET; export PGBACKREST_REPO1_S3_KEY PGBACKREST_REPO1_S3_KEY_SECRET; pgbackrest --log-level-console=off --log-level-stderr=error repo-ls";
  return inPostgres(stack, "primary", ["sh", "-c", script], `${key}\n${secret}\n`).then(
    () => true,
    (error: Error) => {
      if (/403|Access|InvalidAccessKeyId|Forbidden/.test(error.message)) return false;
      throw error;
    },
  );
}
