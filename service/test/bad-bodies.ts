import type { z } from "zod";
import type { ProblemCode } from "../src/errors/catalogue.ts";
import type { Contract, OperationId } from "../src/http/contract/contract.ts";
import { PASSWORD } from "./calls.ts";

type WithBody = { [K in OperationId]: Contract[K] extends { body: z.ZodType } ? K : never }[OperationId];
type BodyOf<K extends WithBody> = Contract[K] extends { body: infer S extends z.ZodType } ? z.input<S> : never;

const PERSON = { email: "nobody@example.org", password: PASSWORD };

/** A body that each operation takes: an operation without one does not compile. */
export const EXAMPLES: { [K in WithBody]: BodyOf<K> } = {
  register: { ...PERSON, name: "Nobody" },
  login: PERSON,
  refresh: { refreshToken: "a.b" },
  changePassword: { current: "correct horse battery staple", password: "correct horse battery staple" },
  forgetPassword: { email: "ann@example.org" },
  resetPassword: { token: "user.secret", password: "correct horse battery staple" },
  changeRole: { role: "user" },
  createRequest: { mediaType: "movie", tmdbId: 603 },
  receivePayment: {
    id: "evt_bad_input",
    type: "payment.failed",
    createdAt: 1_790_000_000,
    data: {
      paymentId: "pay_bad_input",
      userId: "00000000-0000-4000-8000-000000000000",
      amountMinor: 900,
      currency: "EUR",
    },
  },
  reportTimings: { page: "/", traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01" },
};

/** The only operation that passes over members which it does not know: so one that it knows is wrong as well. */
const ALSO_WRONG: Partial<Record<WithBody, object>> = { receivePayment: { createdAt: -1 } };

export interface BadBody {
  name: string;
  body: Buffer | string;
  code: ProblemCode;
}

/** Everything that is wrong with a body, from the bytes to the meaning. */
export function badBodies(id: WithBody): BadBody[] {
  const example = EXAMPLES[id];
  const refused = (name: string, body: string): BadBody => ({ name, body, code: "validation-failed" });
  const more = JSON.stringify({ ...example, ...ALSO_WRONG[id] }).slice(0, -1);
  const malformed = (name: string, body: Buffer | string): BadBody => ({ name, body, code: "malformed-body" });
  return [
    { name: "too large", body: `${more},"more":"${"x".repeat(20_000)}"}`, code: "body-too-large" },
    { name: "10,000 levels deep", body: `${more},"more":${nested("[", "]", 10_000)}}`, code: "body-too-large" },
    refused("arrays as deep as fit", `${more},"more":${nested("[", "]", 7_900)}}`),
    refused("objects as deep as fit", `${more},"more":${nested('{"a":', "}", 2_600, "1")}}`),
    malformed("10,000 levels that do not end", "[".repeat(10_000)),
    malformed("bytes that are no UTF-8", Buffer.concat([Buffer.from(`${more},"more":"`), NOT_UTF8, Buffer.from('"}')])),
    malformed("cut off", more),
    malformed("no JSON", "text"),
    refused("an array", "[]"),
    refused("__proto__", `${more},"__proto__":{"polluted":true}}`),
    refused("constructor", `${more},"constructor":{"prototype":{"polluted":true}}}`),
    ...badValues(example).map(([name, body]) => refused(name, body)),
  ];
}

const NOT_UTF8 = Buffer.from([0xff, 0xfe]);
const nested = (open: string, close: string, levels: number, core = "") =>
  open.repeat(levels) + core + close.repeat(levels);

/** What no text of ours may hold, as JSON writes it. */
const BAD_TEXTS = { NUL: '"a\\u0000b"', "half a surrogate pair": '"a\\ud800b"' };
const WRONG_TYPES = ["null", "[]", '{"a":{}}', "true", "-1.5", '{"__proto__":{}}', '["a"]'];

/** The example with one value replaced, at every place. */
function badValues(example: object): [name: string, body: string][] {
  return placesOf(example).flatMap(({ name, value, put }) => {
    const texts = typeof value === "string" ? Object.entries(BAD_TEXTS) : [];
    const types = WRONG_TYPES.map((wrong) => [wrong, wrong] as const);
    return [...texts, ...types].map(([what, json]): [string, string] => [`${what} at ${name}`, put(json)]);
  });
}

interface Place {
  name: string;
  value: unknown;
  /** The example with this JSON there. */
  put(json: string): string;
}

const MARK = "\u0001mark";

function placesOf(value: object, name = "", whole = (inner: unknown) => inner): Place[] {
  return Object.entries(value).flatMap(([key, inner]) => {
    const at = `${name}/${key}`;
    const within = (other: unknown) => whole({ ...value, [key]: other });
    const here: Place = {
      name: at,
      value: inner,
      put: (json) => JSON.stringify(within(MARK)).replace(JSON.stringify(MARK), () => json),
    };
    return [here, ...(typeof inner === "object" ? placesOf(inner, at, within) : [])];
  });
}
