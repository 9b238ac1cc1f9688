import { createLogger } from "./log.ts";
import { createOutage } from "./outage.ts";

test("an outage is two lines, however many failures it has", () => {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line));
  const log = createLogger({ process: "api", SERVICE_VERSION: "test", LOG_LEVEL: "info" }, { write });
  let failures = 0;
  const outage = createOutage(log, { thing: "x" }, "it does not work", "it works again", () => failures++);
  outage.over();
  expect(lines).toEqual([]);
  for (let round = 1; round <= 2; round++) {
    for (let n = 0; n < 3; n++) outage.failed(new Error("no"));
    for (let n = 0; n < 3; n++) outage.over();
    expect(failures).toBe(3 * round);
    expect(lines.map(({ level, msg, thing }) => [level, msg, thing])).toEqual(
      Array(round)
        .fill([
          ["warn", "it does not work", "x"],
          ["info", "it works again", "x"],
        ])
        .flat(),
    );
  }
});
