import { browse } from "./browse.ts";
import { documentation } from "./documentation.ts";
import type { Journey } from "./journey.ts";
import { request } from "./request.ts";

/** What people do with the application; weights are of sessions. */
export const JOURNEYS: readonly Journey[] = [browse, request, documentation];
