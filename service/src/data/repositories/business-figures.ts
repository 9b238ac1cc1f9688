import type pg from "pg";
import { MEDIA_TYPES } from "../../model/media.ts";
import { CURRENCIES } from "../../model/payment-events.ts";
import {
  BUSINESS_ACTIVE,
  BUSINESS_DOWNLOADS,
  BUSINESS_FUNNEL,
  BUSINESS_REQUESTS,
  BUSINESS_REVENUE_MINOR,
  BUSINESS_SUBSCRIPTIONS,
} from "../../observability/metrics/names.ts";

export const PERIODS = ["day", "week"] as const;
type Period = (typeof PERIODS)[number];

/** One sample of a gauge. */
export interface Sample {
  labels: Record<string, string>;
  value: number;
}

/** Samples by the name of their gauge; each gauge always has the same ones, be they 0. */
export type Figures = Map<string, Sample[]>;

/** The gauges, their second label and all the values that it can have. */
export const FIGURES = {
  requests: { name: BUSINESS_REQUESTS, label: "media_type", values: MEDIA_TYPES },
  downloads: { name: BUSINESS_DOWNLOADS, label: "media_type", values: MEDIA_TYPES },
  active: { name: BUSINESS_ACTIVE, label: "kind", values: ["account", "visitor"] },
  funnel: { name: BUSINESS_FUNNEL, label: "stage", values: ["visitor", "account", "requested", "paid"] },
  revenue: { name: BUSINESS_REVENUE_MINOR, label: "currency", values: CURRENCIES },
} as const;

const TODAY = "date_trunc('day', now() AT TIME ZONE 'UTC')";
const MONDAY = "date_trunc('week', now() AT TIME ZONE 'UTC')";
const [DAY, WEEK] = [`${TODAY} AT TIME ZONE 'UTC'`, `${MONDAY} AT TIME ZONE 'UTC'`];
const since = (column: string) => `count(*) FILTER (WHERE ${column} >= ${DAY}) AS day, count(*) AS week`;

/** People whose first row in the table falls into the week. Asks for each of this week's people whether they came before. */
const firsts = (stage: string, table: string, column: string, condition: string) => `
  SELECT 'funnel', '${stage}', ${since("first")} FROM (
    SELECT user_id, min(${column}) AS first FROM ${table} WHERE ${column} >= ${WEEK} AND ${condition} GROUP BY user_id
  ) f WHERE NOT EXISTS (
    SELECT FROM ${table} e WHERE e.user_id = f.user_id AND e.${column} < ${WEEK} AND ${condition})`;

/**
 * Everything in one statement, and so as of one moment. Each part reads this week's end of an index: what it costs
 * grows with the week, not with the history. A refund lowers the period of its payment, not the one it came in.
 */
export const FIGURES_SQL = `
  SELECT 'requests' AS figure, media_type AS value, ${since("created_at")}
    FROM requests WHERE created_at >= ${WEEK} GROUP BY media_type
  UNION ALL SELECT 'downloads', media_type, ${since("delivered_at")}
    FROM requests WHERE delivered_at >= ${WEEK} GROUP BY media_type
  UNION ALL SELECT a.figure, a.kind, a.day, a.week FROM (
    SELECT kind, count(DISTINCT who) FILTER (WHERE day = ${TODAY}::date) AS day, count(DISTINCT who) AS week,
      unnest(CASE kind WHEN 'visitor' THEN ARRAY['active', 'funnel'] ELSE ARRAY['active'] END) AS figure
    FROM activity WHERE day >= ${MONDAY}::date GROUP BY kind) a
  UNION ALL SELECT 'funnel', 'account', ${since("created_at")} FROM users WHERE created_at >= ${WEEK}
  UNION ALL ${firsts("requested", "requests", "created_at", "user_id <> 'dev'")}
  UNION ALL ${firsts("paid", "payments", "occurred_at", "state = 'succeeded'")}
  UNION ALL SELECT 'revenue', currency, sum(net) FILTER (WHERE occurred_at >= ${DAY}), sum(net) FROM (
    SELECT currency, occurred_at, amount_minor - least(refunded_minor, amount_minor) AS net
    FROM payments WHERE state = 'succeeded' AND occurred_at >= ${WEEK}) r GROUP BY currency
  UNION ALL SELECT 'subscriptions', p.id, n.count, n.count FROM plans p,
    LATERAL (SELECT count(*) FROM subscriptions s WHERE s.plan_id = p.id AND s.paid_until > now()) n`;

interface Row {
  figure: string;
  value: string;
  /** Sums of PostgreSQL come as text; null where there was nothing to sum. */
  day: string | null;
  week: string | null;
}

export async function readFigures(client: pg.ClientBase): Promise<Figures> {
  const { rows } = await client.query<Row>(FIGURES_SQL);
  const found = (figure: string, value: string, period: Period) =>
    Number(rows.find((row) => row.figure === figure && row.value === value)?.[period] ?? 0);
  const figures: Figures = new Map(
    Object.entries(FIGURES).map(([figure, { name, label, values }]) => [
      name,
      PERIODS.flatMap((period) =>
        values.map((value) => ({ labels: { period, [label]: value }, value: found(figure, value, period) })),
      ),
    ]),
  );
  const plans = rows.filter(({ figure }) => figure === "subscriptions");
  figures.set(
    BUSINESS_SUBSCRIPTIONS,
    plans.map(({ value: plan, day }) => ({ labels: { plan }, value: Number(day) })),
  );
  return figures;
}
