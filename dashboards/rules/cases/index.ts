import { APPLICATION } from "./application.ts";
import { BASIC } from "./basic.ts";
import { CACHES } from "./caches.ts";
import type { Case } from "./case.ts";
import { FORECASTS } from "./forecasts.ts";
import { OBJECTIVES } from "./objectives.ts";
import { PLATFORM } from "./platform.ts";
import { REAL_USERS } from "./real-users.ts";
import { SECURITY } from "./security.ts";
import { USUAL } from "./usual.ts";

/** Every rule, on both sides of its limit. */
export const CASES: readonly Case[] = [
  ...BASIC,
  ...APPLICATION,
  ...PLATFORM,
  ...CACHES,
  ...FORECASTS,
  ...OBJECTIVES,
  ...USUAL,
  ...SECURITY,
  ...REAL_USERS,
];
