import * as pulumi from "@pulumi/pulumi";

/** A mistake of the person, not of the program: Pulumi prints its message without a stack trace. */
export class UserError extends pulumi.RunError {}

/** The empty list and an absent field are written the same way in a manifest: not at all. */
export function orAbsent<T>(list: T[]): T[] | undefined {
  return list.length > 0 ? list : undefined;
}
