import { z } from "zod";
import { credentials, newAccount } from "../../auth/accounts.ts";
import { ROLES } from "../../model/roles.ts";
import { byId, id, operation, pageOf, paging } from "./operation.ts";

const user = z
  .strictObject({ id, email: z.string(), name: z.string(), role: z.enum(ROLES), createdAt: z.iso.datetime() })
  .meta({ id: "User" });

const tokens = z
  .strictObject({
    accessToken: z.string(),
    tokenType: z.literal("Bearer"),
    expiresIn: z.int().meta({ description: "Seconds." }),
    refreshToken: z.string().meta({ description: "Good once: refreshing gives the next." }),
  })
  .meta({ id: "Tokens" });

export const accounts = {
  register: operation({
    method: "post",
    path: "/api/v1/auth/register",
    tag: "accounts",
    summary: "Make an account",
    access: "visitor",
    body: newAccount,
    answers: { 201: { description: "The account.", schema: user } },
    problems: ["email-taken"],
  }),
  login: operation({
    method: "post",
    path: "/api/v1/auth/login",
    tag: "accounts",
    summary: "Sign in",
    access: "visitor",
    body: credentials,
    answers: { 201: { description: "A session.", schema: tokens } },
    problems: ["invalid-credentials", "sessions-unavailable"],
  }),
  refresh: operation({
    method: "post",
    path: "/api/v1/auth/refresh",
    tag: "accounts",
    summary: "Get a new access token",
    access: "visitor",
    body: z.strictObject({ refreshToken: z.string().min(1).max(200) }),
    answers: { 200: { description: "The session's next tokens.", schema: tokens } },
    problems: ["session-ended", "sessions-unavailable"],
  }),
  logout: operation({
    method: "post",
    path: "/api/v1/auth/logout",
    tag: "accounts",
    summary: "End the session",
    access: "user",
    answers: { 204: { description: "It is over, for its refresh token too." } },
    problems: ["sessions-unavailable"],
  }),
  listUsers: operation({
    method: "get",
    path: "/api/v1/admin/users",
    tag: "administration",
    summary: "List accounts, newest first",
    access: "user",
    needs: "users:manage",
    query: z.strictObject(paging),
    answers: { 200: { description: "A page.", schema: pageOf(user) } },
    problems: ["database-unavailable"],
  }),
  changeRole: operation({
    method: "post",
    path: "/api/v1/admin/users/{id}/role",
    tag: "administration",
    summary: "Give an account another role, which ends its sessions",
    access: "user",
    needs: "users:manage",
    params: byId,
    body: z.strictObject({ role: z.enum(ROLES) }),
    answers: { 200: { description: "The account.", schema: user } },
    problems: ["sessions-unavailable"],
  }),
};
