import { accounts } from "./accounts.ts";
import { documentation } from "./documentation.ts";
import { downloads } from "./downloads.ts";
import { errors } from "./errors.ts";
import { health } from "./health.ts";
import { media } from "./media.ts";
import { payments } from "./payments.ts";
import { plainText } from "./plain-text.ts";
import { requests } from "./requests.ts";
import { rum } from "./rum.ts";

/** The whole API. */
export const CONTRACT = plainText({
  ...accounts,
  ...requests,
  ...downloads,
  ...media,
  ...payments,
  ...health,
  ...rum,
  ...errors,
  ...documentation,
});

export type Contract = typeof CONTRACT;
export type OperationId = keyof Contract;
