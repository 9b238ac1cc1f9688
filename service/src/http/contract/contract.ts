import { accounts } from "./accounts.ts";
import { documentation } from "./documentation.ts";
import { errors } from "./errors.ts";
import { media } from "./media.ts";
import { requests } from "./requests.ts";

/** The whole API. */
export const CONTRACT = { ...accounts, ...requests, ...media, ...errors, ...documentation };

export type Contract = typeof CONTRACT;
export type OperationId = keyof Contract;
