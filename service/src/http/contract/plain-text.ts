import type { z } from "zod";
import type { Operation } from "./operation.ts";

/** Any text that PostgreSQL can keep, as OpenAPI writes it. That surrogates come in pairs no pattern can say. */
export const PLAIN_TEXT = "^[^\\x00]*$";
const NOT_PLAIN = "must be text without the character U+0000 and without half a surrogate pair";
/** PostgreSQL fails at thousands, even of JSON that it does not look into: what means anything has few. */
const MAX_DEPTH = 50;
const TOO_DEEP = `must not have more than ${MAX_DEPTH} levels`;
const PARTS = ["params", "query", "body"] as const;

/** Makes every operation refuse, wherever it takes text or anything at all, what no database could keep. */
export function plainText<C extends Record<string, Operation>>(operations: C): C {
  const checked = Object.entries(operations).map(([id, operation]) => [id, { ...operation, ...partsOf(operation) }]);
  return Object.fromEntries(checked) as C;
}

function partsOf(operation: Operation): Partial<Operation> {
  return Object.fromEntries(
    PARTS.flatMap((part) => (operation[part] ? [[part, checked(operation[part], operation.verbatim)]] : [])),
  );
}

function checked(schema: z.ZodObject, verbatim: readonly string[] = []): z.ZodObject {
  return schema.superRefine((value, context) => {
    for (const [name, inner] of Object.entries(value)) {
      const message = flawOf(inner, verbatim.includes(name) ? undefined : NOT_PLAIN);
      if (message !== undefined) context.addIssue({ code: "custom", path: [name], message });
    }
  });
}

/** The first thing that is wrong in a value; `badText` is what to say of text that is not plain. */
function flawOf(value: unknown, badText: string | undefined, depth = 0): string | undefined {
  if (typeof value === "string") return isPlainText(value) ? undefined : badText;
  if (typeof value !== "object" || value === null) return undefined;
  if (depth === MAX_DEPTH) return TOO_DEEP;
  for (const name in value) {
    const flaw = flawOf(name, badText) ?? flawOf(value[name as keyof typeof value], badText, depth + 1);
    if (flaw !== undefined) return flaw;
  }
  return undefined;
}

function isPlainText(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}
