/** An answer as bytes, so that it can be kept and given again exactly as it was. */
export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

type Headers = Record<string, string>;

export function json(status: number, body: unknown, headers: Headers = {}): Reply {
  const type = { "Content-Type": "application/json; charset=utf-8" };
  return { status, headers: { ...type, ...headers }, body: Buffer.from(JSON.stringify(body)) };
}

export function html(body: string, headers: Headers = {}): Reply {
  return { status: 200, headers: { "Content-Type": "text/html; charset=utf-8", ...headers }, body: Buffer.from(body) };
}

export function empty(headers: Headers = {}): Reply {
  return { status: 204, headers, body: Buffer.alloc(0) };
}
