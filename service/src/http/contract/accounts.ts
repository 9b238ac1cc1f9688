import { z } from "zod";
import { forgotten, passwordChange, passwordReset } from "../../auth/account-changes.ts";
import { credentials, newAccount } from "../../auth/accounts.ts";
import { ROLES } from "../../model/roles.ts";
import { byId, id, operation, pageOf, paging } from "./operation.ts";

const user = z
  .strictObject({
    id,
    email: z.string(),
    name: z.string(),
    role: z.enum(ROLES),
    disabled: z.boolean().meta({ description: "It cannot sign in." }),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: "User" });

const tokens = z
  .strictObject({
    accessToken: z.string(),
    tokenType: z.literal("Bearer"),
    expiresIn: z.int().meta({ description: "Seconds." }),
    refreshToken: z
      .string()
      .meta({ description: "Good once: refreshing gives the next, and for a minute the same next." }),
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
    problems: ["invalid-credentials", "account-disabled", "sessions-unavailable"],
  }),
  refresh: operation({
    method: "post",
    path: "/api/v1/auth/refresh",
    tag: "accounts",
    summary: "Get a new access token",
    access: "visitor",
    body: z.strictObject({ refreshToken: z.string().min(1).max(200) }),
    answers: { 200: { description: "The session's next tokens.", schema: tokens } },
    problems: ["session-ended", "sessions-unavailable", "database-unavailable"],
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
  logoutEverywhere: operation({
    method: "post",
    path: "/api/v1/auth/logout-everywhere",
    tag: "accounts",
    summary: "End all of one's own sessions",
    access: "user",
    answers: { 204: { description: "All are over." } },
    problems: ["sessions-unavailable"],
  }),
  changePassword: operation({
    method: "post",
    path: "/api/v1/auth/password",
    tag: "accounts",
    summary: "Change one's own password, which ends all of one's sessions",
    access: "user",
    body: passwordChange,
    answers: { 204: { description: "The new password counts." } },
    problems: ["invalid-credentials", "not-found", "sessions-unavailable"],
  }),
  forgetPassword: operation({
    method: "post",
    path: "/api/v1/auth/password/forgotten",
    tag: "accounts",
    summary: "Ask for a mail with a token for a new password",
    access: "visitor",
    body: forgotten,
    answers: { 202: { description: "A mail is sent, if there is an account with this address." } },
    problems: ["mail-unavailable"],
  }),
  resetPassword: operation({
    method: "post",
    path: "/api/v1/auth/password/reset",
    tag: "accounts",
    summary: "Set a new password by the token of a mail, which ends all sessions of the account",
    access: "visitor",
    body: passwordReset,
    answers: { 204: { description: "The new password counts." } },
    problems: ["reset-token-invalid", "sessions-unavailable"],
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
    problems: ["last-admin", "sessions-unavailable"],
  }),
  disableUser: operation({
    method: "post",
    path: "/api/v1/admin/users/{id}/disable",
    tag: "administration",
    summary: "Keep an account from signing in, and end its sessions",
    access: "user",
    needs: "users:manage",
    params: byId,
    answers: { 200: { description: "The account.", schema: user } },
    problems: ["last-admin", "sessions-unavailable"],
  }),
  enableUser: operation({
    method: "post",
    path: "/api/v1/admin/users/{id}/enable",
    tag: "administration",
    summary: "Let a disabled account sign in again",
    access: "user",
    needs: "users:manage",
    params: byId,
    answers: { 200: { description: "The account.", schema: user } },
    problems: ["sessions-unavailable"],
  }),
  logoutUser: operation({
    method: "post",
    path: "/api/v1/admin/users/{id}/logout",
    tag: "administration",
    summary: "End all sessions of an account",
    access: "user",
    needs: "users:manage",
    params: byId,
    answers: { 204: { description: "All are over." } },
    problems: ["sessions-unavailable"],
  }),
};
