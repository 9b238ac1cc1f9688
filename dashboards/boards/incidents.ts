import { board } from "../library/board.ts";
import { stat, timeSeries } from "../library/panels.ts";
import * as q from "../library/queries.ts";
import * as limit from "../thresholds.ts";

/** What the responder does, how long it takes, and the figures that its alerts are about. The incidents themselves: /incidents. */
export const incidents = () =>
  board({
    uid: "incidents",
    title: "Alerts and incidents",
    description: "Are incidents found, mended and closed, by whom, and how long does it take?",
    tags: ["incidents"],
    rows: [
      { title: "Incidents", panels: counts() },
      { title: "How Long It Takes", panels: phases() },
      { title: "What Their Alerts Are About", panels: figures() },
    ],
  });

const counts = () => [
  timeSeries({
    title: "Open Incidents",
    description: "Incidents that are not closed, by state. One that stays escalated waits for a person: /incidents.",
    queries: [{ expr: q.openIncidents(), legend: "{{state}}" }],
    unit: "short",
  }),
  stat({
    title: "Closed by Outcome",
    description: "Of the last 24 hours: mended by a playbook, escalated to a person, passed without either.",
    queries: [{ expr: q.closedIncidents("outcome", "24h"), legend: "{{outcome}}" }],
    unit: "short",
    decimals: 0,
  }),
  stat({
    title: "Closed by Cause",
    description: "Incidents of the last seven days, by the alert that opened them.",
    queries: [{ expr: q.closedIncidents("cause", "7d"), legend: "{{cause}}" }],
    unit: "short",
    decimals: 0,
  }),
  stat({
    title: "Playbooks",
    description: "Tries of the last 24 hours. One that ends without effect is a playbook to mend.",
    queries: [{ expr: q.playbookRuns("24h"), legend: "{{playbook}} {{outcome}}" }],
    unit: "short",
    decimals: 0,
  }),
  stat({
    title: "Open Follow-ups",
    description: "What post-mortems ask for and no person has closed yet: /incidents/follow-ups lists it.",
    queries: [{ expr: q.followUps() }],
    unit: "short",
    decimals: 0,
  }),
  stat({
    title: "Oldest Follow-up",
    description: "Since the incident of the oldest open follow-up was closed.",
    queries: [{ expr: q.followUpAge() }],
    unit: "s",
  }),
];

const mean = (title: string, phase: string, description: string) =>
  stat({ title, description, queries: [{ expr: q.meanPhase(phase, "7d") }], unit: "s" });

const phases = () => [
  mean("Time to Detect", "detect", "MTTD: from the alert's start to the incident, mean of seven days."),
  mean("Time to Acknowledge", "acknowledge", "MTTA: from the incident to the first try, or to the person who has it."),
  mean("Time to Mend", "mend", "From the incident to the end of the last try."),
  mean("Time to Resolve", "resolve", "MTTR: from the alert's start until its expression was false for its own time."),
];

const figures = () => [
  timeSeries({
    title: "Longest Transactions",
    description:
      "Of each member of PostgreSQL: the oldest that does nothing, and the oldest that works. The lines are the first's limits.",
    queries: [
      { expr: q.idleTransactionSeconds(), legend: "{{pod}} idle" },
      { expr: q.runningSeconds(), legend: "{{pod}} at work" },
    ],
    unit: "s",
    thresholds: limit.IDLE_TRANSACTION_SECONDS,
    span: 12,
  }),
  timeSeries({
    title: "Pods That Are Not Ready",
    description: "Each pod that runs and takes no requests. After a rollout it is empty again.",
    queries: [{ expr: q.podsNotReady(), legend: "{{pod}}" }],
    unit: "short",
    span: 12,
  }),
];
