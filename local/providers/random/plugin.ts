import { randomBytes } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { CheckFailure, Provider } from "@pulumi/pulumi/provider/index.js";
import { hash } from "bcryptjs";
import { typeOf, unsupported } from "../serve.ts";
import { hasUnknown, type Props, secret, unwrapMap } from "../values.ts";
import { randomText, TEXT_DEFAULTS, textProblem } from "./text.ts";

/** One kind of random resource. */
interface Kind {
  /** What is wrong with the inputs. */
  problem(inputs: Props): string | undefined;
  /** Inputs that may be left out. */
  readonly defaults: Props;
  /** Outputs beside the inputs. */
  make(inputs: Props): Promise<Props>;
}

/** The cost that the official plugin uses. */
const BCRYPT_ROUNDS = 10;

const KINDS: Readonly<Record<string, Kind>> = {
  "random:index/randomPassword:RandomPassword": {
    problem: textProblem,
    defaults: TEXT_DEFAULTS,
    make: async (inputs) => {
      const options = { ...TEXT_DEFAULTS, ...inputs };
      const result = randomText(options);
      // bcrypt reads no more than 72 bytes, and the library refuses longer texts outright.
      const bcryptHash = await hash(Buffer.from(result).subarray(0, 72).toString(), BCRYPT_ROUNDS);
      return { ...options, number: options.numeric ?? true, result: secret(result), bcryptHash: secret(bcryptHash) };
    },
  },
  "random:index/randomBytes:RandomBytes": {
    problem: ({ length }) =>
      Number.isInteger(length) && Number(length) > 0
        ? undefined
        : `length must be a whole number of at least 1, not ${length}`,
    defaults: {},
    make: async ({ length }) => {
      const made = randomBytes(Number(length));
      return { base64: secret(made.toString("base64")), hex: secret(made.toString("hex")) };
    },
  },
};

/** What the state holds beside inputs and defaults. */
const MADE = new Set(["result", "bcryptHash", "base64", "hex", "number", "__defaults", "__meta"]);

/** The random plugin: values are made once, kept in the state, and made anew when an input changes. */
export const randomPlugin: Provider = {
  version: "4.21.2",
  check: async (urn, _olds, news: Props) => {
    const kind = KINDS[typeOf(urn)];
    if (!kind) return unsupported(urn, "random", "RandomPassword and RandomBytes");
    return { inputs: news, failures: hasUnknown(news) ? [] : failures(kind, unwrapMap(news)) };
  },
  /** An input at its default, unset before or after, is no change. */
  diff: async (_id, urn, olds: Props, news: Props) => {
    const replaces = changedInputs(unwrapMap(olds), unwrapMap(news), KINDS[typeOf(urn)]?.defaults ?? {});
    return { changes: replaces.length > 0, replaces };
  },
  create: async (urn, inputs: Props) => ({
    id: "none",
    outs: { ...inputs, ...(await (KINDS[typeOf(urn)] as Kind).make(unwrapMap(inputs))) },
  }),
  read: async (id, urn, props: Props) => {
    if (Object.keys(props).length === 0)
      throw new Error(`${typeOf(urn)} cannot be imported by this random plugin; install the official plugin for it`);
    return { id, props };
  },
  delete: async () => {},
  cancel: async () => {},
};

function failures(kind: Kind, inputs: Props): CheckFailure[] {
  const reason =
    inputs.number === undefined ? kind.problem(inputs) : "number is the old name of numeric: write numeric";
  return reason ? [{ property: "", reason }] : [];
}

export function changedInputs(olds: Props, news: Props, defaults: Props): string[] {
  const keys = [...new Set([...Object.keys(olds), ...Object.keys(news)])].filter((key) => !MADE.has(key));
  const value = (props: Props, key: string) => props[key] ?? defaults[key];
  return keys.filter((key) => hasUnknown(news[key]) || !isDeepStrictEqual(value(olds, key), value(news, key)));
}
