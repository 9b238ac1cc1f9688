import { z } from "zod";
import { GROUP_STATUSES } from "../../data/repositories/error-groups.ts";
import { CLASSES } from "../../errors/kinds.ts";
import { operation, pageOf, paging } from "./operation.ts";

const fingerprint = z
  .string()
  .regex(/^[0-9a-f]{32}$/)
  .meta({ description: "32 hexadecimal digits: the same for the same error in every process and release." });

const errorGroup = z
  .strictObject({
    fingerprint,
    status: z.enum(GROUP_STATUSES).meta({ description: "`regressed`: came again in a release newer than its end." }),
    class: z.enum(CLASSES),
    code: z.string().meta({ description: "The problem's code; /problems/{code} explains it." }),
    summary: z.string().meta({ description: "Kinds and messages of the error and its causes, without their data." }),
    frames: z.array(z.string()).meta({ description: "Where a bug came from; empty for what is not one." }),
    count: z.int(),
    firstSeen: z.iso.datetime(),
    lastSeen: z.iso.datetime(),
    firstRelease: z.string(),
    lastRelease: z.string(),
    lastProcess: z.string(),
    sampleTraceId: z.string().nullable().meta({ description: "A trace that was kept, of a late occurrence." }),
    sampleRequestId: z.string().nullable(),
    resolvedAt: z.iso.datetime().nullable(),
    regressedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: "ErrorGroup" });

const PATH = "/api/v1/admin/errors";
const one = z.strictObject({ fingerprint });

export const errors = {
  listErrors: operation({
    method: "get",
    path: PATH,
    tag: "administration",
    summary: "List the errors that occurred, by group, last seen first",
    access: "user",
    needs: "errors:manage",
    query: z.strictObject({
      status: z.enum(GROUP_STATUSES).optional(),
      class: z.enum(CLASSES).optional(),
      ...paging,
    }),
    answers: { 200: { description: "A page.", schema: pageOf(errorGroup) } },
  }),
  getError: operation({
    method: "get",
    path: `${PATH}/{fingerprint}`,
    tag: "administration",
    summary: "Read one group of errors",
    access: "user",
    needs: "errors:manage",
    params: one,
    answers: { 200: { description: "The group.", schema: errorGroup } },
  }),
  resolveError: operation({
    method: "post",
    path: `${PATH}/{fingerprint}/resolve`,
    tag: "administration",
    summary: "Say that an error is mended; a newer release that shows it again reopens it",
    access: "user",
    needs: "errors:manage",
    params: one,
    answers: { 200: { description: "The group.", schema: errorGroup } },
  }),
};
