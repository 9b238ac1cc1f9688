import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mirrorsFrom, recipe } from "./base.ts";
import { type BuildOptions, buildImages } from "./build.ts";
import { IMAGES } from "./catalogue.ts";
import { keyOf } from "./hash.ts";

const HERE = import.meta.dirname;

describe("the catalogue", () => {
  it("has a folder with a Dockerfile for every image, and no folder besides", () => {
    const folders = readdirSync(HERE, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map((entry) => entry.name).sort()).toEqual(IMAGES.map((image) => image.name).sort());
    for (const { name } of IMAGES) expect(existsSync(join(HERE, name, "Dockerfile"))).toBe(true);
  });

  it.each(IMAGES.map((image) => [image.name, image] as const))(
    "%s copies what the catalogue puts there",
    (name, image) => {
      const text = readFileSync(join(HERE, name, "Dockerfile"), "utf8");
      const copied = [...text.matchAll(/^COPY (\S+)/gm)].map((match) => match[1]);
      expect(copied.sort()).toEqual([...(image.tools ?? []), ...(image.packages ?? []).map((file) => file.as)].sort());
      expect(text).toContain("USER 10001:10001");
      // What Docker 20.10's own builder does not know.
      expect(text).not.toMatch(/--mount|--chmod|<</);
    },
  );
});

describe("the base", () => {
  it("follows the host's package sources in either format", () => {
    const oneLine = "# deb http://old/debian\ndeb [signed-by=/k.gpg] https://mirror.example/x/debian/ bookworm main";
    const deb822 = "Types: deb\nURIs: http://sec.example/debian-security\nSuites: bookworm-security";
    expect(mirrorsFrom([oneLine, deb822])).toEqual({
      main: "https://mirror.example/x/debian",
      security: "http://sec.example/debian-security",
    });
  });

  it("refuses a host without Debian's archive, whatever other vendors it has", () => {
    expect(() => mirrorsFrom(["deb https://vendor.example/apt stable main"])).toThrow("no Debian archive");
  });

  it("takes the security archive from beside the main one", () => {
    const { main, security } = mirrorsFrom(["deb http://mirror.example/debian trixie main"]);
    expect(recipe({ main, security }).slice(-3)).toEqual([
      "deb http://mirror.example/debian trixie main",
      "deb http://mirror.example/debian trixie-updates main",
      "deb http://mirror.example/debian-security trixie-security main",
    ]);
  });
});

it("tells lists of parts apart that join to the same text", () => {
  expect(keyOf(["ab", "c"])).not.toBe(keyOf(["a", "bc"]));
});

/** A docker that only writes down what it was asked, and a registry that has what it "pushed". */
const FAKE_DOCKER = `#!/bin/sh
echo "$1 $*" >> "$FAKE/calls"
[ "$1" = build ] && [ -e "$FAKE/broken" ] && { echo "no space left" >&2; exit 7; }
[ "$1" = push ] && touch "$FAKE/$(echo "$2" | tr '/:' '__')"
exit 0
`;

describe("buildImages", () => {
  let folder: string;
  let server: Server;
  let options: BuildOptions;
  const lines: string[] = [];
  const calls = () => {
    const file = join(folder, "calls");
    return existsSync(file)
      ? readFileSync(file, "utf8")
          .trim()
          .split("\n")
          .map((line) => line.split(" ")[0])
      : [];
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "images-"));
    lines.length = 0;
    server = createServer(({ url = "", headers }, answer) => {
      const [, name, tag] = /^\/v2\/(.+)\/manifests\/(.+)$/.exec(url) ?? [];
      const known = existsSync(join(folder, `${headers.host}/${name}:${tag}`.replaceAll(/[/:]/g, "_")));
      answer.writeHead(known ? 200 : 404, { "docker-content-digest": `sha256:${tag}` }).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const command = join(folder, "docker");
    writeFileSync(command, FAKE_DOCKER);
    chmodSync(command, 0o755);
    process.env.FAKE = folder;
    writeFileSync(join(folder, "pause"), "one");
    options = {
      docker: { host: "unix:///nowhere", command },
      registry: `127.0.0.1:${(server.address() as AddressInfo).port}`,
      tools: { pause: join(folder, "pause") },
      cacheDir: join(folder, "cache"),
      only: ["pause"],
      onProgress: (line) => lines.push(line),
    };
  });
  afterEach(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true });
  });

  it("builds and pushes what is missing, then nothing, then what has changed", async () => {
    const first = await buildImages(options);
    expect(first.pause).toMatch(new RegExp(`^${options.registry}/pause@sha256:[0-9a-f]{16}$`));
    expect(calls()).toEqual(["build", "push"]);
    expect(lines).toEqual([expect.stringMatching(/^images 1\/1: pause built and pushed in \d+ s$/)]);
    expect(await buildImages(options)).toEqual(first);
    expect(calls()).toHaveLength(2);
    writeFileSync(join(folder, "pause"), "another");
    expect(await buildImages(options)).not.toEqual(first);
    expect(calls()).toHaveLength(4);
  });

  it("says which image failed, where the log is and what to do", async () => {
    writeFileSync(join(folder, "broken"), "");
    const failure = await buildImages(options).catch((error: Error) => error.message);
    expect(failure).toMatch(
      /^image pause: building failed: exit 7 \(no space left\)\n {2}log: .*pause\.log\n {2}remedy: /,
    );
    expect(readFileSync(join(folder, "cache/logs/pause.log"), "utf8")).toContain("no space left");
  });

  it.each<[string, () => Partial<BuildOptions>, RegExp]>([
    [
      "an unknown image",
      () => ({ only: ["mongo"] }),
      /image mongo: no such image\n {2}remedy: name some of: base pause/,
    ],
    ["a tool that is not built", () => ({ tools: {} }), /program pause is not built \(no path given\)/],
    ["a registry that is down", () => ({ registry: "127.0.0.1:1" }), /registry 127\.0\.0\.1:1 does not answer/],
    ["no docker", () => ({ docker: { host: "x", command: "/nowhere/docker" } }), /building failed: spawn .* ENOENT/],
  ])("explains %s", async (_, change, message) => {
    await expect(buildImages({ ...options, ...change() })).rejects.toThrow(message);
  });
});
