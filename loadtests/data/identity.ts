/**
 * Rows of data sets are known by their ids: UUIDs of version 8 (RFC 9562) that begin with `5eed`. The service makes UUIDs of
 * version 4, so none of its rows is ever among them.
 */
const PREFIX = "5eed0000";

export const FIRST_ID = `${PREFIX}-0000-8000-8000-000000000000`;
export const LAST_ID = `${PREFIX}-ffff-8000-8000-ffffffffffff`;

/** Highest seed: it is part of the ids. */
export const MAX_SEED = 0xffff;

/** The id of the n-th row of a table, for a seed. */
export const idOf = (seed: number, n: number) => `${prefixOf(seed)}${n.toString(16).padStart(12, "0")}`;

const prefixOf = (seed: number) => `${PREFIX}-${seed.toString(16).padStart(4, "0")}-8000-8000-`;

/** Texts that are ids (of payments and their events) begin so; a provider's begin with letters of its own. */
export const TEXT_PREFIX = "seed-";
