import { BURNS, burnRate, OBJECTIVES, type ObjectiveName } from "../library/objectives.ts";
import { answersIn, answersPerSecond, errorShare, errorsIn } from "../library/queries.ts";
import { BURN_ANSWERS, ERROR_TRAFFIC_FLOOR, LOW_TRAFFIC_ERRORS, LOW_TRAFFIC_SHARE } from "../thresholds.ts";
import type { Rule } from "./rule.ts";

const SPEEDS = {
  fast: { severity: "critical", text: "in hours or a few days" },
  slow: { severity: "warning", text: "before the month is over" },
} as const;

/** Both windows burn, and there was enough traffic in the long one to say so. */
const burns = (name: ObjectiveName, speed: keyof typeof SPEEDS) =>
  BURNS.filter((burn) => burn.speed === speed)
    .map(({ factor, long, short }) => {
      const over = (window: string) => `${burnRate(name, window)} > ${factor}`;
      return `(${over(long)} and ${over(short)} and ${answersIn(long)} > ${BURN_ANSWERS})`;
    })
    .join(" or ");

function burnRule(name: ObjectiveName, speed: keyof typeof SPEEDS): Rule {
  const { severity, text } = SPEEDS[speed];
  const { title, ratio } = OBJECTIVES[name];
  const budget = name === "availability" ? "Error" : title;
  return {
    name: `${budget}BudgetBurns${speed === "fast" ? "Fast" : "Slowly"}`,
    category: "application",
    severity,
    expr: burns(name, speed),
    every: "1m",
    ...(speed === "slow" ? { for: "15m" } : {}),
    summary: `The budget of "${title.toLowerCase()}" (${ratio * 100} %) burns {{ $value | humanize }} times too fast`,
    description: `At this rate, the budget of 30 days is gone ${text}.`,
    dashboard: { uid: "objectives", panel: `Burn Rate, ${title}` },
  };
}

export const sloRules: readonly Rule[] = [
  burnRule("availability", "fast"),
  burnRule("availability", "slow"),
  burnRule("latency", "fast"),
  burnRule("latency", "slow"),
  {
    name: "ErrorsAtLowTraffic",
    category: "application",
    severity: "critical",
    expr: `(${errorsIn("10m")}) > ${LOW_TRAFFIC_ERRORS} and ${errorShare("10m")} > ${LOW_TRAFFIC_SHARE} and ${answersPerSecond("10m")} <= ${ERROR_TRAFFIC_FLOOR}`,
    summary: "{{ $value | humanize }} of the few answers of ten minutes are errors",
    description: "Hardly a user is there, and what they ask for fails: at night, this is how an outage begins.",
    dashboard: { uid: "objectives", panel: "Availability" },
  },
];
