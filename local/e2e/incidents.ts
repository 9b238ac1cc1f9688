import { describe, expect, test } from "@jest/globals";
import { eventually } from "@media/drills/eventually";
import { countSessions, endSessions, plantIdleSession } from "@media/drills/faults/idle-session";
import { kubectl, type Stack, targetOf } from "@media/drills/stack";
import { call, json } from "@media/drills/verify/http";
import { journey } from "@media/drills/verify/journey";
import { sql } from "@media/drills/verify/postgres";
import { MINUTE } from "./commands.ts";

/** The rule's limit, a scrape, its own time, Alertmanager's wait, and what the responder takes. */
const MENDED_SECONDS = 300;

/** From the alert to the post-mortem, on the running stack. */
export function incidents(stack: Stack): void {
  const column = (what: string, where: string) => sql(stack, "primary", `select ${what} from incidents where ${where}`);
  const newest = (alert: string) =>
    `id = (select id from incidents where alert = '${alert}' order by opened_at desc limit 1)`;

  /** Hands an alert to Alertmanager, as Prometheus does: for what cannot be caused quickly. */
  async function inject(alertname: string, labels: Record<string, string> = {}): Promise<void> {
    const { alertmanagerUrl } = (await targetOf(stack)) as unknown as { alertmanagerUrl: string };
    const body = [
      {
        labels: { alertname, severity: "warning", category: "business", ...labels },
        annotations: { summary: "injected" },
      },
    ];
    const answer = await call(`${alertmanagerUrl}/api/v2/alerts`, { method: "POST", body });
    expect(answer.status).toBe(200);
  }

  interface Message {
    channel: string;
    severity: string;
    status: string;
    alerts: string[];
    body: { dedup_key?: string };
  }
  async function sunk(): Promise<Message[]> {
    const { sinkUrl } = (await targetOf(stack)) as unknown as { sinkUrl: string };
    return json<{ messages: Message[] }>(await call(`${sinkUrl}/messages`), 200).messages;
  }

  /** POSTs to the responder's webhook from the one pod that may reach it besides the gateway. */
  async function webhook(token: string, body: object): Promise<number> {
    const script = `const answer = await fetch("http://127.0.0.1:8080/webhook", { method: "POST",
      headers: { "content-type": "application/json", authorization: ${token} }, body: ${JSON.stringify(JSON.stringify(body))} });
      console.log(answer.status);`;
    const lead = 'import { readFileSync } from "node:fs";';
    return Number(
      await kubectl(stack, ["exec", "deploy/responder", "--", "node", "--input-type=module", "-e", lead + script]),
    );
  }
  const KNOWN = '"Bearer " + readFileSync(process.env.RESPONDER_WEBHOOK_TOKEN_FILE, "utf8").trim()';

  async function page(path: string, token?: string) {
    const { gatewayUrl, caPem: ca, credentials } = await targetOf(stack);
    return call(`${gatewayUrl}${path}`, { ca, headers: { authorization: `Bearer ${token ?? credentials.devToken}` } });
  }

  describe("incidents", () => {
    test(
      "a session idle in its transaction: Prometheus' alert, the incident, the mend, the proof, the post-mortem",
      async () => {
        const before = Number(
          await sql(stack, "primary", "select count(*) from incidents where alert = 'IdleInTransaction'"),
        );
        // Of a stack without traffic there is no trace to find.
        await journey(await targetOf(stack));
        // Nor are there lines of a database that has nothing to say.
        await expect(sql(stack, "primary", "select 1 / 0")).rejects.toThrow();
        await plantIdleSession(stack, "e2e-forgetful", "application");
        await eventually("the session to be there", 20, async () =>
          expect(await countSessions(stack, "e2e-forgetful")).toBe(1),
        );
        await eventually("the incident to be closed", MENDED_SECONDS, async () => {
          expect(
            Number(await sql(stack, "primary", "select count(*) from incidents where alert = 'IdleInTransaction'")),
          ).toBe(before + 1);
          expect(await column("state", newest("IdleInTransaction"))).toBe("closed");
        });
        expect(await countSessions(stack, "e2e-forgetful")).toBe(0);
        const id = await column("id", newest("IdleInTransaction"));
        expect(
          await sql(stack, "primary", `select playbook, outcome from incident_attempts where incident_id = '${id}'`),
        ).toBe("end-idle-in-transaction|done");
        const found = JSON.parse(await column("investigation", newest("IdleInTransaction")));
        expect(found.metrics.filter(({ found }: { found: number | null }) => found !== null).length).toBeGreaterThan(3);
        expect(found.logs.length).toBeGreaterThan(0);
        expect(found.missing.filter((it: string) => /^(metrics|logs|trace)/.test(it))).toEqual([]);
        expect(await column("investigation->'trace'->>'id'", newest("IdleInTransaction"))).toMatch(/^[0-9a-f]{32}$/);
        const text = (await page(`/incidents/${id}/post-mortem.md`)).text;
        expect(text).toContain("# Post-mortem: IdleInTransaction");
        expect(text).toContain("end-idle-in-transaction");
        expect((await page(`/incidents/${id}`)).text).toContain("Time line");
        const took = await column("round(extract(epoch from resolved_at - began_at))", newest("IdleInTransaction"));
        console.log(`mended and verified ${took} s after the alert fired`);
      },
      6 * MINUTE,
    );

    test(
      "negative control: the page is for administrators, the webhook for Alertmanager",
      async () => {
        const { gatewayUrl, caPem: ca } = await targetOf(stack);
        expect((await page("/incidents", "x.y.z")).status).toBe(401);
        const signedOut = await call(`${gatewayUrl}/incidents`, { ca, headers: { accept: "text/html" } });
        expect([signedOut.status, signedOut.headers.location]).toEqual([303, "/ops/sign-in?to=%2Fincidents"]);
        expect((await call(`${gatewayUrl}/webhook`, { ca, method: "POST", body: {} })).status).toBe(404);
        // This stack knows no secret of PagerDuty or Slack: what nobody can sign is not there.
        for (const hook of ["pagerduty", "slack"])
          expect((await call(`${gatewayUrl}/incidents/hooks/${hook}`, { ca, method: "POST", body: {} })).status).toBe(
            404,
          );
        const forged = { version: "4", groupKey: "", groupLabels: {}, alerts: [] };
        expect(await webhook('"Bearer guessed-by-a-stranger"', forged)).toBe(401);
        expect(await webhook(KNOWN, forged)).toBe(422);
      },
      MINUTE,
    );

    test(
      "a notification that comes twice opens one incident",
      async () => {
        const alert = {
          status: "firing",
          labels: { alertname: "E2eTwice", severity: "warning", category: "business" },
          annotations: { summary: "twice" },
          startsAt: new Date().toISOString(),
          fingerprint: Date.now().toString(16),
        };
        const body = { version: "4", groupKey: "g", groupLabels: { category: "business" }, alerts: [alert] };
        for (let n = 0; n < 3; n++) expect(await webhook(KNOWN, body)).toBe(200);
        expect(
          await sql(
            stack,
            "primary",
            `select count(*) from incidents where alert = 'E2eTwice' and began_at = '${alert.startsAt}'`,
          ),
        ).toBe("1");
        const resolved = { ...body, alerts: [{ ...alert, status: "resolved", endsAt: new Date().toISOString() }] };
        expect(await webhook(KNOWN, resolved)).toBe(200);
        await eventually("it to be closed", 60, async () =>
          expect(await column("state", newest("E2eTwice"))).toBe("closed"),
        );
      },
      2 * MINUTE,
    );

    test(
      "a remedy that may not touch the cause: escalated, told as critical under one key, ended with its cause",
      async () => {
        await plantIdleSession(stack, "e2e-untouchable", "superuser");
        await eventually("the incident to be escalated", MENDED_SECONDS, async () =>
          expect(await column("state", newest("IdleInTransaction"))).toBe("escalated"),
        );
        expect(await countSessions(stack, "e2e-untouchable")).toBe(1);
        const id = await column("id", newest("IdleInTransaction"));
        // Another incident may be escalated at the same time.
        const told = async (status: string) =>
          (await sunk()).filter(
            ({ channel, status: its, body }) =>
              channel === "pagerduty" && its === status && JSON.stringify(body).includes(id),
          );
        await eventually("PagerDuty to be told", 90, async () =>
          expect((await told("firing")).length).toBeGreaterThan(0),
        );
        const { gatewayUrl, caPem: ca, credentials } = await targetOf(stack);
        const headers = { authorization: `Bearer ${credentials.devToken}` };
        expect((await call(`${gatewayUrl}/incidents/${id}/acknowledge`, { ca, headers, method: "POST" })).status).toBe(
          303,
        );
        expect(await column("state || ' ' || acknowledged_by", newest("IdleInTransaction"))).toBe("acknowledged dev");
        await endSessions(stack, "e2e-untouchable");
        await eventually("it to be closed", 2 * MENDED_SECONDS, async () =>
          expect(await column("state", newest("IdleInTransaction"))).toBe("closed"),
        );
        const keys = new Set((await told("firing")).map(({ body }) => body.dedup_key));
        expect(keys.size).toBe(1);
        await eventually("PagerDuty to be told of the end", 120, async () => {
          const ended = (await sunk()).filter(
            ({ channel, status }) => channel === "pagerduty" && status === "resolved",
          );
          expect(ended.map(({ body }) => body.dedup_key)).toContain([...keys][0]);
        });
      },
      14 * MINUTE,
    );

    test(
      "an alert that no playbook fits waits for a person, and is over when Alertmanager says so",
      async () => {
        await inject("E2eUnheard");
        await eventually("it to wait for a person", 90, async () =>
          expect(await column("state", newest("E2eUnheard"))).toBe("review"),
        );
      },
      3 * MINUTE,
    );
  });
}
