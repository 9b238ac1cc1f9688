const WEEK = "it compares with a week before, and the stack has less than a week of data";
const WELL = "it lists what is wrong, and nothing is";
const BROWSER = "no browser has reported from a page yet";
const QUIET = "no client has tried it";

const NO_INCIDENT = "no incident was opened or closed in that time";
const NO_DRILL = "no drill has run on the stack yet: make drill";
const NO_PROOF = "the first restore proof has not ended yet";

/** Panels that may be without data on a stack where all is well, by `<board>/<title>`, and why. */
export const MAY_BE_EMPTY: Readonly<Record<string, string>> = {
  "trends/Response Time, Change": WEEK,
  "trends/Answers per Second, Change": WEEK,
  "trends/Share of Errors, Change": WEEK,
  "trends/Query Time, Change": WEEK,
  "objectives/Alerts of Budgets": WELL,
  "alerts/Firing": WELL,
  "alerts/Alerts over Time": WELL,
  "alerts/Alerts as They Came": WELL,
  "alerts/Errors of the Service": WELL,
  "real-time/Alerts That Fire": WELL,
  "real-time/Recent Incidents": WELL,
  "use/Restarts": WELL,
  "security/Invalid Tokens": QUIET,
  "security/Forbidden": QUIET,
  "security/Suspicious Clients by Name": QUIET,
  "jobs/Duration": "no job was done in the last minutes; a request for media makes some",
  "outside/Duration": "the service has called no outside service in the last minutes",
  "trends/Job Time": "no job was done in the last hour",
  "incidents/Open Incidents": NO_INCIDENT,
  "incidents/Closed by Outcome": NO_INCIDENT,
  "incidents/Closed by Cause": NO_INCIDENT,
  "incidents/Playbooks": NO_INCIDENT,
  "incidents/Time to Detect": NO_INCIDENT,
  "incidents/Time to Acknowledge": NO_INCIDENT,
  "incidents/Time to Mend": NO_INCIDENT,
  "incidents/Time to Resolve": NO_INCIDENT,
  "incidents/Pods That Are Not Ready": WELL,
  "recovery/Recovery Time by Drill": NO_DRILL,
  "recovery/Loss by Drill": NO_DRILL,
  "recovery/Mean Time to Repair by Drill": NO_DRILL,
  "recovery/Since the Drill": NO_DRILL,
  "recovery/Drill Passed": NO_DRILL,
  "recovery/Mean Time to Resolve, Incidents": NO_INCIDENT,
  "recovery/Since the Restore Proof": NO_PROOF,
  "recovery/Age of the Proved Backup": NO_PROOF,
  "recovery/Proof Passed": NO_PROOF,
  "recovery/Proof Took": NO_PROOF,
  "recovery/Lag of the Proof": NO_PROOF,
  "recovery/Rows of the Ledger": NO_PROOF,
  "real-users/Largest Contentful Paint": BROWSER,
  "real-users/Interaction to Next Paint": BROWSER,
  "real-users/Layout Shift": BROWSER,
  "real-users/Time to First Byte": BROWSER,
  "real-users/Vitals over Time": BROWSER,
  "real-users/Phases of Loading": BROWSER,
  "real-users/Largest Paint by Page": BROWSER,
  "real-users/Reports": BROWSER,
};
