import { createLogger } from "./log.ts";

test("lines say who speaks, and secrets never get out", () => {
  const lines: string[] = [];
  const config = { process: "api", SERVICE_VERSION: "1.0.0", LOG_LEVEL: "info" } as const;
  const log = createLogger(config, { write: (line) => void lines.push(line) });
  log.info(
    { password: "p1", req: { headers: { authorization: "p2", cookie: "p3" } }, config: { token: "p4" } },
    "hello",
  );
  log.debug("too quiet");
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0] as string)).toMatchObject({
    level: "info",
    service: "media-api",
    version: "1.0.0",
    msg: "hello",
  });
  expect(lines[0]).not.toMatch(/p[1-4]/);
});
