import { eachContainer } from "./read.ts";
import type { ObjectPolicy } from "./types.ts";

/** A name that promises a credential. Names of files are no credential: they say where one is. */
const TELLING = /(password|passwd|secret|token|api_?key|access_?key|private_?key|credential|passphrase)/i;
const HARMLESS = /(_FILE|_PATH|_NAME|_URL|_SECONDS|_MINUTES|_COUNT|_LIMIT|_TTL)$/i;
/** A switch is no credential, whatever it turns on. */
const SWITCH = /^(true|false)$/;
/** A value that is one, whatever its name. */
const VALUE =
  /-----BEGIN [A-Z ]*PRIVATE KEY-----|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|xox[abp]-[\w-]{10,}|:\/\/[^/\s:@{$]+:[^/\s@{$]+@/;

/** Where credentials may stand. */
export const secretPolicies: readonly ObjectPolicy[] = [
  {
    name: "no-secret-in-env",
    description:
      "Credentials are no environment variables: these are shown by `kubectl describe`, and inherited by every child.",
    instead: "give it as a file (`secrets` of the workload's spec), and the file's name in the variable",
    level: "mandatory",
    check: (resource) =>
      eachContainer(resource, ({ spec }) => {
        const env = (spec.env ?? []) as { name: string; value?: string; valueFrom?: { secretKeyRef?: object } }[];
        const wrong = env.find(
          ({ name, value, valueFrom }) =>
            valueFrom?.secretKeyRef ||
            (value && TELLING.test(name) && !HARMLESS.test(name) && !SWITCH.test(value)) ||
            VALUE.test(value ?? ""),
        );
        if (wrong) return [`env[${wrong.name}]`, "holds a credential"];
        return (
          spec.envFrom?.some((from: { secretRef?: object }) => from.secretRef) && ["envFrom", "takes a whole Secret"]
        );
      }),
  },
  {
    name: "no-secret-in-args",
    description: "Credentials are no arguments: these are shown to every process of the pod and by `kubectl`.",
    instead: "give it as a file (`secrets` of the workload's spec)",
    level: "mandatory",
    check: (resource) =>
      eachContainer(resource, ({ spec }) => {
        const texts = [...(spec.command ?? []), ...(spec.args ?? [])] as string[];
        return texts.some((text) => VALUE.test(text)) && ["args", "hold a credential"];
      }),
  },
  {
    name: "no-secret-in-configmap",
    description: "ConfigMaps hold no credential: more people and programs may read them than Secrets.",
    instead: "move it to a Secret (`secrets` of the workload's spec)",
    level: "mandatory",
    check: ({ object }) =>
      Object.entries(object.kind === "ConfigMap" ? ((object.data ?? {}) as Record<string, string>) : {})
        .filter(([file, text]) => VALUE.test(text) || /\.(key|p12|pfx)$/.test(file))
        .map(([file]) => ({ where: `data[${file}]`, problem: "holds a credential" })),
  },
  {
    name: "secret-data-is-secret",
    description: "Values of a Secret are secret outputs, so that Pulumi's state holds them encrypted.",
    instead: "make the value by `pulumi.secret(…)` or `config.requireSecret(…)`",
    level: "mandatory",
    check: ({ object, secretPaths }) => {
      if (object.kind !== "Secret" || !secretPaths) return [];
      if (object.stringData)
        return [{ where: "stringData", problem: "is used; the server's answer would hold it once more" }];
      return Object.keys(object.data ?? {})
        .filter((file) => !secretPaths.some((path) => ["data", `data.${file}`].includes(path)))
        .map((file) => ({ where: `data.${file}`, problem: "is in plain text in the state" }));
    },
  },
  {
    name: "autonamed-is-immutable",
    description:
      "A ConfigMap or Secret that Pulumi names anew at each change is immutable: what a pod was started with stays.",
    instead: "set `immutable: true`, or give it a name where the process reads it again by itself (`reload`)",
    level: "mandatory",
    check: ({ object }) => {
      if (!["ConfigMap", "Secret"].includes(object.kind)) return [];
      const autonamed = !object.metadata?.name || object.metadata.annotations?.["pulumi.com/autonamed"] === "true";
      return autonamed && object.immutable !== true ? [{ where: "immutable", problem: "is not true" }] : [];
    },
  },
];
