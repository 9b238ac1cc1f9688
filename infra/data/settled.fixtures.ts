import * as pulumi from "@pulumi/pulumi";

/** The text inside an input, which needs no engine when it is known. */
export function settled(value: pulumi.Input<string> | undefined): Promise<string> {
  return new Promise((resolve) => pulumi.output(value ?? "").apply(resolve));
}
