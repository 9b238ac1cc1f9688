import { serve } from "../serve.ts";
import { randomPlugin } from "./plugin.ts";

await serve(() => randomPlugin);
