import { closeFollowUp, followUpsOf, openFollowUps } from "./follow-ups.ts";

const TEXT = `# Post-mortem
- no box
- [ ] Confirm the cause.
  * [x] Done before
\`\`\`
- [ ] only code
\`\`\`
- [ ] $& of a test
- [ ]`;
const at = new Date("2026-03-04T05:06:07Z");

test("every checkbox is one, code and empty ones are not", () => {
  expect(followUpsOf(TEXT)).toEqual([
    { line: 2, text: "Confirm the cause.", done: false },
    { line: 3, text: "Done before", done: true },
    { line: 7, text: "$& of a test", done: false },
  ]);
});

test("one is closed where it stands, with who did; nothing else changes", () => {
  const closed = closeFollowUp(TEXT, { line: 7, text: "$& of a test" }, "u1", at) ?? "";
  expect(closed.split("\n")[7]).toBe("- [x] $& of a test (closed by u1, 2026-03-04)");
  expect(closed.split("\n").toSpliced(7, 1)).toEqual(TEXT.split("\n").toSpliced(7, 1));
});

test.each([
  ["another text", { line: 2, text: "Confirm" }],
  ["another line", { line: 7, text: "Confirm the cause." }],
  ["one that is closed", { line: 3, text: "Done before" }],
  ["code", { line: 5, text: "only code" }],
])("closing %s changes nothing", (_, which) => expect(closeFollowUp(TEXT, which, "u1", at)).toBeUndefined());

test("the list has what is open, with its incident", () => {
  const incident = { id: "i", alert: "A", closedAt: at };
  expect(openFollowUps([{ ...incident, postMortem: TEXT }])).toEqual([
    { ...incident, line: 2, text: "Confirm the cause." },
    { ...incident, line: 7, text: "$& of a test" },
  ]);
});
