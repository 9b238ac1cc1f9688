import { type Express, type Request, type RequestHandler, raw } from "express";
import { acknowledgeBy } from "../../data/repositories/incident-pages.ts";
import { Problem } from "../../errors/problem.ts";
import type { Deps } from "../deps.ts";
import { readPagerDuty, readSlack, type Said } from "./messages.ts";
import { type Verdict, verifyPagerDuty, verifySlack } from "./signatures.ts";

const MAX_BODY = "256kb";
/** PagerDuty tries again for hours; what happened longer ago is not believed. */
const PAGERDUTY_MS = 24 * 3_600_000;

export interface HooksDeps {
  deps: Deps;
  /** Signs PagerDuty's webhook. @default the webhook is refused */
  pagerDutySecret: string | undefined;
  /** Signs Slack's requests. @default they are refused */
  slackSecret: string | undefined;
  wake(): void;
}

/**
 * Acknowledgements by PagerDuty and Slack. Nothing of a body is read before its signature fits; what is too old and what was
 * taken before is refused.
 */
export function mountHooks(app: Express, { deps, pagerDutySecret, slackSecret, wake }: HooksDeps): void {
  const body = raw({ type: () => true, limit: MAX_BODY });
  const hook = (
    secret: string | undefined,
    verify: (secret: string, req: Request, body: Buffer) => Verdict,
    read: (req: Request, body: Buffer) => Said,
    answer: (incidents: number) => object,
  ): RequestHandler[] => [
    (_req, _res, next) => {
      if (secret === undefined) throw new Problem("not-found");
      next();
    },
    body,
    async (req, res) => {
      const bytes = Buffer.isBuffer(req.body) ? req.body : Buffer.alloc(0);
      const verdict = verify(secret ?? "", req, bytes);
      if (verdict !== "valid") throw refused(verdict);
      const said = read(req, bytes);
      if (Math.abs(deps.now().getTime() - said.at.getTime()) > PAGERDUTY_MS && said.id.startsWith("pagerduty:"))
        throw refused("expired");
      const incidents = await acknowledgeBy(deps.database, said.id, said.meant, said.by);
      if (!incidents) throw refused("taken");
      if (incidents.length > 0) deps.log.info({ incidents, by: said.by }, "incidents acknowledged");
      wake();
      res.json(answer(incidents.length));
    },
  ];
  app.post(
    "/incidents/hooks/pagerduty",
    ...hook(
      pagerDutySecret,
      (secret, req, bytes) => verifyPagerDuty(secret, req.get("x-pagerduty-signature") ?? "", bytes),
      (_req, bytes) => readPagerDuty(bytes),
      (acknowledged) => ({ acknowledged }),
    ),
  );
  app.post(
    "/incidents/hooks/slack",
    ...hook(
      slackSecret,
      (secret, req, bytes) => verifySlack(secret, slackHeaders(req), bytes, deps.now()),
      (req, bytes) => readSlack(bytes, slackHeaders(req).signature),
      (acknowledged) => ({
        response_type: "in_channel",
        replace_original: false,
        text:
          acknowledged > 0 ? `${acknowledged} incidents are acknowledged.` : "There is nothing left to acknowledge.",
      }),
    ),
  );
}

const slackHeaders = (req: Request) => ({
  signature: req.get("x-slack-signature") ?? "",
  time: req.get("x-slack-request-timestamp") ?? "",
});

const DETAILS = {
  invalid: "No secret of ours made this signature.",
  expired: "The message is too old, or from the future.",
  taken: "The message was taken before.",
} as const;

function refused(why: keyof typeof DETAILS): Problem {
  return new Problem(why === "invalid" ? "signature-invalid" : "signature-expired", { detail: DETAILS[why] });
}
