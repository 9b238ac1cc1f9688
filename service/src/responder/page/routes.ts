import { type Express, type Response, Router, urlencoded } from "express";
import { readAutomation, switchAutomation } from "../../data/repositories/incident-attempts.ts";
import {
  attemptsOf,
  changePostMortem,
  eventsOf,
  findIncident,
  incidentsToFollowUp,
  listIncidents,
  moveByPerson,
} from "../../data/repositories/incidents.ts";
import { Problem } from "../../errors/problem.ts";
import { ACKNOWLEDGEABLE, type Incident } from "../../model/incidents.ts";
import type { Deps } from "../deps.ts";
import { closeFollowUp, openFollowUps } from "../follow-ups.ts";
import { playbookFor } from "../playbooks/index.ts";
import { Refused } from "../playbooks/playbook.ts";
import { PAGE_HEADERS, show } from "../sign-in/html.ts";
import { type PersonCheck, personOf, refuseForeign, requirePerson } from "../sign-in/person.ts";
import { followUpsPage, incidentPage, listPage, playbookPage, postMortemPage } from "./html.ts";

const LISTED = 100;
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
export interface PageDeps {
  deps: Deps;
  check: PersonCheck;
  wake(): void;
}

/** The pages for administrators, below /incidents. They work without JavaScript. */
export function mountPages(app: Express, options: PageDeps): void {
  const router = Router();
  router.use(urlencoded({ extended: false, limit: "256kb" }));
  router.use((req, _res, next) => {
    if (req.method === "POST") refuseForeign(req);
    next();
  });
  router.use(requirePerson(options.check));
  mountReading(router, options);
  mountActions(router, options);
  app.use("/incidents", router);
}

async function incidentOf({ database }: Deps, id: string): Promise<Incident> {
  const incident = ID.test(id) ? await findIncident(database.primary, id) : undefined;
  if (!incident) throw new Problem("not-found");
  return incident;
}

function mountReading(router: Router, { deps }: PageDeps): void {
  const { primary } = deps.database;
  router.get("/", async (_req, res) => {
    const [incidents, automation] = await Promise.all([listIncidents(primary, LISTED), readAutomation(primary)]);
    show(res, listPage(incidents, automation));
  });
  router.get("/follow-ups", async (_req, res) => {
    show(res, followUpsPage(openFollowUps(await incidentsToFollowUp(primary, LISTED))));
  });
  router.get("/:id", async (req, res) => {
    const incident = await incidentOf(deps, req.params.id);
    const [events, attempts] = await Promise.all([eventsOf(primary, incident.id), attemptsOf(primary, incident.id)]);
    show(res, incidentPage(incident, events, attempts, playbookFor(incident)));
  });
  router.get("/:id/playbook", async (req, res) => {
    const incident = await incidentOf(deps, req.params.id);
    const playbook = playbookFor(incident);
    if (!playbook) throw new Problem("not-found");
    const found = await playbook.find(deps, incident).catch((error: unknown) => {
      if (error instanceof Refused) return error.message;
      throw error;
    });
    show(res, playbookPage(incident, playbook, found));
  });
  router.get("/:id/post-mortem.md", async (req, res) => {
    const { postMortem } = await incidentOf(deps, req.params.id);
    if (postMortem === null) throw new Problem("not-found");
    res.set(PAGE_HEADERS).type("text/markdown; charset=utf-8").send(postMortem);
  });
  router.get("/:id/post-mortem", async (req, res) => {
    const incident = await incidentOf(deps, req.params.id);
    if (incident.postMortem === null) throw new Problem("not-found");
    show(res, postMortemPage(incident));
  });
}

function mountActions(router: Router, { deps, wake }: PageDeps): void {
  const { database, log } = deps;
  const person = (res: Response) => personOf.get(res)?.id ?? "unknown";
  const done = (res: Response, id: string, moved: boolean) => {
    if (!moved)
      throw new Problem("wrong-state", { detail: "The incident is not in a state in which this is possible." });
    wake();
    res.redirect(303, `/incidents/${id}`);
  };
  router.post("/automation", async (req, res) => {
    const { to, reason = "" } = (req.body ?? {}) as Record<string, string>;
    if (to !== "on" && to !== "off")
      throw new Problem("validation-failed", { detail: 'The field "to" must be on or off.' });
    await switchAutomation(database, to === "on", person(res), reason.slice(0, 200));
    log.warn({ to, by: person(res), reason }, "automation switched");
    res.redirect(303, "/incidents");
  });
  router.post("/:id/acknowledge", async (req, res) => {
    const { id } = await incidentOf(deps, req.params.id);
    const by = person(res);
    const change = {
      from: ACKNOWLEDGEABLE,
      to: "acknowledged" as const,
      set: ", acknowledged_at = coalesce(acknowledged_at, now()), acknowledged_by = $4",
      values: [by],
    };
    const event = { actor: by, kind: "acknowledged", message: "A person has it." };
    done(res, id, await moveByPerson(database, id, change, event));
  });
  router.post("/:id/playbook", async (req, res) => {
    const incident = await incidentOf(deps, req.params.id);
    const playbook = playbookFor(incident);
    if (!playbook) throw new Problem("not-found");
    const change = { from: ["review", "acknowledged"] as const, to: "remediating" as const, set: ", progress = '{}'" };
    const event = { actor: person(res), kind: "by-hand", message: `A person has ${playbook.name} run.` };
    done(res, incident.id, await moveByPerson(database, incident.id, change, event));
  });
  router.post("/:id/post-mortem", async (req, res) => {
    const { id } = await incidentOf(deps, req.params.id);
    const { text = "" } = (req.body ?? {}) as Record<string, string>;
    if (text.trim() === "") throw new Problem("validation-failed", { detail: "The post-mortem is empty." });
    const event = { actor: person(res), kind: "post-mortem", message: "The post-mortem was edited." };
    if (!(await changePostMortem(database, id, () => text, event))) throw new Problem("wrong-state");
    res.redirect(303, `/incidents/${id}/post-mortem`);
  });
  router.post("/:id/follow-ups", async (req, res) => {
    const { id } = await incidentOf(deps, req.params.id);
    const { line = "", text = "" } = (req.body ?? {}) as Record<string, string>;
    const by = person(res);
    const close = (markdown: string) => closeFollowUp(markdown, { line: Number(line), text }, by, deps.now());
    const event = { actor: by, kind: "follow-up", message: `A follow-up is closed: ${text.slice(0, 200)}` };
    if (!(await changePostMortem(database, id, close, event)))
      throw new Problem("wrong-state", { detail: "There is no such follow-up that is open: read the list anew." });
    res.redirect(303, "/incidents/follow-ups");
  });
}
