import fc from "fast-check";
import { GENESIS, type LedgerRow, nextRow, verifyChain } from "./ledger.ts";

function chain(payloads: string[]): LedgerRow[] {
  const rows: LedgerRow[] = [];
  for (const payload of payloads) rows.push(nextRow(rows.at(-1), payload));
  return rows;
}

const rows = chain(["a", "b", "c", "d"]);

test("a chain begins at the genesis hash and is intact in any order", () => {
  expect(rows[0]).toMatchObject({ seq: 1, prevHash: GENESIS });
  expect(verifyChain(rows.toReversed())).toEqual({ intact: true, rows: 4, lastSeq: 4, faults: [] });
  expect(verifyChain([])).toEqual({ intact: true, rows: 0, lastSeq: 0, faults: [] });
});

test("each kind of fault is named with its row", () => {
  const without = (seq: number) => rows.filter((row) => row.seq !== seq);
  const changed = rows.map((row) => (row.seq === 3 ? { ...row, payload: "C" } : row));
  const foreign = [...without(4), nextRow({ seq: 3, hash: GENESIS }, "d")];
  expect(verifyChain(without(2)).faults).toMatchObject([{ seq: 2, kind: "missing" }]);
  expect(verifyChain(without(1)).faults).toMatchObject([{ seq: 1, kind: "missing" }]);
  expect(verifyChain(changed).faults).toMatchObject([{ seq: 3, kind: "altered" }]);
  expect(verifyChain(foreign).faults).toMatchObject([{ seq: 4, kind: "unlinked" }]);
});

test("a chain that lost its end is intact and shorter", () => {
  expect(verifyChain(rows.slice(0, 2))).toMatchObject({ intact: true, lastSeq: 2 });
});

test("any chain is intact, and any change of a payload is found", () => {
  const payloads = fc.array(fc.string(), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(payloads, fc.nat(), (texts, at) => {
      const made = chain(texts);
      expect(verifyChain(made).intact).toBe(true);
      const index = at % made.length;
      const damaged = made.map((row, n) => (n === index ? { ...row, payload: `${row.payload}!` } : row));
      expect(verifyChain(damaged).faults).toMatchObject([{ seq: index + 1, kind: "altered" }]);
    }),
  );
});
