import { kubectl, type Stack, type Target } from "../lib/stack.ts";
import { call, json } from "../verify/http.ts";
import { type Canary, canariesOf } from "./needles.ts";

/** Everything in a namespace that people and programs may read, but Secrets. */
const KINDS =
  "configmaps,pods,deployments,statefulsets,daemonsets,jobs,cronjobs,services,serviceaccounts,ingresses,networkpolicies,roles,rolebindings,persistentvolumeclaims,horizontalpodautoscalers,poddisruptionbudgets";

/** The values of all Secrets of a stack. */
export async function secretsOf(stack: Stack): Promise<Canary[]> {
  return canariesOf(JSON.parse(await kubectl(stack, ["get", "secrets", "-o", "json"])).items);
}

/** Where a stack on any cluster may show what is secret: name, and how its whole text is read. */
export function placesOf(target: Target): Readonly<Record<string, () => Promise<string>>> {
  const { stack } = target;
  return {
    objects: () => kubectl(stack, ["get", KINDS, "-o", "json"]),
    events: () => kubectl(stack, ["get", "events", "-o", "json"]),
    "logs of pods": () => podLogs(stack),
    "lines in Loki": () => lokiLines(target),
    "traces in Jaeger": () => jaegerTraces(target),
    "metrics in Prometheus": async () => {
      const match = encodeURIComponent('{__name__=~".+"}');
      return (await call(`${target.prometheusUrl}/federate?match[]=${match}`, { timeoutSeconds: 60 })).text;
    },
  };
}

async function podLogs(stack: Stack): Promise<string> {
  const names = await kubectl(stack, ["get", "pods", "-o", "jsonpath={.items[*].metadata.name}"]);
  // A pod that ended meanwhile has its lines in Loki.
  const logs = names.split(" ").map((name) => kubectl(stack, ["logs", name, "--all-containers"]).catch(() => ""));
  return (await Promise.all(logs)).join("\n");
}

const PAGE = 5000;

/** All lines of the last six hours with their labels, page by page from the newest. */
async function lokiLines({ lokiUrl, stack }: Target): Promise<string> {
  const query = encodeURIComponent(`{k8s_namespace_name="${stack.namespace}"}`);
  const texts: string[] = [];
  let end = BigInt(Date.now()) * 1_000_000n;
  const start = end - 6n * 3600n * 1_000_000_000n;
  for (;;) {
    const range = `query_range?query=${query}&start=${start}&end=${end}&limit=${PAGE}&direction=backward`;
    const answer = await call(`${lokiUrl}/loki/api/v1/${range}`, { timeoutSeconds: 60 });
    const { data } = json<{ data: { result: { values: [string, string][] }[] } }>(answer, 200);
    texts.push(answer.text);
    const times = data.result.flatMap(({ values }) => values.map(([at]) => BigInt(at)));
    if (times.length < PAGE) return texts.join("\n");
    end = times.sort((a, b) => Number(a - b))[0] as bigint;
  }
}

async function jaegerTraces({ jaegerUrl }: Target): Promise<string> {
  const { data } = json<{ data: string[] | null }>(await call(`${jaegerUrl}/api/services`), 200);
  const texts = (data ?? []).map(async (service) => {
    const url = `${jaegerUrl}/api/traces?service=${encodeURIComponent(service)}&lookback=6h&limit=1500`;
    return (await call(url, { timeoutSeconds: 60 })).text;
  });
  return (await Promise.all(texts)).join("\n");
}
