import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { type Generation, validOf } from "../config/credentials.ts";

/** A generated password: letters and digits, so that no file format or URL needs escaping. */
export function createPassword(name: string, parent?: pulumi.Resource): pulumi.Output<string> {
  const options = parent ? { parent } : {};
  return new random.RandomPassword(name, { length: 32, special: false }, options).result;
}

/** The values of a generated credential that are valid now. */
export interface Generated {
  /** Of all that are accepted, the one that clients show. */
  used: pulumi.Output<string>;
  /** That one first; with a second one while one follows the other. */
  accepted: pulumi.Output<string>[];
}

/** `make` creates the resource of a name, which for the first generation is `name` itself. */
export function generate(
  name: string,
  generation: Generation,
  make: (name: string) => pulumi.Output<string>,
): Generated {
  const accepted = validOf(generation).accepted.map((number) => make(number === 1 ? name : `${name}-${number}`));
  return { used: accepted[0] as pulumi.Output<string>, accepted };
}

/** A file that holds all accepted values, one a line, the one that is used first. */
export function lines(accepted: readonly pulumi.Input<string>[]): pulumi.Output<string> {
  return pulumi.secret(pulumi.all([...accepted]).apply((values) => values.join("\n")));
}

/** A login whose name follows from its password: after a rotation it is another one, and the last one can stay for a while. */
export interface Login {
  user: pulumi.Output<string>;
  password: pulumi.Output<string>;
}

/** `role`: the role of whose members it is one. The name tells nothing of the password, which is random. */
export function loginOf(role: string, password: pulumi.Output<string>): Login {
  const suffix = password.apply((text) => createHash("sha256").update(text).digest("hex").slice(0, 8));
  return { user: pulumi.unsecret(pulumi.interpolate`${role}_${suffix}`), password };
}

/** The value of a Secret's `data`. */
export function base64(value: pulumi.Input<string>): pulumi.Output<string> {
  return pulumi.secret(value).apply((text) => Buffer.from(text).toString("base64"));
}
