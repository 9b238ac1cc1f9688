import { randomBytes } from "node:crypto";
import * as client from "openid-client";

/** Seconds that a person may take at the provider. */
const PENDING_SECONDS = 600;
/** Sign-ins that have begun and not ended; the oldest go. */
const MOST_PENDING = 1_000;
const ANSWER_SECONDS = 5;

export interface OidcSettings {
  /** Its discovery document is below it. http is for tests alone: the stack's configuration wants https. */
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** Separated by spaces; "openid" among it. */
  scope: string;
  /** Claim of the ID token: a text or a list of texts. */
  adminClaim: string;
  /** Values of it that make an administrator. */
  adminValues: readonly string[];
}

interface Pending {
  verifier: string;
  nonce: string;
  /** Of the browser that began: another one cannot end it. */
  browser: string;
  to: string;
  until: number;
}

/** Signing in at an OpenID Connect provider: the authorization code flow with PKCE, state and nonce. */
export interface Oidc {
  /** Where to send the browser, and what it has to bring back in a cookie. `callback`: where the provider sends it then. */
  begin(callback: string, to: string): Promise<{ location: string; browser: string }>;
  /** Who came back, and where the person wanted to go. @throws OidcRefused, or what openid-client throws */
  finish(came: URL, browser: string | undefined): Promise<{ subject: string; to: string }>;
}

/** The provider said who it is, and we do not let them in; or nobody began this sign-in. */
export class OidcRefused extends Error {
  readonly status: 401 | 403;
  constructor(status: 401 | 403, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * What has begun is kept in this one process: a sign-in that a restart cuts off begins again. The provider is asked for its
 * keys and addresses at the first sign-in.
 */
export function createOidc(settings: OidcSettings, now = Date.now): Oidc {
  const pending = new Map<string, Pending>();
  const configured = remembered(() => discover(settings));
  return {
    async begin(callback, to) {
      const config = await configured();
      const [verifier, browser] = [client.randomPKCECodeVerifier(), randomBytes(16).toString("base64url")];
      const [state, nonce] = [client.randomState(), client.randomNonce()];
      for (const oldest of [...pending.keys()].slice(0, Math.max(0, pending.size + 1 - MOST_PENDING)))
        pending.delete(oldest);
      pending.set(state, { verifier, nonce, browser, to, until: now() + PENDING_SECONDS * 1_000 });
      const location = client.buildAuthorizationUrl(config, {
        redirect_uri: callback,
        scope: settings.scope,
        state,
        nonce,
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: "S256",
      });
      return { location: location.href, browser };
    },
    async finish(came, browser) {
      const state = came.searchParams.get("state") ?? "";
      const begun = pending.get(state);
      // Once, whatever comes of it.
      pending.delete(state);
      if (!begun || begun.until < now()) throw new OidcRefused(401, "no such sign-in has begun, or it is over");
      if (begun.browser !== browser) throw new OidcRefused(401, "another browser began this sign-in");
      const answer = await client.authorizationCodeGrant(await configured(), came, {
        pkceCodeVerifier: begun.verifier,
        expectedState: state,
        expectedNonce: begun.nonce,
        idTokenExpected: true,
      });
      const claims = answer.claims();
      const values = [claims?.[settings.adminClaim]].flat().map(String);
      if (!claims || !values.some((value) => settings.adminValues.includes(value)))
        throw new OidcRefused(403, `the claim ${settings.adminClaim} makes no administrator`);
      return { subject: claims.sub, to: begun.to };
    },
  };
}

function discover({ issuer, clientId, clientSecret }: OidcSettings): Promise<client.Configuration> {
  // The signature is checked too, which the standard leaves open where the token comes over TLS.
  const execute = [client.enableNonRepudiationChecks];
  if (issuer.startsWith("http:")) execute.push(client.allowInsecureRequests);
  const by = client.ClientSecretBasic(clientSecret);
  return client.discovery(new URL(issuer), clientId, undefined, by, { execute, timeout: ANSWER_SECONDS });
}

/** Asks once, and again only where that failed. */
function remembered<T>(work: () => Promise<T>): () => Promise<T> {
  let found: Promise<T> | undefined;
  return () => {
    found ??= work().catch((error) => {
      found = undefined;
      throw error;
    });
    return found;
  };
}
