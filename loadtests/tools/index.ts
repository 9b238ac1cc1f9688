import { artillery } from "./artillery/tool.ts";
import { custom } from "./custom/tool.ts";
import { jmeter } from "./jmeter/tool.ts";
import { k6 } from "./k6/tool.ts";
import { locust } from "./locust/tool.ts";
import { playwright } from "./playwright/tool.ts";
import type { Tool } from "./tool.ts";

export const TOOLS: Readonly<Record<string, Tool>> = { artillery, custom, jmeter, k6, locust, playwright };
