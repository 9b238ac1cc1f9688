import { basename, dirname } from "node:path";
import { expect, test } from "@jest/globals";
import { postgresFolders } from "@media/service/test/programs";
import { runScript, SCRIPT_SECONDS } from "./scripts.fixtures.ts";

/**
 * The rehearsal of a major upgrade with PostgreSQL and pgBackRest of Debian. This machine has one version: pg_upgrade takes it
 * for the next one too. `make drill KIND=postgres-upgrade` goes from the stack's version to the next.
 */

interface Way {
  possible: boolean;
  passed?: boolean;
  reason?: string;
}
interface Rehearsed {
  passed: boolean;
  failure?: string;
  ledgerRows?: number;
  ways?: { dump: Way; inPlace: Way };
}

/** A database with an encrypted repository, in place of the stack's. */
const LABORATORY = `
import os
import upgrade
from laboratory import Laboratory
root = os.environ["SCRATCH_FOLDER"] + "/laboratory"
os.makedirs(root + "/copy", mode=0o700)
lab = Laboratory(root, os.environ["POSTGRES_BIN"])
lab.start()
lab.stop()
upgrade.Repository = lambda: lab.repository
os.environ.update(SCRATCH_FOLDER=root + "/copy", DATABASE_NAME="media")
`;
const own = () => basename(dirname(postgresFolders()[0] as string));
const rehearse = (before = "") => runScript<Rehearsed>("upgrade", ["--to", own()], LABORATORY + before);

const GOOD = { possible: true, passed: true, different: [], changeFound: true };

test(
  "a copy of the newest backup has every row in the next version, by dump and in place; what is planted is found",
  () => {
    const result = rehearse();
    expect(result).toMatchObject({ status: 0, passed: true, obstacleFound: true, ways: { dump: GOOD, inPlace: GOOD } });
    expect(result.ledgerRows).toBe(100);
  },
  SCRIPT_SECONDS * 1000,
);

test(
  "a way that is closed is told with its reason, and the other one is enough; both closed fail",
  () => {
    const no = (way: string) => `
def closed_${way}(self):
    raise upgrade.Failure("upgrade-failed", "${way} does not work")
upgrade.Upgrade.${way} = closed_${way}
`;
    const inPlace = { possible: false, reason: "link does not work" };
    expect(rehearse(no("link"))).toMatchObject({ status: 0, passed: true, ways: { dump: GOOD, inPlace } });
    expect(rehearse(no("link") + no("load"))).toMatchObject({ status: 1, passed: false, ways: { inPlace } });
  },
  2 * SCRIPT_SECONDS * 1000,
);

test(
  "negative control: a row that is lost on the way fails it, and so does a comparison that sees nothing",
  () => {
    const lossy = rehearse(`
link = upgrade.Upgrade.link
def lossy(self):
    link(self)
    self.new.query("DELETE FROM ledger WHERE seq = 100", database="media")
upgrade.Upgrade.link = lossy
`);
    const lost = { passed: false, different: ["media.public.ledger"] };
    expect(lossy).toMatchObject({ status: 1, passed: false, ways: { dump: GOOD, inPlace: lost } });
    const blind = rehearse("upgrade.differences = lambda before, after: []\n");
    expect(blind).toMatchObject({ status: 1, passed: false, ways: { inPlace: { changeFound: false } } });
  },
  2 * SCRIPT_SECONDS * 1000,
);

test(
  "a failover after the archive was read is no damage: recovery follows the new timeline",
  () => {
    const result = rehearse(`
read = lab.repository.archive
def then_a_failover(backup):
    found = read(backup)
    lab.promote()
    lab.write(20)
    lab.archive_all()
    lab.stop()
    return found
lab.repository.archive = then_a_failover
`);
    expect(result).toMatchObject({ status: 0, passed: true, ledgerRows: 120 });
  },
  SCRIPT_SECONDS * 1000,
);

test("an image without the next version is refused by name", () => {
  const env = { DATABASE_NAME: "media" };
  expect(runScript<Rehearsed>("upgrade", ["--to", "99"], "", env)).toMatchObject({
    status: 1,
    failure: "upgrade-impossible",
    left: [],
  });
});
