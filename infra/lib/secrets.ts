import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";

/** A generated password: letters and digits, so that no file format or URL needs escaping. */
export function createPassword(name: string, parent?: pulumi.Resource): pulumi.Output<string> {
  const options = parent ? { parent } : {};
  return new random.RandomPassword(name, { length: 32, special: false }, options).result;
}

/** The value of a Secret's `data`. */
export function base64(value: pulumi.Input<string>): pulumi.Output<string> {
  return pulumi.secret(value).apply((text) => Buffer.from(text).toString("base64"));
}
