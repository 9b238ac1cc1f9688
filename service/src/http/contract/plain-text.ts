import type { z } from "zod";
import type { Operation } from "./operation.ts";

/** Any text that PostgreSQL can keep, as OpenAPI writes it. That surrogates come in pairs no pattern can say. */
export const PLAIN_TEXT = "^[^\\x00]*$";
const NOT_PLAIN = "must be text without the character U+0000 and without half a surrogate pair";
/** PostgreSQL takes thousands, JavaScript as many as fit: what means anything has few. */
const MAX_DEPTH = 50;
const TOO_DEEP = `must not have more than ${MAX_DEPTH} levels`;
const PARTS = ["params", "query", "body"] as const;

/** Makes every operation refuse, wherever it takes text or anything at all, what no database could keep. */
export function plainText<C extends Record<string, Operation>>(operations: C): C {
  const checked = Object.entries(operations).map(([id, operation]) => [id, { ...operation, ...partsOf(operation) }]);
  return Object.fromEntries(checked) as C;
}

function partsOf(operation: Operation): Partial<Operation> {
  return Object.fromEntries(PARTS.flatMap((part) => (operation[part] ? [[part, checked(operation[part])]] : [])));
}

function checked(schema: z.ZodObject): z.ZodObject {
  return schema.superRefine((value, context) => {
    for (const [name, inner] of Object.entries(value)) {
      const message = flawOf(inner);
      if (message !== undefined) context.addIssue({ code: "custom", path: [name], message });
    }
  });
}

function flawOf(value: unknown, depth = 0): string | undefined {
  if (typeof value === "string") return isPlainText(value) ? undefined : NOT_PLAIN;
  if (typeof value !== "object" || value === null) return undefined;
  if (depth === MAX_DEPTH) return TOO_DEEP;
  for (const name in value) {
    const flaw = flawOf(name) ?? flawOf(value[name as keyof typeof value], depth + 1);
    if (flaw !== undefined) return flaw;
  }
  return undefined;
}

function isPlainText(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}
