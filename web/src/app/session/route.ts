import { cookies } from "next/headers";
import { type NextRequest, NextResponse } from "next/server";

/**
 * Sign-in, renewal and sign-out. The browser's scripts never see the refresh token: it stays in a cookie that only this
 * path receives (HttpOnly, SameSite=Strict).
 */
const API = process.env.API_URL ?? "http://api:8080";
const COOKIE = "media-refresh";
const OPTIONS = { httpOnly: true, secure: true, sameSite: "strict", path: "/session" } as const;
/** As long as the service keeps a session. */
const SESSION_SECONDS = 30 * 24 * 3_600;

export async function POST(request: NextRequest): Promise<Response> {
  if (!sameOrigin(request)) return foreign();
  const body = await request.text();
  return begin(await call("/api/v1/auth/login", request, body));
}

export async function PUT(request: NextRequest): Promise<Response> {
  if (!sameOrigin(request)) return foreign();
  const refreshToken = (await cookies()).get(COOKIE)?.value;
  if (!refreshToken) return new NextResponse(null, { status: 204 });
  const response = await call("/api/v1/auth/refresh", request, JSON.stringify({ refreshToken }));
  if (response?.status === 401) (await cookies()).delete({ name: COOKIE, path: OPTIONS.path });
  return begin(response);
}

export async function DELETE(request: NextRequest): Promise<Response> {
  if (!sameOrigin(request)) return foreign();
  await call("/api/v1/auth/logout", request);
  (await cookies()).delete({ name: COOKIE, path: OPTIONS.path });
  return new NextResponse(null, { status: 204 });
}

/** A page of another site cannot act for the user: its requests carry its own origin. */
function sameOrigin(request: NextRequest): boolean {
  const site = request.headers.get("sec-fetch-site");
  if (site) return site === "same-origin";
  const origin = request.headers.get("origin");
  return origin !== null && new URL(origin).host === request.headers.get("host");
}

const foreign = () => problem(403, "forbidden", "This request comes from another site", "Open the page itself.");

function problem(status: number, code: string, title: string, hint: string): Response {
  const document = { type: `/problems/${code}`, title, status, code, hint, instance: "/session", requestId: "" };
  return NextResponse.json(document, { status, headers: { "content-type": "application/problem+json" } });
}

async function call(path: string, request: NextRequest, body?: string): Promise<Response | undefined> {
  const passed = ["authorization", "traceparent", "x-forwarded-for", "x-request-id"];
  const headers = new Headers({ "content-type": "application/json" });
  for (const name of passed) {
    const value = request.headers.get(name);
    if (value) headers.set(name, value);
  }
  const signal = AbortSignal.timeout(10_000);
  return fetch(`${API}${path}`, { method: "POST", headers, signal, ...(body ? { body } : {}) }).catch(() => undefined);
}

async function begin(response: Response | undefined): Promise<Response> {
  if (!response) return problem(503, "sessions-unavailable", "Sign-in is not available", "Try again in a moment.");
  if (!response.ok) {
    const headers = new Headers({ "content-type": "application/problem+json" });
    const wait = response.headers.get("retry-after");
    if (wait) headers.set("retry-after", wait);
    return new NextResponse(await response.text(), { status: response.status, headers });
  }
  const { accessToken, expiresIn, refreshToken } = (await response.json()) as Record<string, string | number>;
  (await cookies()).set(COOKIE, String(refreshToken), { ...OPTIONS, maxAge: SESSION_SECONDS });
  return NextResponse.json({ accessToken, expiresIn }, { headers: { "cache-control": "no-store" } });
}
