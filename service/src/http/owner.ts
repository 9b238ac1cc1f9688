import { type Identity, may } from "../model/roles.ts";

/** Whose requests and downloads a list shows: all users' (undefined) to callers who may read them, unless they ask for their own. */
export function userOf(user: Identity, owner: "me" | undefined): string | undefined {
  return owner !== "me" && may(user, "requests:read-all") ? undefined : user.id;
}
