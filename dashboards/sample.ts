import type { Ask } from "./draw/fetch.ts";
import type { BoardJson } from "./draw/model.ts";
import { snapshot, toPng } from "./snapshot.ts";

/** A fixed time, so that the same board gives the same picture. */
export const SAMPLE_TIME = 1_795_900_000;
const NOWHERE = { prometheusUrl: "http://prometheus", lokiUrl: "http://loki" };

const LINE = JSON.stringify({
  msg: "alert",
  alert: "NodeDiskFull",
  severity: "critical",
  status: "firing",
  summary: "<full>",
});
const LABELS = {
  alertname: "A",
  severity: "warning",
  state: "active",
  status: "200",
  pod: "p",
  kind: "visitor",
  service: "tmdb",
};

/** Answers every question of a board with numbers that depend on the question alone, at the times that it asks for. */
export const sampleAnswers: Ask = async (url) => {
  const { hostname, pathname, searchParams } = new URL(url);
  const query = searchParams.get("query") ?? "";
  const seed = [...query].reduce((sum, sign) => (sum * 31 + sign.charCodeAt(0)) % 997, 7) / 997;
  if (pathname.endsWith("query_exemplars")) return { data: [] };
  if (/\/label\/\w+\/values$/.test(pathname)) return { data: ["a", "b"] };
  if (hostname === "loki")
    return { data: { result: [{ stream: { service_name: "doubles" }, values: [[`${SAMPLE_TIME}000000000`, LINE]] }] } };
  const asked = (name: string, otherwise: number) => Number(searchParams.get(name) ?? otherwise);
  const [end, step] = [asked("end", asked("time", SAMPLE_TIME)), asked("step", 60)];
  const start = asked("start", end - 3_600);
  const values = Array.from({ length: Math.floor((end - start) / step) + 1 }, (_, n) => [
    start + n * step,
    String(seed * (1 + (n % 7) / 10)),
  ]);
  const one = pathname.endsWith("query_range") ? { values } : { value: values.at(-1) };
  return { data: { result: [{ metric: LABELS, ...one }] } };
};

/** A board drawn with made-up numbers, as PNG: how it looks, without a stack. */
export async function samplePicture(board: BoardJson): Promise<Uint8Array> {
  return toPng((await snapshot(board, SAMPLE_TIME, NOWHERE, sampleAnswers)).svg);
}
