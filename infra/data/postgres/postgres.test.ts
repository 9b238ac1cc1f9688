import { describe, expect, test } from "@jest/globals";
import { MOST_LAG_SECONDS } from "@media/service/objectives";
import * as pulumi from "@pulumi/pulumi";
import { parse } from "yaml";
import { tiers } from "../../config/tiers.ts";
import { loginOf } from "../../lib/secrets.ts";
import { settled } from "../settled.fixtures.ts";
import { appliedSettings, patroniConfig, sharedSettings } from "./patroni.plan.ts";
import { pgbackrestConfig, pgbackrestSecrets } from "./pgbackrest.plan.ts";
import { type PostgresArgs, postgresPlan } from "./postgres.plan.ts";

const backups = {
  endpoint: "https://backup-store.media-base:9000",
  bucket: "media-dev",
  region: "us-east-1",
  accessKey: "access",
  secretKey: "hush",
};
const passwords = { superuser: "s", replication: "r", pooler: "l", patroni: "p", responder: "o" };
const args: PostgresArgs = {
  stack: "dev",
  sizes: tiers.small.postgres,
  backup: tiers.small.backup,
  backups,
  login: loginOf("media", pulumi.output("a")),
  passwords,
};

describe("Patroni", () => {
  test("notices a lost primary before its lease could be renewed twice", () => {
    const { ttl, loop_wait, retry_timeout } = sharedSettings(tiers.small.postgres);
    // Patroni's own condition for a lease that survives one slow round.
    expect(ttl).toBeGreaterThanOrEqual(loop_wait + 2 * retry_timeout);
  });

  test("replicates synchronously where there is a second member", () => {
    const sizes = tiers.small.postgres;
    expect(sharedSettings(sizes)).toMatchObject({
      synchronous_mode: true,
      failsafe_mode: true,
      primary_start_timeout: 0,
    });
    expect(sharedSettings({ ...sizes, members: 1 }).synchronous_mode).toBe(false);
  });

  test("starts a new cluster by the script that looks for a backup first", () => {
    const { bootstrap, postgresql } = patroniConfig("dev", tiers.small.postgres);
    expect(bootstrap.backup_or_empty.command).toBe("/opt/scripts/bootstrap.sh");
    expect(Object.keys(bootstrap)).toContain(bootstrap.method);
    expect(postgresql.parameters).toMatchObject({ archive_mode: "on", archive_timeout: "60s", shared_buffers: "64MB" });
  });

  test("demands a password, but of the superuser and the exporter inside the pod", () => {
    const { pg_hba, pg_ident } = patroniConfig("dev", tiers.small.postgres).postgresql;
    expect(pg_hba.filter((line) => !line.endsWith("scram-sha-256"))).toEqual([
      "local all postgres peer",
      "local media exporter peer map=of_the_pod",
    ]);
    expect(pg_ident).toEqual(["of_the_pod postgres exporter"]);
  });

  test("makes a standby from the store, also without a leader, else from the primary; and finds there what that has removed", () => {
    const { postgresql } = patroniConfig("dev", tiers.small.postgres);
    expect(postgresql.create_replica_methods).toEqual(["store", "basebackup"]);
    expect(postgresql.store.no_leader).toBe(true);
    expect(postgresql.recovery_conf.restore_command).toBe('/opt/scripts/fetch-wal.sh standby %f "%p"');
    expect(postgresql).toMatchObject({
      remove_data_directory_on_rewind_failure: true,
      remove_data_directory_on_diverged_timelines: true,
    });
  });
});

describe("PostgreSQL's pods", () => {
  const plan = postgresPlan(args);

  test("have their scripts, and settings that can be reread", () => {
    expect(Object.keys(plan.files?.scripts?.data ?? {})).toContain("bootstrap.sh");
    // Patroni's parser takes a bare `on` for a truth value, so it must be read as it reads.
    expect(parse(plan.files?.patroni?.data["patroni.yml"] as string, { version: "1.1" })).toEqual(
      patroniConfig("dev", tiers.small.postgres),
    );
    expect(JSON.parse(plan.files?.patroni?.data["shared.json"] as string)).toEqual(
      appliedSettings(tiers.small.postgres, false),
    );
  });

  test("get their passwords as a second file of Patroni's", async () => {
    const text = await settled(plan.secrets?.["patroni-secrets"]?.data["secrets.yml"]);
    const { postgresql, restapi } = parse(text);
    expect(postgresql.authentication.replication).toEqual({ username: "replicator", password: "r" });
    expect(postgresql.authentication.superuser.password).toBe("s");
    expect(restapi.authentication).toEqual({ username: "patroni", password: "p" });
  });

  test("the exporter tells what statements cost, by their ids: a text could hold data", () => {
    const command = plan.sidecars?.exporter?.command ?? [];
    expect(command).toEqual(
      expect.arrayContaining(["--collector.stat_statements", "--collector.long_running_transactions"]),
    );
    expect(command.join()).not.toContain("include_query");
  });

  test("the exporter sees no password", () => {
    const mounts = plan.sidecars?.exporter?.mounts ?? [];
    expect(mounts).toEqual(["queries", "run"]);
    expect(mounts.filter((mount) => mount in (plan.secrets ?? {}))).toEqual([]);
  });

  test("are ready by the watcher's word, which knows the service's own bound", () => {
    const { probes, env } = plan.sidecars?.watcher ?? {};
    expect(probes?.readiness).toMatchObject({ path: "/ready", port: "watcher" });
    expect(env).toMatchObject({ MOST_LAG_SECONDS: String(MOST_LAG_SECONDS), MEMBERS: "2" });
  });

  test("hand over before they are stopped", () => {
    expect(plan.drain?.preStopCommand).toEqual(["/opt/scripts/hand-over.sh"]);
  });

  test("reread every password: none rolls them", () => {
    const { roles, "patroni-secrets": patroni, "pgbackrest-secrets": store, ...others } = plan.secrets ?? {};
    for (const part of [roles, patroni, store]) expect(part?.reload).toBe(true);
    expect(others).toEqual({});
  });
});

describe("pgBackRest", () => {
  const keeping = { keep: 2, volumeGi: 5 };

  test("drops what waits for a store that is away before it fills the volume", () => {
    expect(pgbackrestConfig(backups, keeping)).toContain("archive-push-queue-max=2048MiB\n");
  });

  test("restores from another stack's store, of which it only reads, with keys of its own", () => {
    const restoreFrom = { ...backups, bucket: "media-prod", accessKey: "reader", secretKey: "quiet", caPem: "PROD" };
    const plan = postgresPlan({ ...args, backups: { ...backups, restoreFrom } });
    const source = plan.files?.pgbackrest?.data["source.conf"];
    expect(source).toContain("repo1-s3-bucket=media-prod\n");
    expect(source).toContain("repo1-storage-ca-file=/etc/pgbackrest/source-ca.pem\n");
    expect(source).not.toMatch(/quiet|retention/);
    expect(plan.files?.pgbackrest?.data["pgbackrest.conf"]).toContain("repo1-s3-bucket=media-dev\n");
    expect(plan.secrets).toHaveProperty(["pgbackrest-source-secrets"]);
    expect(plan.env).toMatchObject({ RESTORE_ENDPOINT: restoreFrom.endpoint });
    expect(postgresPlan(args).env).not.toHaveProperty("RESTORE_ENDPOINT");
  });

  describe("a stack that follows another one's store", () => {
    const restoreFrom = { ...backups, bucket: "media-prod", accessKey: "reader", secretKey: "quiet" };
    const planOf = (standby: boolean) => postgresPlan({ ...args, backups: { ...backups, restoreFrom, standby } });
    const shared = (standby: boolean) => JSON.parse(planOf(standby).files?.patroni?.data["shared.json"] as string);

    test("is Patroni's standby cluster, of one member, from the store alone", () => {
      const { standby_cluster } = shared(true);
      expect(Object.keys(standby_cluster)).toEqual(["create_replica_methods", "restore_command"]);
      const { bootstrap, postgresql } = parse(planOf(true).files?.patroni?.data["patroni.yml"] as string);
      expect(bootstrap.dcs.standby_cluster).toEqual(standby_cluster);
      expect(postgresql[standby_cluster.create_replica_methods[0]]).toMatchObject({
        no_leader: true,
        origin: "source",
      });
      expect(planOf(true).members).toBe(1);
      expect(planOf(false).members).toBe(tiers.small.postgres.members);
    });

    test("is promoted by what is reloaded: its pods stay as they are", () => {
      expect(shared(false).standby_cluster).toBeNull();
      expect(JSON.parse(postgresPlan(args).files?.patroni?.data["shared.json"] as string).standby_cluster).toBeNull();
      const rolled = (standby: boolean) => {
        const { members: _, files, secrets: _secrets, ...rest } = planOf(standby);
        return { ...rest, files: Object.entries(files ?? {}).filter(([, file]) => !file.reload) };
      };
      expect(JSON.stringify(rolled(true))).toBe(JSON.stringify(rolled(false)));
      // The control: without the store that it followed they would be rolled.
      expect(JSON.stringify(rolled(true).env)).not.toBe(JSON.stringify(postgresPlan(args).env));
    });

    test("a new stack that follows none is bootstrapped without it", () => {
      expect(patroniConfig("dev", tiers.small.postgres).bootstrap.dcs).not.toHaveProperty("standby_cluster");
    });
  });

  test("finds the store, and keeps as many backups as the tier says", () => {
    const text = pgbackrestConfig(backups, keeping);
    expect(text).toContain("repo1-s3-endpoint=backup-store.media-base\nrepo1-storage-port=9000\n");
    expect(text).toContain("repo1-retention-full=2");
    expect(text).not.toMatch(/ca-file|cipher/);
  });

  test("uses https' own port, an authority of the store's own and encryption where they are given", async () => {
    const store = { ...backups, endpoint: "https://s3.example.com", caPem: "PEM", cipherPass: "a long random text" };
    const text = pgbackrestConfig(store, keeping);
    expect(text).toContain("repo1-storage-port=443");
    expect(text).toContain("repo1-storage-ca-file=/etc/pgbackrest/ca.pem");
    expect(text).toContain("repo1-cipher-type=aes-256-cbc");
    expect(await settled(pgbackrestSecrets(store))).toContain("repo1-cipher-pass=a long random text");
    expect(postgresPlan({ ...args, backups: store }).files?.pgbackrest?.data["ca.pem"]).toBe("PEM");
  });

  test("has its keys in the secret half only", async () => {
    expect(pgbackrestConfig(backups, keeping)).not.toContain("hush");
    expect(await settled(pgbackrestSecrets(backups))).toBe("[global]\nrepo1-s3-key=access\nrepo1-s3-key-secret=hush\n");
  });
});
