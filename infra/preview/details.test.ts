import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "@jest/globals";
import { markdown } from "./markdown.plan.ts";
import { type Pack, packChanges, packOf } from "./pack.ts";
import { writePictures } from "./pictures.ts";
import { type Loose, MAIN, put, REPO, renderStacks } from "./planted.fixtures.ts";
import { reportOf } from "./report.plan.ts";

const { renderingOf, resourcesOf, changed, planted } = await renderStacks("dev");
const folder = mkdtempSync(join(tmpdir(), "media-pictures-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Resources of a stack in which a file of a ConfigMap was changed. */
function withFile(stack: string, name: string, file: string, change: (text: string) => string) {
  const resources = resourcesOf(stack);
  const map = resources.find((one) => one.name === name && one.inputs.kind === "ConfigMap");
  const { data } = (map?.inputs ?? {}) as Loose;
  expect(data?.[file]).toBeDefined();
  data[file] = change(data[file]);
  return resources;
}
const changedBoard = (change: (board: Loose) => void) =>
  withFile("dev", "grafana-boards", "security.json", (text) => {
    const board = JSON.parse(text);
    change(board);
    return JSON.stringify(board);
  });

describe("alerts", () => {
  test("that are new, gone or another are told, each as it was and as it is", () => {
    const resources = withFile("dev", "prometheus-config", "rules.yaml", (text) =>
      text
        .replace("alert: RightsProbed", "alert: RightsTried")
        .replace(/(alert: LoginsRefused\n\s+expr: .*> )\d+/, "$131"),
    );
    const report = changed("dev", resources);
    expect(report.stacks[0]?.alerts).toEqual([
      {
        alert: "LoginsRefused",
        before: expect.stringMatching(/^warning: .*> 30$/),
        after: expect.stringMatching(/> 31$/),
      },
      { alert: "RightsProbed", before: expect.stringContaining("warning: ") },
      { alert: "RightsTried", after: expect.stringContaining("warning: ") },
    ]);
    expect(markdown(report)).toMatch(/- LoginsRefused, .*> 30\n\+ LoginsRefused, .*> 31\n/);
  });

  test("that are the same are not", () => {
    expect(planted("dev", "Deployment api", put(`${MAIN}.image`, "a/b:1")).stacks[0]?.alerts).toEqual([]);
  });
});

describe("dashboards", () => {
  test("that differ are told with their panels", () => {
    const report = changed(
      "dev",
      changedBoard((board) => {
        board.panels.push({ ...board.panels[1], id: 999, title: "Brand New" });
        const [gone] = board.panels.filter(({ title }: Loose) => title === "Forbidden");
        board.panels.splice(board.panels.indexOf(gone), 1);
        board.panels.find(({ title }: Loose) => title === "Invalid Tokens").description = "other";
      }),
    );
    expect(report.stacks[0]?.boards).toEqual([
      {
        uid: "security",
        title: "Security",
        action: "update",
        added: ["Brand New"],
        removed: ["Forbidden"],
        changed: ["Invalid Tokens"],
      },
    ]);
    expect(markdown(report)).toContain(
      "- Security (`security`) is changed; new panels: Brand New; gone panels: Forbidden; changed panels: Invalid Tokens (dev)",
    );
  });

  test("are drawn as they were and as they are, and nothing else is", async () => {
    const after = { ...renderingOf("dev"), resources: changedBoard((board) => board.panels.pop()) };
    const files = await writePictures(folder, [renderingOf("dev")], [after]);
    expect(files).toEqual(["security-after.png", "security-before.png"]);
    expect(readdirSync(folder).sort()).toEqual(files);
    expect(markdown(reportOf({ base: "b", notes: [], before: [], after: [], pictures: files }))).toContain(
      "Pictures with made-up numbers: `security-after.png`, `security-before.png`.",
    );
    expect(await writePictures(join(folder, "none"), [renderingOf("dev")], [renderingOf("dev")])).toEqual([]);
  });
});

test("violations are told as broken where they are new, and as mended where they are gone", () => {
  const bad = resourcesOf("dev");
  const api = bad.find(({ type, name }) => type.endsWith(":Deployment") && name === "api");
  put(`${MAIN}.securityContext.privileged`, true)(api?.inputs, bad, api as never);
  const both = [renderingOf("dev"), { ...renderingOf("dev"), resources: bad }] as const;
  const of = (from: 0 | 1, to: 0 | 1) =>
    reportOf({ base: "b", notes: [], before: [both[from]], after: [both[to]] }).stacks[0]?.policies;
  const names = (list: { policy: string }[] | undefined) => list?.map(({ policy }) => policy);
  expect(names(of(0, 1)?.broken)).toContain("pod-not-privileged");
  expect(names(of(1, 0)?.mended)).toEqual(names(of(0, 1)?.broken));
  expect(of(1, 1)).toEqual({ broken: [], mended: [] });
});

describe("the policy pack itself", () => {
  test("of this checkout is read, and is the same as itself", async () => {
    const pack = await packOf(REPO);
    expect(pack?.policies.length).toBeGreaterThan(50);
    expect(packChanges(pack, pack)).toEqual([]);
    expect(await packOf(folder)).toBeUndefined();
  });

  test("tells a policy that goes or is only advice, and an exception that comes", () => {
    const exception = { policy: "a", workload: "api", reason: "it must" };
    const before: Pack = {
      policies: [
        { name: "a", level: "mandatory" },
        { name: "b", level: "mandatory" },
      ],
      exceptions: [],
    };
    const after: Pack = { policies: [{ name: "a", level: "advisory" }], exceptions: [exception] };
    const lines = packChanges(before, after);
    expect(lines).toEqual([
      "+ policy a (advisory)",
      "+ exception from a for api: it must",
      "- policy a (mandatory)",
      "- policy b (mandatory)",
    ]);
    const text = markdown(reportOf({ base: "b", notes: [], before: [], after: [], pack: lines }));
    expect(text).toContain("### The policy pack itself\n```diff\n+ policy a (advisory)");
  });
});
