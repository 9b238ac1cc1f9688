import { describe, expect, test } from "@jest/globals";
import * as client from "@kubernetes/client-node";
import { STACKS } from "./fixtures.ts";
import { objects } from "./rendered.ts";

interface Field {
  baseName: string;
  type: string;
}
type Model = { getAttributeTypeMap(): Field[] };

/** The client's generated models know every field of every kind and its type. */
const models = client as unknown as Record<string, Model | undefined>;

/** Each value whose field or type Kubernetes does not know, as "path: what is wrong". */
function misfits(value: unknown, type: string, path: string): string[] {
  if (value === undefined || value === null) return [];
  const list = /^Array<(.*)>$/.exec(type)?.[1];
  if (list)
    return Array.isArray(value) ? value.flatMap((v, i) => misfits(v, list, `${path}[${i}]`)) : [`${path}: no list`];
  const map = /^\{ \[key: string\]: (.*); \}$/.exec(type)?.[1];
  if (map) return Object.entries(value).flatMap(([key, v]) => misfits(v, map, `${path}.${key}`));
  const model = models[type];
  if (!model) return primitive(value, type) ? [] : [`${path}: ${JSON.stringify(value)} is no ${type}`];
  return Object.entries(value).flatMap(([key, inner]) => {
    const field = model.getAttributeTypeMap().find(({ baseName }) => baseName === key);
    return field ? misfits(inner, field.type, `${path}.${key}`) : [`${path}.${key}: no such field in ${type}`];
  });
}

function primitive(value: unknown, type: string): boolean {
  if (type === "IntOrString") return typeof value === "string" || typeof value === "number";
  return type === "any" || type === "object" || typeof value === type;
}

describe("every object has only fields that Kubernetes knows, with values of their types", () => {
  test.each(STACKS)("%s", (stack) => {
    const found = objects(stack).flatMap((object) => {
      return misfits(
        object,
        `${/v\d$/.exec(object.apiVersion)?.[0].toUpperCase()}${object.kind}`,
        `${object.kind} ${object.metadata.name}`,
      );
    });
    expect(found).toEqual([]);
  });

  test("a misspelt field and a wrong type are found", () => {
    const job = { spec: { schedule: 5, jobTemplate: { spec: { backoff: 1 } } } };
    expect(misfits(job, "V1CronJob", "job")).toEqual([
      "job.spec.schedule: 5 is no string",
      "job.spec.jobTemplate.spec.backoff: no such field in V1JobSpec",
    ]);
    const pod = { spec: { hostNetwork: "yes", containers: [{ name: "a", imagePullPolice: "Always" }] } };
    expect(misfits(pod, "V1Pod", "pod")).toEqual([
      'pod.spec.hostNetwork: "yes" is no boolean',
      "pod.spec.containers[0].imagePullPolice: no such field in V1Container",
    ]);
  });
});
