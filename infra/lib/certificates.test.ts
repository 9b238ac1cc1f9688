import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { connect, createServer, type TLSSocket } from "node:tls";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { authorityPem, leafPem, leafValidity, serverNames } from "./certificates.ts";
import { deriveKey } from "./x509.ts";

const seed = Buffer.alloc(32, 7).toString("base64");
const validity = { notBefore: "2026-01-01", notAfter: "2036-01-01" };
const names = serverNames("gateway", "media-dev", "127.0.0.1");
const ca = authorityPem(seed, "test authority", validity);
const leaf = leafPem(seed, "test authority", "gateway", names, validity);

/** Connects to a server with the leaf's key; the name or address is checked as any client does. */
async function handshake(trusted: string, servername: string): Promise<TLSSocket> {
  const server = createServer({ cert: leaf.certPem, key: leaf.keyPem }, (socket) => socket.end());
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect({ host: "127.0.0.1", port: (server.address() as AddressInfo).port, ca: trusted, servername });
  try {
    await once(socket, "secureConnect");
    return socket;
  } finally {
    socket.destroy();
    server.close();
  }
}

describe("the authority", () => {
  const certificate = new X509Certificate(ca);

  test("signs itself, and may sign others", () => {
    expect(certificate.ca).toBe(true);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.subject).toBe("CN=test authority");
  });

  test("is valid between the configured dates", () => {
    expect([certificate.validFromDate, certificate.validToDate]).toEqual([
      new Date("2026-01-01"),
      new Date("2036-01-01"),
    ]);
  });
});

describe("a server's certificate", () => {
  const certificate = new X509Certificate(leaf.certPem);

  test("is signed by the authority and signs nothing", () => {
    expect(certificate.verify(new X509Certificate(ca).publicKey)).toBe(true);
    expect(certificate.checkIssued(new X509Certificate(ca))).toBe(true);
    expect(certificate.ca).toBe(false);
  });

  test("names the service, inside and from the host", () => {
    expect(certificate.checkHost("gateway.media-dev.svc.cluster.local")).toBeDefined();
    expect(certificate.checkIP("127.0.0.1")).toBe("127.0.0.1");
    expect(certificate.checkHost("elsewhere")).toBeUndefined();
  });

  test("has another serial number and key than that of another server", () => {
    const other = new X509Certificate(leafPem(seed, "test authority", "other", names, validity).certPem);
    expect(other.serialNumber).not.toBe(certificate.serialNumber);
    expect(other.publicKey.equals(certificate.publicKey)).toBe(false);
  });

  test("serves a client that trusts the authority", async () => {
    const socket = await handshake(ca, "gateway");
    expect(socket.authorized).toBe(true);
  });

  test("is refused by a client that trusts another authority, even of the same name", async () => {
    const stranger = authorityPem(Buffer.alloc(32, 8).toString("base64"), "test authority", validity);
    await expect(handshake(stranger, "gateway")).rejects.toThrow(/signature|unable to verify|self-signed/);
  });

  test("is refused under a name that is not in it", async () => {
    await expect(handshake(ca, "elsewhere")).rejects.toThrow(/does not match/);
  });
});

describe("one seed gives", () => {
  test("the same bytes each time", () => {
    expect(authorityPem(seed, "test authority", validity)).toBe(ca);
    expect(leafPem(seed, "test authority", "gateway", names, validity)).toEqual(leaf);
  });

  test("valid, distinct keys for any labels", () => {
    const bytes = Buffer.from(seed, "base64");
    fc.assert(
      fc.property(fc.uniqueArray(fc.string(), { minLength: 2, maxLength: 2 }), (labels) => {
        const [a, b] = labels.map((label) => deriveKey(bytes, label));
        expect(a?.privateKey.equals(b?.privateKey as never)).toBe(false);
      }),
      { numRuns: 20 },
    );
  });
});

describe("the validity of servers' certificates", () => {
  const at = (asOf: string, notAfter = validity.notAfter) => leafValidity({ ...validity, notAfter, asOf });
  const days = (from: string, to: string) => (Date.parse(to) - Date.parse(from)) / 86_400_000;

  test("is the same for all days of a half-year, and then begins anew", () => {
    expect(at("2026-06-29")).toEqual(at("2026-01-01"));
    expect(at("2026-06-30")).toEqual({ notBefore: "2026-06-30", notAfter: "2027-08-01" });
    // A clock that is wrong gives the first, not one before the authority's.
    expect(at("1999-01-01")).toEqual(at("2026-01-01"));
  });

  test("is never more than browsers take, nor less than 217 days ahead, until the authority itself ends", () => {
    const day = fc.date({ min: new Date("2026-01-01"), max: new Date("2035-01-01"), noInvalidDate: true });
    fc.assert(
      fc.property(day, (date) => {
        const today = date.toISOString().slice(0, 10);
        const { notBefore, notAfter } = at(today);
        expect(days(notBefore, notAfter)).toBeLessThanOrEqual(397);
        expect(days(today, notAfter)).toBeGreaterThanOrEqual(217);
        expect(notBefore <= today).toBe(true);
      }),
    );
    expect(at("2035-12-31").notAfter).toBe("2036-01-01");
  });
});
