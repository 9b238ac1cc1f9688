import { X509Certificate } from "node:crypto";
import { CERTIFICATE_SECONDS } from "@media/dashboards/thresholds";
import type { Finding, ObjectPolicy } from "./types.ts";

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;
const DAY_MS = 86_400_000;
/** The alert CertificateExpires warns as early. */
const LEAST_DAYS = CERTIFICATE_SECONDS.warning / 86_400;

/** What is wrong with the certificates in a file at a time (ms since 1970); what is no certificate is not judged. */
function problemsIn(text: string, now: number): string[] {
  return (text.match(PEM) ?? []).flatMap((pem) => {
    const certificate = read(pem);
    if (!certificate) return [];
    const name = certificate.subject.replaceAll("\n", ", ");
    const days = Math.floor((Date.parse(certificate.validTo) - now) / DAY_MS);
    const until = new Date(certificate.validTo).toISOString().slice(0, 10);
    if (days < 0) return [`holds the certificate ${name}, which expired on ${until}`];
    return days < LEAST_DAYS ? [`holds the certificate ${name}, which expires on ${until}, in ${days} days`] : [];
  });
}

function read(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/** Certificates in ConfigMaps and Secrets. */
export const certificatePolicies: readonly ObjectPolicy[] = [
  {
    name: "certificate-is-valid",
    description: `Certificates are valid for ${LEAST_DAYS} days or more from now.`,
    instead:
      "renew it; for the stack's own set a later `media-platform:certificates.notAfter`, and no `asOf` that is past",
    level: "mandatory",
    check: ({ object }) => {
      if (!["ConfigMap", "Secret"].includes(object.kind)) return [];
      const decode = (text: string) => (object.kind === "Secret" ? Buffer.from(text, "base64").toString() : text);
      return Object.entries((object.data ?? {}) as Record<string, unknown>).flatMap(([file, text]): Finding[] =>
        typeof text === "string"
          ? problemsIn(decode(text), Date.now()).map((problem) => ({ where: `data[${file}]`, problem }))
          : [],
      );
    },
  },
];
