import { custom } from "./custom/tool.ts";
import { k6 } from "./k6/tool.ts";
import type { Tool } from "./tool.ts";

export const TOOLS: Readonly<Record<string, Tool>> = { custom, k6 };
