import { type Command, filled, type Values, wordsOf } from "./runbook-commands.ts";

/** What a workload's pods are, as the manifests say. */
export interface Workload {
  kind: string;
  name: string;
  /** Of a StatefulSet: its pods are NAME-0 and so on. */
  replicas: number;
  labels: Readonly<Record<string, string>>;
  containers: readonly string[];
}

export interface Known {
  workloads: readonly Workload[];
  /** Verbs of make, and the variables that they read. */
  verbs: readonly string[];
  variables: readonly string[];
}

/** Flags by verb; `true`: with a value. */
const FLAGS: Readonly<Record<string, Readonly<Record<string, boolean>>>> = {
  get: { "-o": true, "-l": true, "-A": false },
  describe: { "-l": true },
  logs: { "-l": true, "-c": true, "--tail": true, "--previous": false, "--all-containers": false, "-f": false },
  exec: { "-c": true },
  "rollout undo": {},
  "rollout restart": {},
  "rollout history": {},
  scale: { "--replicas": true },
  delete: {},
  "top pods": { "-A": false, "--sort-by": true },
  "top nodes": {},
};
const KINDS = ["pod", "pods", "nodes", "cronjob", "job", "deployment", "persistentvolumeclaims", "networkpolicies"];
const PATRONI = ["list", "reinit", "restart", "switchover", "failover", "pause", "resume"];
const PULUMI = ["up", "preview", "refresh", "config"];
/** Programs of our images that runbooks call in a container. */
const INSIDE = ["df", "kill", "patronictl", "pg_isready", "pgbackrest", "psql", "redis-cli", "sh"];
const FILTERS = ["grep", "sed", "sort", "tail", "head"];
/** In place of what a reader puts in: the deployment that every stack has, and a member. */
const SAMPLE: Values = {
  namespace: "NS",
  container: "api",
  primary: "postgres-0",
  member: "postgres-0",
  pod: "api-0000000000-00000",
  deployment: "api",
  replicas: "1",
  pid: "1",
  trace: "0123456789abcdef0123456789abcdef",
};

interface Call {
  verb: string;
  words: string[];
  flags: Record<string, string>;
  inside: string[];
  problems: string[];
}

/** What is wrong with a command, in sentences; nothing where all that it names exists. */
export function problemsOf({ kind, text }: Command, known: Known): string[] {
  if (kind !== "shell") return [];
  let programs: string[][];
  try {
    programs = wordsOf(filled(text, SAMPLE));
  } catch (error) {
    return [(error as Error).message];
  }
  return programs.flatMap(([program = "", ...rest], n) => {
    if (n > 0) return FILTERS.includes(program) ? [] : [`${program} is no filter that runbooks use`];
    if (program === "kubectl") return kubectl(rest, known);
    if (program === "make") return make(rest, known);
    if (program === "patronictl") return oneOf("patronictl has no", PATRONI, rest[0]);
    if (program === "pulumi") return oneOf("pulumi has no", PULUMI, rest[0]);
    return [];
  });
}

const oneOf = (what: string, all: readonly string[], one = "") => (all.includes(one) ? [] : [`${what} ${one}`]);

function make([verb = "", ...rest]: string[], { verbs, variables }: Known): string[] {
  const names = rest.map((word) => /^([A-Z]+)=/.exec(word)?.[1] ?? word);
  return [
    ...oneOf("make has no verb", verbs, verb),
    ...names.flatMap((name) => oneOf("make reads no variable", variables, name)),
  ];
}

function kubectl(args: string[], known: Known): string[] {
  const { verb, words, flags, inside, problems } = read(args);
  if (problems.length > 0) return problems;
  const { "-n": namespace, "-l": selector, "-c": container } = flags;
  if (namespace !== undefined && !["NS", "media-base"].includes(namespace)) return [`no namespace ${namespace}`];
  if (namespace === "media-base" || verb.startsWith("top")) return [];
  const chosen = selector === undefined ? targets(words, verb, known) : selected(selector, known);
  if (typeof chosen === "string") return [chosen];
  const containers = chosen.flatMap((one) => one.containers);
  return [
    ...(container === undefined || containers.includes(container)
      ? []
      : [`${words.join(" ") || selector} has no container ${container}`]),
    ...(verb === "exec" ? insideProblems(inside) : []),
  ];
}

function insideProblems(words: string[]): string[] {
  const [program = "", ...rest] = words;
  if (program === "redis-cli") return ["redis-cli without a password is refused by the server"];
  if (program === "patronictl") return oneOf("patronictl has no", PATRONI, rest[0]);
  return oneOf("runbooks know no program", INSIDE, program);
}

/** Splits the verb, its flags and its words; what comes after `--` runs in the container. */
function read(args: string[]): Call {
  const at = args.indexOf("--");
  const [own, inside] = at < 0 ? [args, []] : [args.slice(0, at), args.slice(at + 1)];
  const call: Call = { verb: "", words: [], flags: {}, inside, problems: [] };
  const bare: string[] = [];
  const given: [string, string | undefined][] = [];
  for (let n = 0; n < own.length; n++) {
    const word = own[n] ?? "";
    const [name = "", value] = word.split(/=(.*)/s);
    if (!word.startsWith("-")) bare.push(word);
    else if (value !== undefined || !takesValue(name)) given.push([name, value]);
    else given.push([name, own[++n]]);
  }
  const two = bare.slice(0, 2).join(" ");
  call.verb = two in FLAGS ? two : (bare[0] ?? "");
  call.words = bare.slice(call.verb.split(" ").length);
  const allowed = FLAGS[call.verb];
  if (!allowed) return { ...call, problems: [`kubectl has no verb ${call.verb} that runbooks use`] };
  for (const [name, value] of given) {
    if (name !== "-n" && !(name in allowed)) call.problems.push(`kubectl ${call.verb} has no flag ${name}`);
    else if (name === "-n" || allowed[name]) {
      if (!value) call.problems.push(`kubectl ${call.verb}: ${name} has no value`);
      call.flags[name] = value ?? "";
    }
  }
  return call;
}

const takesValue = (flag: string) => flag === "-n" || Object.values(FLAGS).some((flags) => flags[flag] === true);

function selected(selector: string, { workloads }: Known): Workload[] | string {
  const pairs = selector.split(",").map((pair) => pair.split("=") as [string, string]);
  // Patroni writes the role of a member; no manifest has it.
  const wanted = pairs.filter(([name]) => name !== "role");
  const found = workloads.filter(({ labels }) => wanted.every(([name, value]) => labels[name] === value));
  return found.length > 0 ? found : `no pod has the labels ${selector}`;
}

/** The workloads that the words mean: `deployment/api`, `cronjob restore-proof`, `pod redis-state-0`, `postgres-0`. */
function targets(words: readonly string[], verb: string, { workloads }: Known): Workload[] | string {
  const [first = "", second] = words;
  const bareName = ["logs", "exec"].includes(verb) && !first.includes("/");
  const [kind = "", name = second] = bareName ? ["pod", first] : first.split("/");
  const unknown = kind.split(",").find((one) => !KINDS.includes(one));
  if (unknown !== undefined) return `runbooks know no kind ${unknown}`;
  if (name === undefined) return [];
  if (kind !== "pod" && kind !== "pods") {
    const found = workloads.filter((one) => one.kind.toLowerCase() === kind && one.name === name);
    return found.length > 0 ? found : `there is no ${kind} ${name}`;
  }
  const found = workloads.filter(
    (one) =>
      (one.kind === "StatefulSet" &&
        Array.from({ length: one.replicas }, (_, n) => `${one.name}-${n}`).includes(name)) ||
      (one.kind === "Deployment" && new RegExp(`^${one.name}-[0-9a-z]{8,10}-[0-9a-z]{5}$`).test(name)),
  );
  return found.length > 0 ? found : `there is no pod ${name}`;
}
