import { expect, test } from "@jest/globals";
import { type Acknowledged, compare, type LedgerRow, nextRow } from "./ledger.ts";

function chain(count: number): Acknowledged[] {
  const rows: Acknowledged[] = [];
  let previous: LedgerRow | undefined;
  for (let i = 0; i < count; i++) {
    previous = nextRow(previous, `row ${i}`);
    rows.push({ ...previous, at: 1000 + i });
  }
  return rows;
}

test("nothing is lost when every row is found", () => {
  const rows = chain(5);
  expect(compare(rows, 5, rows)).toMatchObject({
    rowsAcknowledged: 5,
    rowsLost: 0,
    rowsLostAfterLastArchive: 0,
    rpoSeconds: 0,
    chainIntact: true,
  });
});

test("rows after the last archived WAL count only for the recovery point", () => {
  const rows = chain(5);
  expect(compare(rows, 3, rows.slice(0, 3))).toMatchObject({
    rowsLost: 0,
    rowsLostAfterLastArchive: 2,
    rpoSeconds: 2,
    chainIntact: true,
  });
});

test("negative control: a missing archived row is lost and breaks the chain", () => {
  const rows = chain(5);
  expect(compare(rows, 5, [...rows.slice(0, 2), ...rows.slice(3)])).toMatchObject({ rowsLost: 1, chainIntact: false });
});

test("negative control: a changed row is lost although its number exists", () => {
  const rows = chain(3);
  const found = rows.map((row, i) => (i === 1 ? { ...row, payload: "forged", hash: "0".repeat(64) } : row));
  expect(compare(rows, 3, found)).toMatchObject({ rowsLost: 1, chainIntact: false });
});
