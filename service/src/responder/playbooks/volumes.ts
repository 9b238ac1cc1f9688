import type { Target } from "../../model/incidents.ts";
import { alertsOf } from "../../model/remedies.ts";
import { messageOf } from "../../observability/message.ts";
import { AnswerError } from "../sources/http.ts";
import type { Kubernetes } from "../sources/kubernetes.ts";
import { type Playbook, Refused } from "./playbook.ts";

/** Most members that any tier has. */
const MEMBERS = 5;
const CLAIMS = Array.from({ length: MEMBERS }, (_, n) => `data-postgres-${n}`);
/** By so much a step. */
const GROWTH = 1.5;

const present = async (kubernetes: Kubernetes) =>
  (await Promise.all(CLAIMS.map((name) => kubernetes.claim(name)))).filter((claim) => claim !== undefined);

/**
 * The API server alone knows whether the volumes' class can grow; it is asked without effect.
 * @throws Refused where it says no
 */
async function ask(kubernetes: Kubernetes, name: string, gi: number): Promise<void> {
  try {
    await kubernetes.growClaim(name, gi, { dryRun: true });
  } catch (error) {
    const refused = error instanceof AnswerError && [403, 422].includes(error.status);
    if (refused) throw new Refused(`the API server does not let ${name} grow: ${messageOf(error)}`);
    throw error;
  }
}

/**
 * The claims of a StatefulSet's members, never its template, which the API server does not let change. All members get the
 * same size, since each may become the primary (docs/decisions/0026-claims-of-members.md).
 */
export const expandVolume: Playbook = {
  name: "expand-volume",
  does: "Expands the volumes of PostgreSQL's members by half, all to one size, within the tier's maximum and where their storage class can grow; none becomes smaller again.",
  alerts: alertsOf("expand-volume"),
  cooldownSeconds: 900,
  maxTries: 2,
  most: MEMBERS,
  unit: "claims",
  async find({ kubernetes, settings }) {
    const claims = await present(kubernetes);
    const most = settings.volumeMostGi.postgres ?? 0;
    const largest = Math.max(...claims.map(({ askedGi }) => askedGi));
    if (claims.length > 0 && largest >= most) throw new Refused(`the volumes have the tier's maximum of ${most} GiB`);
    const to = Math.min(most, Math.ceil(largest * GROWTH));
    const targets: Target[] = claims.map(({ name, askedGi }) => ({ id: name, about: { fromGi: askedGi, toGi: to } }));
    for (const { id } of targets) await ask(kubernetes, id, to);
    return targets;
  },
  async act({ kubernetes }, { id, about }) {
    const claim = await kubernetes.claim(id);
    if (claim?.askedGi !== about.fromGi) return `claim ${id} has another size by now: nothing was changed`;
    await kubernetes.growClaim(id, Number(about.toGi), { dryRun: false });
    return `claim ${id} grows from ${about.fromGi} to ${about.toGi} GiB; set volumeGi to it, so that the next pulumi up agrees`;
  },
  async holds({ kubernetes }, targets) {
    const claims = await present(kubernetes);
    return targets.every(({ id, about }) =>
      claims.some(({ name, askedGi }) => name === id && askedGi >= Number(about.toGi)),
    );
  },
};
