import type { Automation } from "../../data/repositories/incident-attempts.ts";
import { escapeHtml as e, page } from "../../http/html.ts";
import {
  ACKNOWLEDGEABLE,
  type Attempt,
  type Incident,
  type IncidentEvent,
  type Target,
} from "../../model/incidents.ts";
import type { OpenFollowUp } from "../follow-ups.ts";
import type { Playbook } from "../playbooks/playbook.ts";

const time = (at: Date | null) =>
  at ? `<time datetime="${at.toISOString()}">${at.toISOString().slice(0, 19).replace("T", " ")}</time>` : "-";
const number = (value: number | null | undefined) =>
  value === null || value === undefined ? "-" : String(Number(value.toPrecision(4)));
const list = (lines: readonly string[]) => `<ul>${lines.map((line) => `<li>${e(line)}</li>`).join("")}</ul>`;

function table(caption: string, heads: string[], rows: string[][]): string {
  const head = heads.map((name) => `<th scope="col">${e(name)}</th>`).join("");
  const body = rows.map(
    ([first = "", ...rest]) =>
      `<tr><th scope="row">${first}</th>${rest.map((cell) => `<td>${cell}</td>`).join("")}</tr>`,
  );
  return `<table><caption>${e(caption)}</caption><thead><tr>${head}</tr></thead><tbody>${body.join("")}</tbody></table>`;
}

function form(action: string, button: string, fields = ""): string {
  return `<form method="post" action="${action}">${fields}<button type="submit">${e(button)}</button></form>`;
}

const NAV = `<nav aria-label="Incidents"><a href="/incidents">All incidents</a> <a href="/incidents/follow-ups">Follow-ups</a> <a href="/ops">Operations</a></nav>${form("/ops/sign-out", "Sign out")}`;

export function listPage(incidents: readonly Incident[], automation: Automation): string {
  const row = (it: Incident) => [
    `<a href="/incidents/${it.id}">${e(it.alert)}</a>`,
    e(it.severity),
    e(it.state),
    time(it.openedAt),
    time(it.closedAt),
    e(it.annotations.summary ?? ""),
  ];
  const heads = ["alert", "severity", "state", "opened (UTC)", "closed (UTC)", "summary"];
  const open = incidents.filter(({ state }) => state !== "closed");
  const closed = incidents.filter(({ state }) => state === "closed");
  const part = (title: string, some: readonly Incident[]) =>
    some.length > 0 ? table(title, heads, some.map(row)) : `<p>${e(title)}: none.</p>`;
  const { enabled, changedBy, changedAt, reason } = automation;
  const to = enabled ? "off" : "on";
  const fields = `<input type="hidden" name="to" value="${to}"><label>Reason <input name="reason" required maxlength="200"></label> `;
  return page(
    "Incidents",
    `${NAV}<main>${part("Open incidents", open)}${part("Closed incidents", closed)}
<h2>Automation</h2><p>Playbooks ${enabled ? "may act" : "are stopped"}, since ${time(changedAt)} by ${e(changedBy)}${reason ? `: ${e(reason)}` : ""}.</p>
${form("/incidents/automation", `Switch all automation ${to}`, fields)}</main>`,
  );
}

export function incidentPage(
  incident: Incident,
  events: readonly IncidentEvent[],
  attempts: readonly Attempt[],
  playbook?: Playbook,
) {
  const { id, alert, severity, state, annotations, progress, postMortem } = incident;
  const runnable = playbook && ["review", "acknowledged"].includes(state);
  const actions = [
    ACKNOWLEDGEABLE.includes(state) ? form(`/incidents/${id}/acknowledge`, "Acknowledge: I take this over") : "",
    runnable ? `<p><a href="/incidents/${id}/playbook">See what the playbook ${e(playbook.name)} would do</a></p>` : "",
    postMortem ? `<p><a href="/incidents/${id}/post-mortem">Post-mortem</a></p>` : "",
  ];
  const timeLine = events.map(({ at, actor, message }) => `<li>${time(at)} ${e(actor)}: ${e(message)}</li>`);
  const tries = attempts.map((it) => [
    String(it.number),
    e(it.playbook),
    time(it.begunAt),
    e(it.outcome ?? "at work"),
    e((it.results ?? []).join("; ")),
  ]);
  return page(
    `${alert}: ${state}`,
    `${NAV}<main><p>${e(severity)}. ${e(annotations.summary ?? "")} ${e(annotations.description ?? "")}</p>
${progress.reason ? `<p>${e(progress.reason)}</p>` : ""}<p>Runbook: <code>${e(annotations.runbook_url ?? "none")}</code></p>
${actions.join("")}<h2>Time line (UTC)</h2><ol>${timeLine.join("")}</ol>
${tries.length > 0 ? table("Tries of playbooks", ["try", "playbook", "begun (UTC)", "outcome", "results"], tries) : ""}
<h2>Investigation</h2>${investigationPart(incident)}
<h2>Labels</h2>${list(Object.entries(incident.labels).map(([name, value]) => `${name}: ${value}`))}</main>`,
  );
}

function investigationPart({ investigation }: Incident): string {
  if (!investigation) return "<p>Not yet.</p>";
  const { metrics, lists, logs, trace, missing } = investigation;
  const rows = metrics.map(({ title, unit, before, atStart, found, after }) => [
    e(unit ? `${title} (${unit})` : title),
    ...[before, atStart, found, after].map(number),
  ]);
  return [
    table("Figures", ["figure", "10 minutes before", "at the start", "when found", "after"], rows),
    ...lists.map(({ title, lines }) => `<h3>${e(title)}</h3>${list(lines)}`),
    trace ? `<h3>Trace</h3><p><code>${e(trace.id)}</code> ${e(trace.summary)}</p>` : "<p>No trace was found.</p>",
    logs.length > 0
      ? `<h3>Log lines</h3><pre tabindex="0">${e(logs.join("\n"))}</pre>`
      : "<p>No log line of trouble was found.</p>",
    missing.length > 0 ? `<h3>Could not be asked</h3>${list(missing)}` : "",
  ].join("");
}

/** The dry run: what the playbook would act on now, before a person has it done; a text where it refuses. */
export function playbookPage(
  { id, alert }: Incident,
  { name, does, most, unit }: Playbook,
  found: readonly Target[] | string,
): string {
  const targets = typeof found === "string" ? [] : found;
  const lines = targets.map((target) => `${target.id}: ${JSON.stringify(target.about)}`);
  const tooMany = targets.length > most ? `it may act on ${most} ${unit} at most` : undefined;
  const refusal = typeof found === "string" ? found : tooMany;
  const verdict = refusal ? `<p role="alert">It would refuse: ${e(refusal)}.</p>` : "";
  const shown = lines.length > 0 ? list(lines) : "<p>Nothing now.</p>";
  const run = lines.length > 0 && !refusal ? form(`/incidents/${id}/playbook`, "Run it") : "";
  return page(
    `Playbook ${name}`,
    `${NAV}<main><p>${e(does)}</p><p>Runbook: <code>docs/runbooks/${e(alert)}.md</code></p><h2>It would act on</h2>${shown}${verdict}
${run}<p><a href="/incidents/${id}">Back to the incident</a></p></main>`,
  );
}

/** What post-mortems ask for and no person has done yet. */
export function followUpsPage(open: readonly OpenFollowUp[]): string {
  const rows = open.map(({ id, alert, closedAt, line, text }) => [
    e(text),
    `<a href="/incidents/${id}/post-mortem">${e(alert)}</a>`,
    time(closedAt),
    form(
      `/incidents/${id}/follow-ups`,
      "Close",
      `<input type="hidden" name="line" value="${line}"><input type="hidden" name="text" value="${e(text)}">`,
    ),
  ]);
  const heads = ["follow-up", "incident", "since (UTC)", "close"];
  const shown = rows.length > 0 ? table("Open follow-ups, the oldest first", heads, rows) : "<p>None is open.</p>";
  return page("Follow-ups of post-mortems", `${NAV}<main>${shown}</main>`);
}

export function postMortemPage({ id, alert, postMortem }: Incident): string {
  return page(
    `Post-mortem: ${alert}`,
    `${NAV}<main><p><a href="/incidents/${id}">The incident</a>, <a href="/incidents/${id}/post-mortem.md">as Markdown</a></p>
<pre tabindex="0">${e(postMortem ?? "")}</pre><h2>Edit</h2><form method="post" action="/incidents/${id}/post-mortem">
<p><label for="text">Markdown</label></p><textarea id="text" name="text" rows="30" cols="100" required>${e(postMortem ?? "")}</textarea>
<p><button type="submit">Save</button></p></form></main>`,
  );
}
