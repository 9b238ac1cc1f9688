import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../lib/run.ts";
import { imageError } from "./errors.ts";
import { keyOf } from "./hash.ts";

const SUITE = "trixie";
const PACKAGES = ["ca-certificates"];
const CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt";
/** Every container's user; part of the base so that each image has its passwd entry. */
const ADD_USER = 'chroot "$1" useradd --uid 10001 --user-group --home-dir /nonexistent --shell /usr/sbin/nologin app';

/** Where the host gets Debian from: images use the same places, so that a machine with a mirror of its own needs no setting. */
export interface Mirrors {
  readonly main: string;
  readonly security: string;
}

/** Reads one-line and deb822 sources. Debian's own archives are known by their paths' last part. */
export function mirrorsFrom(sources: readonly string[]): Mirrors {
  const addresses = sources
    .flatMap((text) => text.split("\n"))
    .filter((line) => /^\s*(deb\s|URIs:)/.test(line))
    .flatMap((line) => line.match(/\bhttps?:\/\/[^\s\]]+/g) ?? [])
    .map((address) => address.replace(/\/+$/, ""));
  const main = addresses.find((address) => address.endsWith("/debian"));
  if (!main) throw imageError("base", "the host's apt sources name no Debian archive", "add one that ends in /debian");
  // Mirrors have it beside the main archive.
  const security = addresses.find((address) => address.endsWith("/debian-security")) ?? `${main}-security`;
  return { main, security };
}

export async function hostMirrors(folder = "/etc/apt"): Promise<Mirrors> {
  const parts = join(folder, "sources.list.d");
  const names = existsSync(parts) ? (await readdir(parts)).sort().map((name) => join(parts, name)) : [];
  const files = [join(folder, "sources.list"), ...names].filter((file) => existsSync(file));
  return mirrorsFrom(await Promise.all(files.map((file) => readFile(file, "utf8"))));
}

/** The arguments of mmdebstrap, without the output file. */
export function recipe(mirrors: Mirrors): string[] {
  const { main, security } = mirrors;
  return [
    "--variant=minbase",
    `--include=${PACKAGES.join(",")}`,
    '--aptopt=APT::Install-Recommends "false"',
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    // Clients inside a build must trust what the host trusts, for example a proxy that inspects TLS.
    `--customize-hook=cat ${CA_BUNDLE} >> "$1${CA_BUNDLE}"`,
    `--customize-hook=${ADD_USER}`,
    SUITE,
    "{output}",
    `deb ${main} ${SUITE} main`,
    `deb ${main} ${SUITE}-updates main`,
    `deb ${security} ${SUITE}-security main`,
  ];
}

/** The base's key and the way to get its tar, made at most once per key. */
export interface Base {
  readonly key: string;
  readonly tar: (report: (line: string) => void) => Promise<string>;
}

export async function base(cacheDir: string): Promise<Base> {
  const args = recipe(await hostMirrors());
  const key = keyOf([...args, existsSync(CA_BUNDLE) ? await readFile(CA_BUNDLE, "utf8") : ""]);
  return { key, tar: (report) => makeTar(join(cacheDir, `base-${key}.tar`), args, cacheDir, report) };
}

async function makeTar(tar: string, args: string[], cacheDir: string, report: (line: string) => void): Promise<string> {
  if (existsSync(tar)) return tar;
  await mkdir(cacheDir, { recursive: true });
  const unfinished = `${tar}.new.tar`;
  await run(
    {
      subject: "image base",
      doing: "installing Debian",
      command: ["mmdebstrap", ...args.map((arg) => (arg === "{output}" ? unfinished : arg))],
      log: join(cacheDir, "logs", "base.log"),
      remedy: "check that apt-get update works on this machine, and: apt-get install mmdebstrap debian-archive-keyring",
    },
    report,
  );
  await rename(unfinished, tar);
  return tar;
}
