/** Says each test as it ends: jest's own reporter is silent until the whole file has, which takes half an hour. */
export default class Progress {
  onTestCaseResult(_test, { ancestorTitles, title, status, duration }) {
    const mark = { passed: "✓", failed: "✕" }[status];
    if (!mark) return;
    const seconds = ((duration ?? 0) / 1_000).toFixed(1);
    console.error(
      `[${new Date().toISOString().slice(11, 19)}] ${mark} ${[...ancestorTitles, title].join(" › ")} (${seconds} s)`,
    );
  }
}
