import { accounts } from "./accounts.ts";
import { documentation } from "./documentation.ts";
import { downloads } from "./downloads.ts";
import { media } from "./media.ts";
import { requests } from "./requests.ts";

/** The whole API. */
export const CONTRACT = { ...accounts, ...requests, ...downloads, ...media, ...documentation };

export type Contract = typeof CONTRACT;
export type OperationId = keyof Contract;
